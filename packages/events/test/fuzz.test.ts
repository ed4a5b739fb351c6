/** Damaged records of every kind never crash a reader, and never make it allocate more than in proportion to their bytes. */
import { expect, test } from 'vitest';
import { decode, type EventName, encode } from '../src/codec.ts';
import { EventError } from '../src/errors.ts';
import { ID_BYTES, MAX_EVENT_TIME_MS, NAME_BYTES } from '../src/limits.ts';
import { PredictionReader } from '../src/prediction-reader.ts';
import { writeVarint } from '../src/varint.ts';
import { SAMPLES } from './samples.ts';

const RECORDS = 100_000;
let state = 20_261_130;
/** Whole numbers below `end` from a seeded xorshift: Marsaglia (2003). */
function below(end: number): number {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % end;
}

const originals = (Object.keys(SAMPLES) as EventName[]).map((name) => encode(name, SAMPLES[name] as never));
/** Lengths, counts and times as an attacker would announce them. */
const HOSTILE = [2 ** 40, -(2 ** 40), 2 ** 31, 9e15, -9e15, -1, 513, 65_536, Number.MIN_SAFE_INTEGER].map(writeVarint);

function damaged(): Buffer {
  let record: Buffer = Buffer.from(originals[below(originals.length)] as Buffer);
  for (let damage = below(3); damage >= 0; damage -= 1) {
    const at = 5 + below(Math.max(1, record.length - 5));
    const kind = below(6);
    if (kind === 0) record[at] = below(256);
    else if (kind === 1) record[at] = (record[at] as number) ^ (1 << below(8));
    else if (kind === 2) record = record.subarray(0, at);
    else if (kind === 3) record = splice(record, at, HOSTILE[below(HOSTILE.length)] as Buffer);
    else {
      // A text with its length, half of them where the first one stands.
      const text = Buffer.alloc(below(3_000), below(256));
      record = splice(record, kind === 4 ? at : 5, Buffer.concat([writeVarint(text.length), text]));
    }
  }
  return record;
}

function splice(record: Buffer, at: number, inserted: Buffer): Buffer {
  return Buffer.concat([record.subarray(0, at), inserted, record.subarray(at + below(3))]);
}

/** Values, items and code units of what was decoded. */
function weightOf(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (value instanceof Uint8Array) return value.length;
  if (typeof value !== 'object' || value === null) return 1;
  return Object.entries(value).reduce((sum, [key, each]) => sum + key.length + weightOf(each), 1);
}

/** What is wrong with an event that was accepted, if anything. */
function excess(event: object, bytes: number): string | undefined {
  // Names of fields are in what is weighed, and not in the bytes.
  if (weightOf(event) > 16 * bytes + 2_000) return `${weightOf(event)} from ${bytes} bytes`;
  const { model = '', id = '', eventTimeMs = 0 } = event as { model?: string; id?: string; eventTimeMs?: number };
  // A byte that is no UTF-8 becomes U+FFFD, which has three.
  if (Buffer.byteLength(model) > 3 * NAME_BYTES) return 'a model beyond its bound';
  if (Buffer.byteLength(id) > 3 * ID_BYTES) return 'an id beyond its bound';
  return Math.abs(eventTimeMs) <= MAX_EVENT_TIME_MS ? undefined : `event time ${eventTimeMs}`;
}

/** What a reader makes of a record; anything but an EventError passes through. */
function outcomeOf(read: () => object | undefined): {
  readonly event?: object | undefined;
  readonly error?: EventError;
} {
  try {
    return { event: read() };
  } catch (error) {
    if (error instanceof EventError) return { error };
    throw error;
  }
}

test('100,000 damaged records give an event within its bounds or an EventError', () => {
  const reader = new PredictionReader();
  const firstRoom = reader.values.length;
  const outcomes = new Map<string, number>();
  const faults: string[] = [];
  for (let index = 0; index < RECORDS; index += 1) {
    const record = damaged();
    reader.reset();
    const { event, error } = outcomeOf(() => decode(record).event);
    const read = outcomeOf(() => reader.read(record));
    const fault = event === undefined ? undefined : excess(event, record.length);
    if (fault !== undefined) faults.push(fault);
    if (read.error?.message !== error?.message) faults.push(`${String(read.error)} is not ${String(error)}`);
    const outcome = error?.code ?? 'decoded';
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  expect(faults).toEqual([]);
  // No record holds as many numbers: the buffer for them has not grown.
  expect(reader.values.length).toBe(firstRoom);
  const seen = ['decoded', 'UNDECODABLE', 'OUT_OF_BOUNDS'].map((outcome) => outcomes.get(outcome) ?? 0);
  expect(Math.min(...seen)).toBeGreaterThan(1_000);
});
