/** What the detector reads and writes, and how records become events. */
import { PredictionReader, type Row } from '@weir/events/prediction-reader';
import { eventInput, type ModelEvent, rowInput } from '@weir/service-kit/model-inputs';
import type { Processor } from '@weir/service-kit/processor';
import { ANOMALY_DEFAULTS, type AnomalyConfig } from './config.ts';
import { anomalyKernel } from './kernel.ts';
import { STATE_VERSION } from './saved-state.ts';
import type { ModelState } from './state.ts';

/** Control events keep their whole content. */
export type ControlEvent = ModelEvent<'ModelVersionRegistered' | 'PolicySet' | 'ReferenceSet' | 'CommandIssued'>;
/** What a data topic carries is a row. */
export type AnomalyEvent = ControlEvent | Row;
export type AnomalyProcessor = Processor<AnomalyConfig, ModelState, AnomalyEvent>;

/** Identifies the kernel; a change that can alter an output changes it. */
export const BUILD = 'anomaly-detector/6';

export function createAnomalyProcessor(): AnomalyProcessor {
  // The rows of one slice: emptied before its first decode, so nothing of it outlives a step.
  const reader = new PredictionReader({ texts: true });
  return {
    service: 'anomaly-detector',
    inputs: [
      eventInput('models', 'control', 'ModelVersionRegistered', 'PolicySet'),
      eventInput('references', 'control', 'ReferenceSet'),
      eventInput('commands', 'control', 'CommandIssued'),
      rowInput('features', 'FeaturesLogged', reader),
      rowInput('predictions', 'PredictionLogged', reader),
    ],
    outputs: ['alerts', 'quarantine'],
    build: BUILD,
    stateVersion: STATE_VERSION,
    configOf: (recorded) => ({ ...ANOMALY_DEFAULTS, ...(recorded as Partial<AnomalyConfig>) }),
    kernel: (config) => anomalyKernel(config, reader),
    beginSlice: () => reader.reset(),
  };
}
