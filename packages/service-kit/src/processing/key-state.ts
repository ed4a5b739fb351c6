/** What the kit keeps of one key: the kernel's state, how far each data input has come, and when it wants to be called. */
import { createHash } from 'node:crypto';
import type { Kernel, KeyedEvent, Lateness } from '../processor.ts';
import { decodeState, encodeState } from '../state-codec.ts';
import type { Due } from './timer-queue.ts';
import { createWatermark, type Watermark, watermarkMs } from './watermark.ts';

export interface KeyState<State> extends Due {
  readonly key: string;
  readonly state: State;
  /** By data input that has carried an event of the key. */
  readonly watermarks: Map<string, Watermark>;
}

export function newKeyState<State>(
  key: string,
  state: State,
  watermarks: Map<string, Watermark> = new Map(),
): KeyState<State> {
  return { key, state, watermarks, dueMs: Number.POSITIVE_INFINITY };
}

export function watermarkOf<State>({ watermarks }: KeyState<State>, topic: string): Watermark {
  let watermark = watermarks.get(topic);
  if (watermark === undefined) {
    watermark = createWatermark();
    watermarks.set(topic, watermark);
  }
  return watermark;
}

/** The input that is furthest behind decides; an input that never carried an event of the key does not count. */
export function keyWatermarkMs<State>({ watermarks }: KeyState<State>, lateness: Lateness): number {
  let least = Number.POSITIVE_INFINITY;
  for (const watermark of watermarks.values()) least = Math.min(least, watermarkMs(watermark, lateness));
  return least === Number.POSITIVE_INFINITY ? Number.NEGATIVE_INFINITY : least;
}

interface Head {
  /** topic, newest event time, clock of the last event, time granted while idle. */
  readonly watermarks: readonly (readonly [string, number, number | null, number])[];
}

/** Reads the state and changes nothing. */
export function saveKey<State, Event extends KeyedEvent>(
  { state, watermarks }: KeyState<State>,
  kernel: Kernel<State, Event>,
): Buffer {
  // Topics in one order whatever came first: a state has one form.
  const sorted = [...watermarks].sort(([a], [b]) => (a < b ? -1 : 1));
  const head: Head = {
    watermarks: sorted.map(([topic, { maxEventTimeMs, activeAtMs, idleAdvanceMs }]) => [
      topic,
      maxEventTimeMs,
      Number.isFinite(activeAtMs) ? activeAtMs : null,
      idleAdvanceMs,
    ]),
  };
  return encodeState(head, [kernel.save(state)]);
}

/** @throws what `kernel.load` throws, or when the bytes are torn. */
export function loadKey<State, Event extends KeyedEvent>(
  key: string,
  bytes: Uint8Array,
  stateVersion: number,
  kernel: Kernel<State, Event>,
): KeyState<State> {
  const { head, part } = decodeState<Head>(bytes);
  const watermarks = head.watermarks.map(
    ([topic, maxEventTimeMs, activeAtMs, idleAdvanceMs]): [string, Watermark] => [
      topic,
      { maxEventTimeMs, activeAtMs: activeAtMs ?? Number.NEGATIVE_INFINITY, idleAdvanceMs },
    ],
  );
  return newKeyState(key, kernel.load(key, new Uint8Array(part(0)), stateVersion), new Map(watermarks));
}

export function digestOf(key: string, bytes: Uint8Array): Buffer {
  return createHash('sha256').update(`${key.length}:${key}`).update(bytes).digest();
}
