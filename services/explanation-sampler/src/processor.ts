/** What the sampler reads and writes, and how records become events. */
import type { LogRecord } from '@weir/event-log/port';
import { decode } from '@weir/events/codec';
import type {
  CommandIssued,
  ModelVersionRegistered,
  OutcomeObserved,
  PolicySet,
  ReferenceSet,
} from '@weir/events/generated/events';
import { PredictionReader, type Row } from '@weir/events/prediction-reader';
import { valueOf, wrongEvent } from '@weir/service-kit/expected-event';
import type { KeyedEvent, Processor } from '@weir/service-kit/processor';
import { SAMPLER_DEFAULTS, type SamplerConfig } from './config.ts';
import { samplerKernel } from './kernel.ts';
import { STATE_VERSION } from './saved-state.ts';
import type { ModelState } from './state.ts';

type WholeEvent = KeyedEvent &
  (
    | { readonly name: 'ModelVersionRegistered'; readonly event: ModelVersionRegistered }
    | { readonly name: 'PolicySet'; readonly event: PolicySet }
    | { readonly name: 'ReferenceSet'; readonly event: ReferenceSet }
    | { readonly name: 'CommandIssued'; readonly event: CommandIssued }
    | { readonly name: 'OutcomeObserved'; readonly event: OutcomeObserved }
  );
/** Its numbers at hand, the rest in the record's bytes: most predictions are only drawn, or not. */
export type PredictionRow = Row & { readonly name: 'PredictionLogged'; readonly value: Uint8Array };
export type SamplerEvent = WholeEvent | PredictionRow;
export type SamplerProcessor = Processor<SamplerConfig, ModelState, SamplerEvent>;

/** Identifies the kernel; a change that can alter an output changes it. */
export const BUILD = 'explanation-sampler/1';

const WHOLE: readonly {
  readonly topic: string;
  readonly role: 'control' | 'data';
  readonly name: WholeEvent['name'];
}[] = [
  { topic: 'models', role: 'control', name: 'ModelVersionRegistered' },
  { topic: 'references', role: 'control', name: 'ReferenceSet' },
  { topic: 'commands', role: 'control', name: 'CommandIssued' },
  { topic: 'outcomes', role: 'data', name: 'OutcomeObserved' },
];

export function createSamplerProcessor(): SamplerProcessor {
  // The rows of one slice: emptied before its first decode, so nothing of it outlives a step.
  const reader = new PredictionReader();
  return {
    service: 'explanation-sampler',
    inputs: [
      ...WHOLE.map(({ topic, role, name }) => ({
        topic,
        role,
        decode: (record: LogRecord) => wholeEvent(topic, name, record),
      })),
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
  const value = valueOf('predictions', 'PredictionLogged', record);
  const row = reader.read(value);
  if (row?.name === 'PredictionLogged') return { ...row, name: 'PredictionLogged', value };
  throw wrongEvent(row?.name ?? decode(value).name, 'predictions', 'PredictionLogged');
}

function wholeEvent(topic: string, expected: WholeEvent['name'], record: LogRecord): WholeEvent {
  const { name, event } = decode(valueOf(topic, expected, record));
  // Policies of a model lie on its topic, and are for others.
  if (name !== expected && !(name === 'PolicySet' && topic === 'models')) throw wrongEvent(name, topic, expected);
  const whole = event as WholeEvent['event'];
  const eventTimeMs = 'issuedMs' in whole ? whole.issuedMs : whole.eventTimeMs;
  return { key: whole.model, eventTimeMs, name, event } as WholeEvent;
}
