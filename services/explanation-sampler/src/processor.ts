/** What the sampler reads and writes, and how records become events. */
import { PredictionReader, type Row } from '@weir/events/prediction-reader';
import { type ModelEvent, modelInput, rowInput } from '@weir/service-kit/model-input';
import type { Processor } from '@weir/service-kit/processor';
import { SAMPLER_DEFAULTS, type SamplerConfig } from './config.ts';
import { samplerKernel } from './kernel.ts';
import { STATE_VERSION } from './saved-state.ts';
import type { ModelState } from './state.ts';

type WholeEvent = ModelEvent<
  'ModelVersionRegistered' | 'PolicySet' | 'ReferenceSet' | 'CommandIssued' | 'OutcomeObserved'
>;
/** Its numbers at hand, the rest in the record's bytes: most predictions are only drawn, or not. */
export type PredictionRow = Row & { readonly name: 'PredictionLogged'; readonly value: Uint8Array };
export type SamplerEvent = WholeEvent | PredictionRow;
export type SamplerProcessor = Processor<SamplerConfig, ModelState, SamplerEvent>;

/** Identifies the kernel; a change that can alter an output changes it. */
export const BUILD = 'explanation-sampler/2';

export function createSamplerProcessor(): SamplerProcessor {
  // The rows of one slice: emptied before its first decode, so nothing of it outlives a step.
  const reader = new PredictionReader();
  return {
    service: 'explanation-sampler',
    inputs: [
      // Policies of a model lie on its topic, and are for others.
      modelInput('control', 'models', 'ModelVersionRegistered', 'PolicySet'),
      modelInput('control', 'references', 'ReferenceSet'),
      modelInput('control', 'commands', 'CommandIssued'),
      modelInput('data', 'outcomes', 'OutcomeObserved'),
      rowInput('predictions', 'PredictionLogged', reader, (row, value) => ({
        ...row,
        name: 'PredictionLogged',
        value,
      })),
    ],
    outputs: ['explanations', 'alerts'],
    build: BUILD,
    stateVersion: STATE_VERSION,
    configOf: (recorded) => ({ ...SAMPLER_DEFAULTS, ...(recorded as Partial<SamplerConfig>) }),
    kernel: (config) => samplerKernel(config, reader),
    beginSlice: () => reader.reset(),
  };
}
