/** Mean of −ln min(P(X ≤ x), P(X ≥ x)) for x of the law itself, continuous: 1 + ln 2. */
export const MEAN_TAIL: number = 1 + Math.LN2;

const PRODUCT = 0;
const SUM = 1;
/** A product of probabilities is taken to its logarithm before it underflows. */
const TINY = 1e-280;

/**
 * Sorted columns of a reservoir, kept sorted as rows come and go, and how far in the tails of its columns a point lies.
 * Exact at any time, and nothing of it has to be saved: it follows from the rows. 4 bytes per value.
 * Source: empirical tail probabilities per feature as in Li et al. (2022), ECOD.
 */
export class FeatureTails {
  /** Rows at most. */
  readonly capacity: number;
  /** Column by column, ascending, its first `#sizes[column]` elements; missing values are left out. */
  readonly #columns: Float32Array;
  readonly #sizes: Uint32Array;
  /** The value that is searched for: a double that is an argument is one on the heap. */
  readonly #probe = new Float64Array(1);
  readonly #sums = new Float64Array(2);

  constructor(dimensions: number, capacity: number) {
    this.capacity = capacity;
    this.#columns = new Float32Array(dimensions * capacity);
    this.#sizes = new Uint32Array(dimensions);
  }

  get bytes(): number {
    return this.#columns.byteLength + this.#sizes.byteLength;
  }

  /**
   * To into[0] the mean over the present features of −ln min(P(X ≤ x), P(X ≥ x)), probabilities as (count + 1)/(rows + 1). `MEAN_TAIL` is usual; it is
   * also the value without any present feature. O(d · log rows).
   */
  meanInto(point: Float64Array, into: Float64Array): void {
    const sums = this.#sums;
    sums[PRODUCT] = 1;
    sums[SUM] = 0;
    let present = 0;
    for (let feature = 0; feature < this.#sizes.length; feature += 1) {
      const size = this.#sizes[feature] as number;
      if (size === 0 || Number.isNaN(point[feature])) continue;
      this.#probe[0] = point[feature] as number;
      const first = feature * this.capacity;
      const place = this.#rank(first, size);
      // Equal values belong to both tails; they are searched for only where there are some.
      const isTied = place < first + size && this.#columns[place] === this.#probe[0];
      const upTo = (isTied ? this.#rankAfter(first, size) : place) - first;
      const tail = Math.min(upTo, size - (place - first)) + 1;
      present += 1;
      sums[PRODUCT] = ((sums[PRODUCT] as number) * tail) / (size + 1);
      if ((sums[PRODUCT] as number) > TINY) continue;
      sums[SUM] = (sums[SUM] as number) - Math.log(sums[PRODUCT] as number);
      sums[PRODUCT] = 1;
    }
    into[0] = present === 0 ? MEAN_TAIL : ((sums[SUM] as number) - Math.log(sums[PRODUCT] as number)) / present;
  }

  /** −ln of the smaller tail of a value in its column, positive above the median and negative below; 0 when it is missing. O(log rows). */
  signedTail(feature: number, value: number): number {
    const size = this.#sizes[feature] as number;
    if (value !== value || size === 0) return 0;
    const first = feature * this.capacity;
    this.#probe[0] = value;
    const below = this.#rank(first, size) - first;
    const upTo = this.#rankAfter(first, size) - first;
    const tail = -Math.log((Math.min(upTo, size - below) + 1) / (size + 1));
    return upTo > size - below ? tail : -tail;
  }

  /** The point's values join their columns. O(d · (log rows + rows moved)). */
  add(point: Float64Array): void {
    const columns = this.#columns;
    for (let feature = 0; feature < this.#sizes.length; feature += 1) {
      const value = point[feature] as number;
      if (value !== value) continue;
      const size = this.#sizes[feature] as number;
      const first = feature * this.capacity;
      this.#probe[0] = value;
      const place = this.#rank(first, size);
      columns.copyWithin(place + 1, place, first + size);
      columns[place] = value;
      this.#sizes[feature] = size + 1;
    }
  }

  /** The values of the row at `rows[at…]` leave their columns. */
  remove(rows: Float32Array, at: number): void {
    for (let feature = 0; feature < this.#sizes.length; feature += 1) {
      const value = rows[at + feature] as number;
      if (value !== value) continue;
      const size = this.#sizes[feature] as number;
      const first = feature * this.capacity;
      this.#probe[0] = value;
      const place = this.#rank(first, size);
      this.#columns.copyWithin(place, place + 1, first + size);
      this.#sizes[feature] = size - 1;
    }
  }

  /** Starts anew from the first `filled` rows. */
  load(rows: Float32Array, filled: number): void {
    const dimensions = this.#sizes.length;
    for (let feature = 0; feature < dimensions; feature += 1) {
      const column = this.#columns.subarray(feature * this.capacity, (feature + 1) * this.capacity);
      let size = 0;
      for (let slot = 0; slot < filled; slot += 1) {
        const value = rows[slot * dimensions + feature] as number;
        if (value !== value) continue;
        column[size] = value;
        size += 1;
      }
      column.subarray(0, size).sort();
      this.#sizes[feature] = size;
    }
  }

  /** First place in the column at `first` whose value is not below the probe. */
  #rank(first: number, size: number): number {
    const value = this.#probe[0] as number;
    let low = first;
    let high = first + size;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#columns[middle] as number) < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** First place whose value is above the probe. */
  #rankAfter(first: number, size: number): number {
    const value = this.#probe[0] as number;
    let low = first;
    let high = first + size;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#columns[middle] as number) <= value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
