/** What the order of a stream's values tells and counted values do not: how often a value repeats itself, and how many differ among 512. */
import { DISTINCT_WINDOW, hashText } from '../sequential/distinct-rate.ts';
import type { StateReader } from '../state/state-reader.ts';
import type { StateWriter } from '../state/state-writer.ts';
import type { QualityEvent } from './event.ts';
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
const FIELDS = 5;

/** Adds clean events one by one. O(columns) per event; 40 bytes a numeric column, 2 KB a categorical one. */
export class SerialProfile {
  readonly #numbers: Float64Array;
  readonly #texts: readonly TextOrder[];

  constructor(numeric: number, categorical: number) {
    this.#numbers = new Float64Array(numeric * FIELDS);
    for (let at = LAST; at < this.#numbers.length; at += FIELDS) this.#numbers[at] = Number.NaN;
    this.#texts = Array.from({ length: categorical }, () => ({ seen: new Set(), filled: 0, sum: 0, windows: 0 }));
  }

  add({ numeric, categorical }: Pick<QualityEvent, 'numeric' | 'categorical'>): void {
    const numbers = this.#numbers;
    for (let column = 0; column * FIELDS < numbers.length; column += 1) {
      const value = numeric[column] as number;
      if (Number.isNaN(value)) continue;
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
  }

  numeric(column: number): NumericOrder {
    const at = column * FIELDS;
    const [pairs = 0, repeats = 0, longestRun = 0] = this.#numbers.subarray(at + PAIRS, at + FIELDS);
    return { pairs, repeats, longestRun };
  }

  categorical(column: number): CategoricalOrder {
    const { sum, windows } = this.#texts[column] as TextOrder;
    return { windowDistinct: windows === 0 ? 0 : sum / windows, windows };
  }

  write(writer: StateWriter): void {
    writer.numbers(this.#numbers);
    for (const { seen, filled, sum, windows } of this.#texts) {
      for (const value of [filled, sum, windows]) writer.f64(value);
      writer.u32(seen.size);
      writer.numbers(Uint32Array.from(seen));
    }
  }

  read(reader: StateReader): void {
    reader.numbers(this.#numbers);
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
