/** What the detector reads and writes, and how records become events. */
import type { LogRecord } from '@weir/event-log/port';
import { decode } from '@weir/events/codec';
import type { CommandIssued, ModelVersionRegistered, PolicySet, ReferenceSet } from '@weir/events/generated/events';
import { PredictionReader, type Row } from '@weir/events/prediction-reader';
import { valueOf, wrongEvent } from '@weir/service-kit/expected-event';
import type { KeyedEvent, Processor } from '@weir/service-kit/processor';
import { DRIFT_DEFAULTS, type DriftConfig } from './config.ts';
import { driftKernel } from './kernel.ts';
import { STATE_VERSION } from './saved-state.ts';
import type { ModelState } from './state.ts';
import { unpackVersion4 } from './version4.ts';

/** Control events keep their whole content. */
export type ControlEvent = KeyedEvent &
  (
    | { readonly name: 'ModelVersionRegistered'; readonly event: ModelVersionRegistered }
    | { readonly name: 'ReferenceSet'; readonly event: ReferenceSet }
    | { readonly name: 'CommandIssued'; readonly event: CommandIssued }
    | { readonly name: 'PolicySet'; readonly event: PolicySet }
  );
/** What a data topic carries is a row. */
export type DriftEvent = ControlEvent | Row;
export type DriftProcessor = Processor<DriftConfig, ModelState, DriftEvent>;

const CONTROL = { models: 'ModelVersionRegistered', references: 'ReferenceSet', commands: 'CommandIssued' } as const;
const DATA = { features: 'FeaturesLogged', predictions: 'PredictionLogged' } as const;

/** Identifies the kernel; a change that can alter an output changes it. */
export const BUILD = 'drift-detector/7';

export function createDriftProcessor(): DriftProcessor {
  // The rows of one slice: emptied before its first decode, so nothing of it outlives a step.
  const reader = new PredictionReader();
  return {
    service: 'drift-detector',
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
    configOf: (recorded) => ({ ...DRIFT_DEFAULTS, ...(recorded as Partial<DriftConfig>) }),
    kernel: (config) => driftKernel(config, reader),
    beginSlice: () => reader.reset(),
    unpack: unpackVersion4,
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
