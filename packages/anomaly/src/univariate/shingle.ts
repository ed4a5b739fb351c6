import { checkWhole } from '../anomaly-error.ts';
import type { StateReader } from '../state/state-reader.ts';
import type { StateWriter } from '../state/state-writer.ts';

/**
 * The last s rows as one row of s·d values, oldest first, so that a forest sees the course of a metric and not its value alone.
 * Rows that have not come yet are NaN, which the forest takes as missing. Allocates nothing. O(s·d).
 */
export class Shingle {
  /** The shingle after the last `push`, valid until the next. */
  readonly values: Float64Array;
  readonly #dimensions: number;

  /** @param size s, 1 to 512; @param dimensions d, 1 to 4,096. @throws {AnomalyError} BAD_SETTING. */
  constructor(size: number, dimensions: number) {
    checkWhole('shingle size', size, 1, 512);
    checkWhole('dimensions', dimensions, 1, 4_096);
    this.#dimensions = dimensions;
    this.values = new Float64Array(size * dimensions).fill(Number.NaN);
  }

  push(row: ArrayLike<number>): Float64Array {
    const from = this.values.length - this.#dimensions;
    this.values.copyWithin(0, this.#dimensions);
    for (let i = 0; i < this.#dimensions; i += 1) this.values[from + i] = row[i] as number;
    return this.values;
  }

  write(writer: StateWriter): void {
    writer.numbers(this.values);
  }

  read(reader: StateReader): void {
    reader.numbers(this.values);
  }
}
