/** What the sampler reads and writes, and how records become events. */
import type { LogRecord } from '@weir/event-log/port';
import { PredictionReader, type Row } from '@weir/events/prediction-reader';
import { eventInput, type ModelEvent, rowOf } from '@weir/service-kit/model-inputs';
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
export const BUILD = 'explanation-sampler/3';

export function createSamplerProcessor(): SamplerProcessor {
  // The rows of one slice: emptied before its first decode, so nothing of it outlives a step.
  const reader = new PredictionReader();
  return {
    service: 'explanation-sampler',
    inputs: [
      eventInput('models', 'control', 'ModelVersionRegistered', 'PolicySet'),
      eventInput('references', 'control', 'ReferenceSet'),
      eventInput('commands', 'control', 'CommandIssued'),
      eventInput('outcomes', 'data', 'OutcomeObserved'),
      { topic: 'predictions', role: 'data', decode: (record) => predictionRow(record, reader) },
    ],
    outputs: ['explanations', 'alerts'],
    build: BUILD,
    stateVersion: STATE_VERSION,
    configOf: (recorded) => ({ ...SAMPLER_DEFAULTS, ...(recorded as Partial<SamplerConfig>) }),
    kernel: (config) => samplerKernel(config, reader),
    beginSlice: () => reader.reset(),
  };
}

function predictionRow(record: LogRecord, reader: PredictionReader): PredictionRow {
  const row = rowOf('predictions', 'PredictionLogged', record, reader);
  return { ...row, value: record.value as Uint8Array };
}
