/**
 * Which input a task takes from next. Control inputs are read to their end before data, in their order; data inputs are merged by arrival,
 * the record that the log has had longest first. Whatever order came of it is in the journal, so waiting here changes no result's meaning.
 */
import type { InputCursor, Slice } from './input-cursor.ts';

/** An input that is behind is waited for this long, ms. */
const WAIT_MS = 200;
/** Records of one input that arrived within this time of another's are taken in one slice, ms: an order finer than clocks is none. */
const SAME_TIME_MS = 100;

export interface Choice {
  readonly cursor: InputCursor;
  readonly slice: Slice;
  /** Control inputs that could still bring what the slice needs. */
  readonly before: readonly InputCursor[];
}

export class InputMerge {
  readonly #control: readonly InputCursor[];
  readonly #data: readonly InputCursor[];
  readonly #monotonic: () => number;
  #waitingSinceMs: number | undefined;

  constructor(control: readonly InputCursor[], data: readonly InputCursor[], monotonic: () => number) {
    this.#control = control;
    this.#data = data;
    this.#monotonic = monotonic;
  }

  /** Undefined when nothing is at hand, or something that must come first is on its way. */
  next(max: number): Choice | undefined {
    for (const [rank, cursor] of this.#control.entries()) {
      const slice = cursor.peek(max);
      if (slice !== undefined) return { cursor, slice, before: this.#control.slice(0, rank) };
      if (cursor.lag !== 0n) return undefined;
    }
    return this.#nextData(max);
  }

  #nextData(max: number): Choice | undefined {
    let first: InputCursor | undefined;
    let othersMs = Number.POSITIVE_INFINITY;
    let isBehind = false;
    for (const cursor of this.#data) {
      const headMs = cursor.headTimestampMs;
      if (headMs === undefined) {
        isBehind ||= cursor.available === 0 && cursor.lag !== 0n;
        continue;
      }
      const firstMs = first?.headTimestampMs ?? Number.POSITIVE_INFINITY;
      if (headMs < firstMs) {
        othersMs = Math.min(othersMs, firstMs);
        first = cursor;
      } else othersMs = Math.min(othersMs, headMs);
    }
    if (first === undefined) {
      // An error of a stream is thrown by looking at it.
      for (const cursor of this.#data) cursor.peek(max);
      return undefined;
    }
    if (isBehind && this.#isWorthWaiting()) return undefined;
    if (!isBehind) this.#waitingSinceMs = undefined;
    const slice = first.peek(max, othersMs + SAME_TIME_MS);
    return slice === undefined ? undefined : { cursor: first, slice, before: this.#control };
  }

  #isWorthWaiting(): boolean {
    const nowMs = this.#monotonic();
    this.#waitingSinceMs ??= nowMs;
    return nowMs - this.#waitingSinceMs < WAIT_MS;
  }
}
