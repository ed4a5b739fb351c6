/**
 * What the order of a stream's values tells and counted values do not: how often a value repeats itself, how many differ among 512, how
 * far quantiles move from one window to the next but one.
 */

import { MIN_VALUES, WINDOW } from '../sequential/column-windows.ts';
import { DISTINCT_WINDOW, hashText } from '../sequential/distinct-rate.ts';
import { distanceLimit, type Grid, gridDistance, gridFrom } from '../sequential/grid-distance.ts';
import { WindowQuantiles } from '../sequential/window-quantiles.ts';
import type { StateReader } from '../state/state-reader.ts';
import type { StateWriter } from '../state/state-writer.ts';
import type { QualityEvent } from './event.ts';
import type { NumericProfile } from './profile.ts';
import type { CategoricalOrder, NumericOrder } from './reference-profile.ts';

interface TextOrder {
  /** Hashes of the window that is being filled. */
  readonly seen: Set<number>;
  filled: number;
  sum: number;
  windows: number;
}

const LAST = 0;
const RUN = 1;
const PAIRS = 2;
const REPEATS = 3;
const LONGEST = 4;
const MOVE = 5;
const WINDOWS = 6;
const STRAYS = 7;
const FIELDS = 8;
/** Probability with which a window of independent values of the reference would stray from it. */
const STRAY_LEVEL = 1e-6;

/** Adds clean events one by one. O(columns) per event; 2 KB a column. */
export class SerialProfile {
  readonly #numbers: Float64Array;
  readonly #texts: readonly TextOrder[];
  /** Column by column, the window's present values. */
  readonly #values: Float64Array;
  readonly #counts: Uint16Array;
  readonly #quantiles: WindowQuantiles;
  readonly #grids: readonly Grid[];
  #events = 0;

  /** @param profiles of the numeric columns' references, of which the distribution function is used; @param categorical columns */
  constructor(profiles: readonly Pick<NumericProfile, 'grid' | 'present' | 'infinite'>[], categorical: number) {
    const numeric = profiles.length;
    this.#grids = profiles.map(gridFrom);
    this.#numbers = new Float64Array(numeric * FIELDS);
    for (let at = 0; at < this.#numbers.length; at += FIELDS) {
      this.#numbers[at + LAST] = Number.NaN;
      this.#numbers[at + MOVE] = Number.NaN;
    }
    this.#values = new Float64Array(numeric * WINDOW);
    this.#counts = new Uint16Array(numeric);
    this.#quantiles = new WindowQuantiles(numeric);
    this.#texts = Array.from({ length: categorical }, () => ({ seen: new Set(), filled: 0, sum: 0, windows: 0 }));
  }

  add({ numeric, categorical }: Pick<QualityEvent, 'numeric' | 'categorical'>): void {
    const numbers = this.#numbers;
    for (let column = 0; column * FIELDS < numbers.length; column += 1) {
      const value = numeric[column] as number;
      if (Number.isNaN(value)) continue;
      const count = this.#counts[column] as number;
      this.#values[column * WINDOW + count] = value;
      this.#counts[column] = count + 1;
      const at = column * FIELDS;
      const isFirst = Number.isNaN(numbers[at + LAST]);
      const repeats = value === numbers[at + LAST];
      numbers[at + LAST] = value;
      numbers[at + RUN] = repeats ? (numbers[at + RUN] as number) + 1 : 1;
      if (!isFirst) numbers[at + PAIRS] = (numbers[at + PAIRS] as number) + 1;
      if (repeats) numbers[at + REPEATS] = (numbers[at + REPEATS] as number) + 1;
      numbers[at + LONGEST] = Math.max(numbers[at + LONGEST] as number, numbers[at + RUN] as number);
    }
    for (let column = 0; column < this.#texts.length; column += 1) {
      const value = categorical[column] ?? null;
      const order = this.#texts[column] as TextOrder;
      if (value === null) continue;
      order.seen.add(hashText(value));
      order.filled += 1;
      if (order.filled < DISTINCT_WINDOW) continue;
      order.sum += order.seen.size;
      order.windows += 1;
      order.filled = 0;
      order.seen.clear();
    }
    this.#events += 1;
    if (this.#events % WINDOW === 0) this.#endWindow();
  }

  #endWindow(): void {
    this.#quantiles.next();
    for (const [column, count] of this.#counts.entries()) {
      if (count < MIN_VALUES) continue;
      const window = this.#values.subarray(column * WINDOW, column * WINDOW + count).sort();
      this.#quantiles.set(column, window, 0);
      const move = this.#quantiles.move(column);
      const at = column * FIELDS;
      const numbers = this.#numbers;
      if (!Number.isNaN(move) && !(move <= (numbers[at + MOVE] as number))) numbers[at + MOVE] = move;
      const grid = this.#grids[column] as Grid;
      const strays = gridDistance(grid, window, count, 1, 0) > distanceLimit(count, grid.size, STRAY_LEVEL);
      numbers[at + WINDOWS] = (numbers[at + WINDOWS] as number) + 1;
      if (strays) numbers[at + STRAYS] = (numbers[at + STRAYS] as number) + 1;
    }
    this.#counts.fill(0);
  }

  numeric(column: number): NumericOrder {
    const at = column * FIELDS;
    const [pairs = 0, repeats = 0, longestRun = 0, move = Number.NaN, windows = 0, strays = 0] = this.#numbers.subarray(
      at + PAIRS,
      at + FIELDS,
    );
    const known = Number.isNaN(move) ? {} : { move, strayShare: strays / windows };
    return { pairs, repeats, longestRun, ...known };
  }

  categorical(column: number): CategoricalOrder {
    const { sum, windows } = this.#texts[column] as TextOrder;
    return { windowDistinct: windows === 0 ? 0 : sum / windows, windows };
  }

  write(writer: StateWriter): void {
    writer.numbers(this.#numbers);
    writer.f64(this.#events);
    writer.numbers(this.#counts);
    this.#quantiles.write(writer);
    for (const [column, count] of this.#counts.entries())
      writer.numbers(this.#values.subarray(column * WINDOW, column * WINDOW + count));
    for (const { seen, filled, sum, windows } of this.#texts) {
      for (const value of [filled, sum, windows]) writer.f64(value);
      writer.u32(seen.size);
      writer.numbers(Uint32Array.from(seen));
    }
  }

  read(reader: StateReader): void {
    reader.numbers(this.#numbers);
    this.#events = reader.f64();
    reader.numbers(this.#counts);
    this.#quantiles.read(reader);
    for (const [column, count] of this.#counts.entries()) {
      if (count >= WINDOW) throw reader.refusal(`keeps ${count} values of a column; a window has ${WINDOW}`);
      reader.numbers(this.#values.subarray(column * WINDOW, column * WINDOW + count));
    }
    for (const order of this.#texts) {
      [order.filled, order.sum, order.windows] = [reader.f64(), reader.f64(), reader.f64()];
      const size = reader.u32();
      if (size > DISTINCT_WINDOW) throw reader.refusal(`keeps ${size} of ${DISTINCT_WINDOW} hashes of a window`);
      const hashes = new Uint32Array(size);
      reader.numbers(hashes);
      order.seen.clear();
      for (const hash of hashes) order.seen.add(hash);
    }
  }
}
