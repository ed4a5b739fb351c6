/** A sorted column of n values: a value's normal score by its rank, and back. 4 bytes a value. */
export class SortedColumn {
  readonly #values: Float32Array;

  /** @param values in any order, NaN left out */
  constructor(values: Float32Array) {
    this.#values = values.filter((value) => !Number.isNaN(value)).sort();
  }

  get size(): number {
    return this.#values.length;
  }

  /** Normal score of the middle rank among equal values, finite also outside of the column; NaN for NaN. O(log n). */
  score(value: number): number {
    if (value !== value) return Number.NaN;
    const below = this.#rank(value, false);
    const upTo = this.#values[below] === value ? this.#rank(value, true) : below;
    return normalQuantile((below + upTo + 1) / (2 * this.size + 2));
  }

  /** The value at a normal score. */
  at(score: number): number {
    const place = Math.round(normalShare(score) * (this.size + 1)) - 1;
    return this.#values[Math.max(0, Math.min(this.size - 1, place))] as number;
  }

  #rank(value: number, after: boolean): number {
    const values = this.#values;
    let [low, high] = [0, values.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const each = values[middle] as number;
      if (each < value || (after && each === value)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Tukey's lambda law, within 0.01 of the normal quantile between 1 and 99 %: exact enough for scores, and one line each way. */
const LAMBDA = 0.14;
const SCALE = 4.91;

function normalQuantile(share: number): number {
  return SCALE * (share ** LAMBDA - (1 - share) ** LAMBDA);
}

/** The inverse, by bisection. */
function normalShare(score: number): number {
  let [low, high] = [0, 1];
  for (let i = 0; i < 40; i += 1) {
    const middle = (low + high) / 2;
    if (normalQuantile(middle) < score) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
