/** What the service reads and writes. Its order is that of the topic over all models, so one key stands for a whole partition. */
import type { LogRecord } from '@weir/event-log/port';
import { decode } from '@weir/events/codec';
import type { Record as EntryRecord } from '@weir/ledger/admission';
import type { Kind } from '@weir/ledger/entry';
import { BadRecord } from '@weir/service-kit/fates';
import type { KeyedEvent, Processor } from '@weir/service-kit/processor';
import { LOG_DEFAULTS } from './config.ts';
import { logKernel } from './kernel.ts';
import type { LogConfig } from './log-trust.ts';
import { STATE_VERSION } from './saved-state.ts';
import type { LogState } from './state.ts';

export interface EntryEvent extends KeyedEvent {
  readonly record: EntryRecord;
}

export const SERVICE = 'governance-log';
export const TOPIC = 'governance-log';
/** Identifies the kernel; a change that can alter an output changes it. */
export const BUILD = 'governance-log/3';
const KEY = 'log';

export function createLogProcessor(): Processor<LogConfig, LogState, EntryEvent> {
  return {
    service: SERVICE,
    inputs: [{ topic: TOPIC, role: 'data', decode: entryEvent }],
    outputs: ['governance-checkpoints', 'alerts'],
    build: BUILD,
    stateVersion: STATE_VERSION,
    configOf: (recorded) => ({ ...LOG_DEFAULTS, ...(recorded as Partial<LogConfig>) }),
    kernel: logKernel,
    isKeyless: true,
  };
}

/** @throws {BadRecord} */
export function entryEvent({ value }: LogRecord): EntryEvent {
  if (value === null)
    throw new BadRecord('TOMBSTONE', `a record of ${TOPIC} has no value; nothing of the log is ever deleted`);
  const { name, event } = decode(value);
  if (name !== 'GovernanceEntry')
    throw new BadRecord(
      'WRONG_EVENT',
      `a ${name} came in on ${TOPIC}, which carries GovernanceEntry; send it to its own topic`,
    );
  const { model, seq, owner, kind, entry: bytes } = event;
  const routing = { model, seq, owner, kind: kind as Kind };
  // No event time: what is a leaf must not depend on a clock, so that every reader of the topic computes the same tree.
  return { key: KEY, eventTimeMs: Number.NEGATIVE_INFINITY, record: { bytes, routing } };
}
