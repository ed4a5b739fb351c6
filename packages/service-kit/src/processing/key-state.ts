/** What the kit keeps of one key: the kernel's state, how far each data input has come, and when it wants to be called. */
import { createHash } from 'node:crypto';
import type { Kernel, KeyedEvent, Lateness } from '../processor.ts';
import { decodeState, encodeState } from '../state-codec.ts';
import type { Due } from './timer-queue.ts';
import { createWatermark, observeIdle, type Watermark, watermarkMs } from './watermark.ts';

/** When a key wants to be called: all that a queue of timers needs of it. */
export interface KeyDue extends Due {
  readonly key: string;
}

export interface KeyState<State> {
  readonly key: string;
  readonly state: State;
  readonly due: KeyDue;
  /** Estimate of what it takes in memory, when that was last made; 0 before. */
  memoryBytes: number;
  /** By data input that has carried an event of the key. */
  readonly watermarks: Map<string, Watermark>;
}

export function newKeyState<State>(
  key: string,
  state: State,
  watermarks: Map<string, Watermark> = new Map(),
): KeyState<State> {
  return { key, state, watermarks, due: { key, dueMs: Number.POSITIVE_INFINITY }, memoryBytes: 0 };
}

/** The watermark that an event of a data input moves. The first one of a key also sets up those of the inputs that are joined with it. */
export function watermarkOf<State>(
  { watermarks }: KeyState<State>,
  topic: string,
  joins: readonly string[],
  clockMs: number,
): Watermark {
  const known = watermarks.get(topic);
  if (known !== undefined) return known;
  if (watermarks.size === 0)
    for (const joined of joins) watermarks.set(joined, { ...createWatermark(), activeAtMs: clockMs });
  const watermark = watermarks.get(topic) ?? createWatermark();
  watermarks.set(topic, watermark);
  return watermark;
}

/** The clock has moved without events: inputs that were idle long enough advance; one that never carried an event starts where the others are. */
export function grantIdleTime<State>({ watermarks }: KeyState<State>, clockMs: number, lateness: Lateness): void {
  for (const watermark of watermarks.values()) {
    observeIdle(watermark, clockMs, lateness);
    if (Number.isFinite(watermark.maxEventTimeMs) || clockMs - watermark.activeAtMs < lateness.idleAfterMs) continue;
    const started = [...watermarks.values()].filter(({ maxEventTimeMs }) => Number.isFinite(maxEventTimeMs));
    if (started.length > 0)
      watermark.maxEventTimeMs = Math.min(...started.map((each) => each.maxEventTimeMs + each.idleAdvanceMs));
  }
}

/** The input that is furthest behind decides; an input that never carried an event of the key does not count. */
export function keyWatermarkMs<State>({ watermarks }: KeyState<State>, lateness: Lateness): number {
  let least = Number.POSITIVE_INFINITY;
  for (const watermark of watermarks.values()) least = Math.min(least, watermarkMs(watermark, lateness));
  return least === Number.POSITIVE_INFINITY ? Number.NEGATIVE_INFINITY : least;
}

interface Head {
  /** topic, newest event time, clock of the last event, time granted while idle. */
  readonly watermarks: readonly (readonly [string, number | null, number | null, number])[];
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
      Number.isFinite(maxEventTimeMs) ? maxEventTimeMs : null,
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
  const watermarks = head.watermarks.map(([topic, maxEventTimeMs, activeAtMs, idleAdvanceMs]): [string, Watermark] => [
    topic,
    {
      maxEventTimeMs: maxEventTimeMs ?? Number.NEGATIVE_INFINITY,
      activeAtMs: activeAtMs ?? Number.NEGATIVE_INFINITY,
      idleAdvanceMs,
    },
  ]);
  return newKeyState(key, kernel.load(key, new Uint8Array(part(0)), stateVersion), new Map(watermarks));
}

export function digestOf(key: string, bytes: Uint8Array): Buffer {
  return createHash('sha256').update(`${key.length}:${key}`).update(bytes).digest();
}
