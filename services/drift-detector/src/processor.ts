/** What the detector reads and writes, and how records become events. */
import { PredictionReader, type Row } from '@weir/events/prediction-reader';
import { eventInput, type ModelEvent, rowInput } from '@weir/service-kit/model-inputs';
import type { Processor } from '@weir/service-kit/processor';
import { DRIFT_DEFAULTS, type DriftConfig } from './config.ts';
import { driftKernel } from './kernel.ts';
import { STATE_VERSION } from './saved-state.ts';
import type { ModelState } from './state.ts';
import { unpackVersion4 } from './version4.ts';

/** Control events keep their whole content. */
export type ControlEvent = ModelEvent<'ModelVersionRegistered' | 'PolicySet' | 'ReferenceSet' | 'CommandIssued'>;
export type OutcomeEvent = ModelEvent<'OutcomeObserved'>;
/** What a data topic carries is a row. */
export type DriftEvent = ControlEvent | OutcomeEvent | Row;
export type DriftProcessor = Processor<DriftConfig, ModelState, DriftEvent>;

/** Identifies the kernel; a change that can alter an output changes it. */
export const BUILD = 'drift-detector/9';

export function createDriftProcessor(): DriftProcessor {
  // The rows of one slice: emptied before its first decode, so nothing of it outlives a step.
  const reader = new PredictionReader();
  return {
    service: 'drift-detector',
    inputs: [
      eventInput('models', 'control', 'ModelVersionRegistered', 'PolicySet'),
      eventInput('references', 'control', 'ReferenceSet'),
      eventInput('commands', 'control', 'CommandIssued'),
      rowInput('features', 'FeaturesLogged', reader),
      rowInput('predictions', 'PredictionLogged', reader),
      eventInput('outcomes', 'data', 'OutcomeObserved'),
    ],
    outputs: ['alerts'],
    build: BUILD,
    stateVersion: STATE_VERSION,
    configOf: (recorded) => ({ ...DRIFT_DEFAULTS, ...(recorded as Partial<DriftConfig>) }),
    kernel: (config) => driftKernel(config, reader),
    beginSlice: () => reader.reset(),
    unpack: unpackVersion4,
  };
}
