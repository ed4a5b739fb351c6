import type { StateReader } from '../state/state-reader.ts';
import type { StateWriter } from '../state/state-writer.ts';

/** Share of the recent scores above which the tail is taken to be exponential. */
const TAIL = 0.05;

/** The last W scores, in order of arrival and sorted, and the surprise of a score among them. O(log W) plus one move of ≤ 8·W bytes. */
export class RecentScores {
  readonly capacity: number;
  readonly #ring: Float64Array;
  readonly #sorted: Float64Array;
  #size = 0;
  #next = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.#ring = new Float64Array(capacity);
    this.#sorted = new Float64Array(capacity);
  }

  get size(): number {
    return this.#size;
  }

  /**
   * −ln of the share of recent scores that are at least `score`; in the top 5 % the share of an exponential tail of the same mean excess,
   * so that it grows without steps. Scale-free: it does not change when all scores are shifted or stretched.
   */
  surprise(score: number): number {
    const n = this.#size;
    const sorted = this.#sorted;
    const tail = Math.max(1, Math.round(n * TAIL));
    if (n <= tail) return 0;
    const threshold = sorted[n - tail - 1] as number;
    if (score <= threshold) return -Math.log((n - this.#rank(score) + 1) / (n + 1));
    let sum = 0;
    for (let i = n - tail; i < n; i += 1) sum += (sorted[i] as number) - threshold;
    return -Math.log(tail / n) + (sum > 0 ? ((score - threshold) * tail) / sum : 0);
  }

  /** For each recent score, in order of arrival, how many are below it. O(W log W): for reports. */
  ranks(): Uint32Array {
    const n = this.#size;
    const oldest = n === this.capacity ? this.#next : 0;
    return Uint32Array.from({ length: n }, (_, i) => this.#rank(this.#ring[(oldest + i) % this.capacity] as number));
  }

  push(score: number): void {
    const sorted = this.#sorted;
    if (this.#size === this.capacity) {
      const leaves = this.#rank(this.#ring[this.#next] as number);
      sorted.copyWithin(leaves, leaves + 1, this.#size);
      this.#size -= 1;
    }
    const place = this.#rank(score);
    sorted.copyWithin(place + 1, place, this.#size);
    sorted[place] = score;
    this.#size += 1;
    this.#ring[this.#next] = score;
    this.#next = this.#next + 1 === this.capacity ? 0 : this.#next + 1;
  }

  /** How many recent scores are below `score`. */
  #rank(score: number): number {
    const sorted = this.#sorted;
    let low = 0;
    let high = this.#size;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((sorted[middle] as number) < score) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  write(writer: StateWriter): void {
    writer.u32(this.#size);
    writer.u32(this.#next);
    writer.numbers(this.#ring.subarray(0, this.#size));
  }

  read(reader: StateReader): void {
    this.#size = reader.u32();
    this.#next = reader.u32();
    if (this.#size > this.capacity || this.#next >= this.capacity)
      throw reader.refusal(`keeps ${this.#size} recent scores; at most ${this.capacity}`);
    const ring = this.#ring.subarray(0, this.#size);
    reader.numbers(ring);
    this.#sorted.set(ring);
    this.#sorted.subarray(0, this.#size).sort();
  }
}
