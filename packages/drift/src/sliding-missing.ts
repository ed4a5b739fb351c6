import { onsetOf } from './onset.ts';

/**
 * How many of the last W values were missing. Only missing values are kept, so that a column without any costs nothing.
 * Positions count the column's values, present and missing, from 1. `push` and `advance` alone forget what has left the window: what it holds
 * is a function of the positions given to them, and reading it at any position changes nothing.
 */
export class SlidingMissing {
  /** W. */
  readonly capacity: number;
  #positions: number[] = [];
  #times: number[] = [];
  #head = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  /** A missing value came. Amortised O(1). */
  push(position: number, eventTimeMs: number): void {
    this.advance(position);
    this.#positions.push(position);
    this.#times.push(eventTimeMs);
  }

  /** A value came, present or missing: what is no more among the W up to it is forgotten. `position` never goes back. Amortised O(1). */
  advance(position: number): void {
    const first = position - this.capacity;
    while (this.#head < this.#positions.length && (this.#positions[this.#head] as number) <= first) this.#head += 1;
    if (this.#head > 1_024 && this.#head * 2 > this.#positions.length) {
      this.#positions = this.#positions.slice(this.#head);
      this.#times = this.#times.slice(this.#head);
      this.#head = 0;
    }
  }

  /** Missing values among the W up to `position`, which is not before the last one given. O(1) there, O(log missing) beyond it. */
  countAt(position: number): number {
    return this.#positions.length - this.#firstAt(position);
  }

  /** Event time of the oldest missing value among the W up to `position`, ms; undefined when there is none. As `countAt`. */
  oldestMsAt(position: number): number | undefined {
    return this.#times[this.#firstAt(position)];
  }

  /** `oldestMsAt` the position that was given last. */
  get oldestMs(): number | undefined {
    return this.#times[this.#head];
  }

  /** Event time of the missing value from which on the share most probably was too high, ms; undefined when none counts. O(missing). */
  onsetMs(position: number, expectedShare: number): number | undefined {
    const first = this.#firstAt(position);
    const positions = this.#positions.slice(first);
    if (positions.length === 0) return undefined;
    const weightAt = (index: number): number => (positions[index + 1] ?? position + 1) - (positions[index] as number);
    const onset = onsetOf(positions.length, (index) => 1 - expectedShare * weightAt(index), weightAt);
    return this.#times[first + onset];
  }

  /** Positions and event times of what counted at the position that was given last, oldest first. */
  entries(): { readonly positions: Float64Array; readonly times: Float64Array } {
    return {
      positions: Float64Array.from(this.#positions.slice(this.#head)),
      times: Float64Array.from(this.#times.slice(this.#head)),
    };
  }

  /** Index of the oldest that is among the W up to `position`. */
  #firstAt(position: number): number {
    const last = position - this.capacity;
    const positions = this.#positions;
    let from = this.#head;
    let to = positions.length;
    if (from === to || (positions[from] as number) > last) return from;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if ((positions[middle] as number) <= last) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}
