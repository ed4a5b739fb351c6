/** What the detector reads and writes, and how records become events. */
import type { LogRecord } from '@weir/event-log/port';
import { decode } from '@weir/events/codec';
import type { CommandIssued, ModelVersionRegistered, PolicySet, ReferenceSet } from '@weir/events/generated/events';
import { PredictionReader, type Row } from '@weir/events/prediction-reader';
import { valueOf, wrongEvent } from '@weir/service-kit/expected-event';
import type { KeyedEvent, Processor } from '@weir/service-kit/processor';
import { ANOMALY_DEFAULTS, type AnomalyConfig } from './config.ts';
import { anomalyKernel } from './kernel.ts';
import { STATE_VERSION } from './saved-state.ts';
import type { ModelState } from './state.ts';

/** Control events keep their whole content. */
export type ControlEvent = KeyedEvent &
  (
    | { readonly name: 'ModelVersionRegistered'; readonly event: ModelVersionRegistered }
    | { readonly name: 'ReferenceSet'; readonly event: ReferenceSet }
    | { readonly name: 'CommandIssued'; readonly event: CommandIssued }
    | { readonly name: 'PolicySet'; readonly event: PolicySet }
  );
/** What a data topic carries is a row. */
export type AnomalyEvent = ControlEvent | Row;
export type AnomalyProcessor = Processor<AnomalyConfig, ModelState, AnomalyEvent>;

const CONTROL = { models: 'ModelVersionRegistered', references: 'ReferenceSet', commands: 'CommandIssued' } as const;
const DATA = { features: 'FeaturesLogged', predictions: 'PredictionLogged' } as const;

/** Identifies the kernel; a change that can alter an output changes it. */
export const BUILD = 'anomaly-detector/1';

export function createAnomalyProcessor(): AnomalyProcessor {
  // The rows of one slice: emptied before its first decode, so nothing of it outlives a step.
  const reader = new PredictionReader({ texts: true });
  return {
    service: 'anomaly-detector',
    inputs: [
      ...Object.entries(CONTROL).map(([topic, expected]) => ({
        topic,
        role: 'control' as const,
        decode: (record: LogRecord) => controlEvent(topic, expected, record),
      })),
      ...Object.entries(DATA).map(([topic, expected]) => ({
        topic,
        role: 'data' as const,
        decode: (record: LogRecord) => row(topic, expected, record, reader),
      })),
    ],
    outputs: ['alerts'],
    build: BUILD,
    stateVersion: STATE_VERSION,
    configOf: (recorded) => ({ ...ANOMALY_DEFAULTS, ...(recorded as Partial<AnomalyConfig>) }),
    kernel: (config) => anomalyKernel(config, reader),
    beginSlice: () => reader.reset(),
  };
}

function row(topic: string, expected: Row['name'], record: LogRecord, reader: PredictionReader): Row {
  const value = valueOf(topic, expected, record);
  const found = reader.read(value);
  if (found?.name === expected) return found;
  throw wrongEvent(found?.name ?? decode(value).name, topic, expected);
}

function controlEvent(topic: string, expected: ControlEvent['name'], record: LogRecord): ControlEvent {
  const { name, event } = decode(valueOf(topic, expected, record));
  // Policies of a model lie on its topic, and are for others.
  if (name !== expected && !(name === 'PolicySet' && topic === 'models')) throw wrongEvent(name, topic, expected);
  const control = event as ControlEvent['event'];
  const eventTimeMs = 'issuedMs' in control ? control.issuedMs : control.eventTimeMs;
  return { key: control.model, eventTimeMs, name, event } as ControlEvent;
}
