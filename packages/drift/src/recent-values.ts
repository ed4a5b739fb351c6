/** The last values of a column as they came, in its unit: quantiles and new references need more than bins. */
export class RecentValues {
  readonly capacity: number;
  readonly #ring: Float64Array;
  #next = 0;
  #size = 0;
  /** Values that were pushed and do not count yet: a caller may push some at once and count them one by one. */
  ahead = 0;

  /** @param capacity that count, at least 1, and @param maxAhead that may be pushed before they do. 8 bytes a value. */
  constructor(capacity: number, maxAhead: number) {
    this.capacity = capacity;
    this.#ring = new Float64Array(capacity + maxAhead);
  }

  /** Values that count. */
  get size(): number {
    return Math.min(this.capacity, this.#size - this.ahead);
  }

  /** Counts once `ahead` is brought down. O(1). */
  push(value: number): void {
    this.#ring[this.#next] = value;
    this.#next = this.#next + 1 === this.#ring.length ? 0 : this.#next + 1;
    if (this.#size < this.#ring.length) this.#size += 1;
    this.ahead += 1;
  }

  /** A copy of the last `count` that count, oldest first; undefined when there are fewer. */
  last(count: number): Float64Array | undefined {
    if (count > this.size) return undefined;
    const { length } = this.#ring;
    const from = (this.#next - this.ahead - count + 2 * length) % length;
    const values = this.#ring.slice(from, from + count);
    if (values.length === count) return values;
    const whole = new Float64Array(count);
    whole.set(values);
    whole.set(this.#ring.subarray(0, count - values.length), values.length);
    return whole;
  }

  /** A copy of the last `count`, or of as many as there are, oldest first. */
  newest(count: number): Float64Array {
    return this.last(Math.min(count, this.size)) as Float64Array;
  }

  /** Into a new one of any capacity: what `newest` gave. */
  restore(values: Float64Array): void {
    for (const value of values) this.push(value);
    this.ahead = 0;
  }
}
