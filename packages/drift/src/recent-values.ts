/** The last values of a column as they came, in its unit: quantiles and new references need more than bins. */
export class RecentValues {
  readonly capacity: number;
  readonly #ring: Float64Array;
  #next = 0;
  #size = 0;

  /** @param capacity at least 1. 8 bytes a value. */
  constructor(capacity: number) {
    this.capacity = capacity;
    this.#ring = new Float64Array(capacity);
  }

  get size(): number {
    return this.#size;
  }

  /** O(1). */
  push(value: number): void {
    this.#ring[this.#next] = value;
    this.#next = this.#next + 1 === this.capacity ? 0 : this.#next + 1;
    if (this.#size < this.capacity) this.#size += 1;
  }

  /** A copy of the last `count`, oldest first; undefined when there are fewer. */
  last(count: number): Float64Array | undefined {
    if (count > this.#size) return undefined;
    const from = (this.#next - count + this.capacity) % this.capacity;
    return Float64Array.from({ length: count }, (_, index) => this.#ring[(from + index) % this.capacity] as number);
  }

  /** A copy of the last `count`, or of as many as there are, oldest first. */
  newest(count: number): Float64Array {
    return this.last(Math.min(count, this.#size)) as Float64Array;
  }

  /** Into a new one of any capacity: what `newest` gave. */
  restore(values: Float64Array): void {
    for (const value of values) this.push(value);
  }
}
