/**
 * The journal is the commit. One record per transaction says which inputs were processed, in which order, and what came out;
 * where a task stands is its last committed journal record.
 */
import { createHash, type Hash } from 'node:crypto';
import type { LogRecord, NewRecord } from '@weir/event-log/port';
import { decode, encode } from '@weir/events/codec';
import type { JournalEntry, JournalStep } from '@weir/events/generated/events';
import { BadRecord } from '../fates.ts';
import type { Output } from '../processor.ts';

/** `count` records of a topic were folded; afterwards the position was `nextOffset`. */
export function segment(topic: string, count: number, nextOffset: bigint): JournalStep {
  return { topic, count, nextOffset: Number(nextOffset), tickMs: null };
}

/** The clock was shown to the fold. */
export function tick(tickMs: number): JournalStep {
  return { topic: null, count: 0, nextOffset: 0, tickMs };
}

/** Name of a task in snapshots, fences and logs. */
export function taskName(prefix: string, service: string, partition: number): string {
  return `${prefix}${service}-${partition}`;
}

export function journalRecord(topic: string, partition: number, entry: JournalEntry): NewRecord {
  return {
    topic,
    partition,
    key: null,
    value: encode('JournalEntry', entry),
    timestampMs: entry.processingTimeMs,
  };
}

export function readJournalRecord(topic: string, partition: number, record: LogRecord): JournalEntry {
  const where = `${topic}[${partition}]@${record.offset}`;
  if (record.value === null)
    throw new BadRecord('JOURNAL_TORN', `${where} is a tombstone; a journal is only ever appended to`);
  const decoded = decode(record.value);
  if (decoded.name !== 'JournalEntry') {
    throw new BadRecord(
      'JOURNAL_TORN',
      `${where} holds a ${decoded.name}; only JournalEntry records belong in a journal`,
    );
  }
  return decoded.event;
}

const EMPTY = new Uint8Array(0);

/** Running SHA-256 over outputs in the order they leave: id, topic and bytes. */
export class OutputsDigest {
  #hash: Hash | undefined;
  count = 0;

  add(output: Output): void {
    this.#hash ??= createHash('sha256');
    const { topic, key, id, value } = output;
    this.#hash.update(`${topic}\n${key}\n${id}\n${value?.length ?? 'tombstone'}\n`).update(value ?? EMPTY);
    this.count += 1;
  }

  /** Null when nothing came out: most entries. */
  value(): Buffer | null {
    return this.#hash?.digest() ?? null;
  }
}
