import { onsetOf } from './onset.ts';

/**
 * How many of the last W values were missing. Only missing values are kept, so that a column without any costs nothing.
 * Positions count the column's values, present and missing, from 1.
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
    this.#positions.push(position);
    this.#times.push(eventTimeMs);
    this.#expire(position);
  }

  /** Missing values among the W up to `position`, which never goes back. Amortised O(1). */
  countAt(position: number): number {
    this.#expire(position);
    return this.#positions.length - this.#head;
  }

  /** Event time of the oldest missing value that counts, ms; undefined when none does. */
  get oldestMs(): number | undefined {
    return this.#times[this.#head];
  }

  /** Event time of the missing value from which on the share most probably was too high, ms; undefined when none counts. O(missing). */
  onsetMs(position: number, expectedShare: number): number | undefined {
    const positions = this.#positions.slice(this.#head);
    if (positions.length === 0) return undefined;
    const weightAt = (index: number): number => (positions[index + 1] ?? position + 1) - (positions[index] as number);
    const onset = onsetOf(positions.length, (index) => 1 - expectedShare * weightAt(index), weightAt);
    return this.#times[this.#head + onset];
  }

  /** Positions and event times of what counts, oldest first. */
  entries(): { readonly positions: Float64Array; readonly times: Float64Array } {
    return {
      positions: Float64Array.from(this.#positions.slice(this.#head)),
      times: Float64Array.from(this.#times.slice(this.#head)),
    };
  }

  #expire(position: number): void {
    const first = position - this.capacity;
    while (this.#head < this.#positions.length && (this.#positions[this.#head] as number) <= first) this.#head += 1;
    if (this.#head > 1_024 && this.#head * 2 > this.#positions.length) {
      this.#positions = this.#positions.slice(this.#head);
      this.#times = this.#times.slice(this.#head);
      this.#head = 0;
    }
  }
}
