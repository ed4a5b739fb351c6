import { WindowQuantiles } from './window-quantiles.ts';

/** Events of a window. */
export const WINDOW = 256;
/** Present values below which a column of a window is not judged. */
export const MIN_VALUES = 100;

/** The window that is being filled, column by column, and the quantiles of those before it. 2.2 KB a column. */
export class ColumnWindows {
  /** Present values; NaN is not kept. */
  readonly values: Float64Array;
  readonly counts: Uint16Array;
  /** Last present value, and the largest difference of two in succession within the window. */
  readonly last: Float64Array;
  readonly steps: Float64Array;
  readonly quantiles: WindowQuantiles;

  constructor(columns: number) {
    this.values = new Float64Array(columns * WINDOW);
    this.counts = new Uint16Array(columns);
    this.last = new Float64Array(columns).fill(Number.NaN);
    this.steps = new Float64Array(columns);
    this.quantiles = new WindowQuantiles(columns);
  }

  add(row: ArrayLike<number>): void {
    for (let column = 0; column < this.counts.length; column += 1) {
      const value = row[column] as number;
      if (Number.isNaN(value)) continue;
      const count = this.counts[column] as number;
      this.values[column * WINDOW + count] = value;
      this.counts[column] = count + 1;
      const step = Math.abs(value - (this.last[column] as number));
      if (step > (this.steps[column] as number)) this.steps[column] = step;
      this.last[column] = value;
    }
  }

  /** Ends the window. Its values by column, ascending, valid until the next `add`. */
  end(): readonly Float64Array[] {
    const sorted = Array.from(this.counts, (count, column) =>
      this.values.subarray(column * WINDOW, column * WINDOW + count).sort(),
    );
    this.quantiles.next();
    for (const [column, window] of sorted.entries())
      if (window.length >= MIN_VALUES) this.quantiles.set(column, window, this.steps[column] as number);
    this.steps.fill(0);
    this.counts.fill(0);
    return sorted;
  }
}
