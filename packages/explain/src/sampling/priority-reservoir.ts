/**
 * Second stage: at most k items of a window, for the archive. Item i has priority w_i / u_i with u_i in (0, 1] from its hash; the k largest stay,
 * and with τ the largest priority left out, min(1, w_i/τ) is the inclusion probability that makes weighted sums unbiased. Which items stay
 * depends on their hashes alone: not on order, partitions or replicas, so that two reservoirs merge to that of both windows.
 * Source: Duffield, Lund and Thorup (2007), Priority sampling for estimation of arbitrary subset sums. Chosen over VarOpt for the merge.
 */
import { requireWhole } from '../errors.ts';

export interface ReservoirItem<Value> {
  readonly value: Value;
  readonly weight: number;
  readonly priority: number;
}

export class PriorityReservoir<Value> {
  readonly #capacity: number;
  /** By descending priority; one more than is kept, for τ. */
  #items: ReservoirItem<Value>[] = [];

  constructor(capacity: number) {
    requireWhole('the capacity of the reservoir', capacity, 1, 10_000_000);
    this.#capacity = capacity;
  }

  /** @param hash in [0, 1). O(log k) to reject or find the place, O(k) to insert. */
  add(value: Value, weight: number, hash: number): void {
    this.#insert({ value, weight, priority: weight / (1 - hash) });
  }

  /** As if the other window's items had been added here. */
  merge(other: PriorityReservoir<Value>): void {
    for (const item of other.#items) this.#insert(item);
  }

  /** Its content, one item more than is kept: what a snapshot holds. */
  save(): readonly ReservoirItem<Value>[] {
    return this.#items;
  }

  /** Of what `save` gave, under the capacity of then or another. */
  restore(items: readonly ReservoirItem<Value>[]): void {
    for (const item of items) this.#insert(item);
  }

  /** What is kept, with its inclusion probability. */
  *sample(): Generator<{ readonly value: Value; readonly inclusionProbability: number }> {
    const left = this.#items[this.#capacity];
    for (const { value, weight } of this.#items.slice(0, this.#capacity)) {
      yield { value, inclusionProbability: left === undefined ? 1 : Math.min(1, weight / left.priority) };
    }
  }

  #insert(item: ReservoirItem<Value>): void {
    let low = 0;
    let high = this.#items.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#items[middle]!.priority >= item.priority) low = middle + 1;
      else high = middle;
    }
    if (low > this.#capacity) return;
    this.#items.splice(low, 0, item);
    this.#items.length = Math.min(this.#items.length, this.#capacity + 1);
  }
}
