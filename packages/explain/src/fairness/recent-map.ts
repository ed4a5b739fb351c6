/**
 * Map of the most recent keys: the oldest leaves when there are more than `capacity`. A queue of keys beside the map finds the oldest in amortised
 * O(1); the first key of a Map's iterator would cost a scan over all that was deleted before it.
 */
export class RecentMap<Value> {
  readonly #capacity: number;
  readonly #values = new Map<string, { ticket: number; value: Value }>();
  /** Keys in order of arrival from #head on; the key at index i is current when its entry has ticket i. */
  #queue: string[] = [];
  #head = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get(key: string): Value | undefined {
    return this.#values.get(key)?.value;
  }

  /** A known key keeps its age. Amortised O(1). */
  set(key: string, value: Value): void {
    const known = this.#values.get(key);
    if (known !== undefined) {
      known.value = value;
      return;
    }
    this.#values.set(key, { ticket: this.#queue.push(key) - 1, value });
    while (this.#values.size > this.#capacity) {
      const oldest = this.#queue[this.#head]!;
      if (this.#values.get(oldest)?.ticket === this.#head) this.#values.delete(oldest);
      this.#head += 1;
    }
    if (this.#queue.length > 2 * this.#values.size + 1024) this.#compact();
  }

  delete(key: string): void {
    this.#values.delete(key);
  }

  clear(): void {
    this.#values.clear();
    this.#queue = [];
    this.#head = 0;
  }

  /** Oldest first. */
  *entries(): Generator<[string, Value]> {
    for (let at = this.#head; at < this.#queue.length; at += 1) {
      const entry = this.#values.get(this.#queue[at]!);
      if (entry?.ticket === at) yield [this.#queue[at]!, entry.value];
    }
  }

  #compact(): void {
    const current = [...this.entries()].map(([key]) => key);
    for (const [ticket, key] of current.entries()) this.#values.get(key)!.ticket = ticket;
    this.#queue = current;
    this.#head = 0;
  }
}
