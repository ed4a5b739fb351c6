import type { StateReader } from '../state/state-reader.ts';
import type { StateWriter } from '../state/state-writer.ts';

/** Shares of the quantiles of a window: its middle eight tenths, which single values do not move. */
const SHARES = [0.1, 0.25, 0.5, 0.75, 0.9] as const;
/** Windows that are kept: the one that ended and the two before it. */
const KEPT = 3;

/**
 * Quantiles of the last windows of each column. A change that begins within a window leaves the next one wholly changed and the one
 * before wholly unchanged, so a window is compared with the last but one. 120 bytes a column.
 */
export class WindowQuantiles {
  readonly #columns: number;
  /** By window from the newest, by column, by share; NaN where a window had too few values. */
  readonly #quantiles: Float64Array;
  /** By window from the newest, by column: largest difference of two values in succession. */
  readonly #steps: Float64Array;

  constructor(columns: number) {
    this.#columns = columns;
    this.#quantiles = new Float64Array(KEPT * columns * SHARES.length).fill(Number.NaN);
    this.#steps = new Float64Array((KEPT - 1) * columns);
  }

  /** Makes room for the windows that end now; `set` fills it. */
  next(): void {
    const size = this.#columns * SHARES.length;
    this.#quantiles.copyWithin(size, 0, (KEPT - 1) * size);
    this.#quantiles.fill(Number.NaN, 0, size);
    this.#steps.copyWithin(this.#columns, 0, (KEPT - 2) * this.#columns);
    this.#steps.fill(0, 0, this.#columns);
  }

  /** @param sorted values of the column's window, ascending and not empty; @param step largest difference of two in succession */
  set(column: number, sorted: Float64Array, step: number): void {
    this.#steps[column] = step;
    for (const [i, share] of SHARES.entries())
      this.#quantiles[column * SHARES.length + i] = sorted[Math.floor(share * (sorted.length - 1))] as number;
  }

  /**
   * Farthest that a quantile of the newest window of `column` lies from that of the last but one of `from`, after the latter was carried
   * over by value·factor + offset, in the unit before; NaN where one of the two is not known.
   */
  move(column: number, from: number = column, factor = 1, offset = 0): number {
    const now = column * SHARES.length;
    const before = ((KEPT - 1) * this.#columns + from) * SHARES.length;
    let farthest = 0;
    for (let i = 0; i < SHARES.length; i += 1) {
      const expected = (this.#quantiles[before + i] as number) * factor + offset;
      const distance = Math.abs((this.#quantiles[now + i] as number) - expected) / factor;
      if (!(distance <= farthest)) farthest = distance;
    }
    return farthest;
  }

  /** Largest difference of two values in succession since the last but one window. */
  step(column: number): number {
    let largest = 0;
    for (let at = column; at < this.#steps.length; at += this.#columns)
      largest = Math.max(largest, this.#steps[at] as number);
    return largest;
  }

  write(writer: StateWriter): void {
    writer.numbers(this.#quantiles);
    writer.numbers(this.#steps);
  }

  read(reader: StateReader): void {
    reader.numbers(this.#quantiles);
    reader.numbers(this.#steps);
  }
}
