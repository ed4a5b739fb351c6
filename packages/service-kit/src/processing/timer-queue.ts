/**
 * Which keys want to be called when the clock reaches a time. A binary heap over times that may be too early: an entry whose own time has
 * moved on is put back, so that each event of a busy key costs nothing here.
 */
export interface Due {
  /** Earliest clock time at which the entry wants a tick, ms; +Infinity for none. */
  dueMs: number;
}

export class TimerQueue<Entry extends Due> {
  readonly #heap: { readonly atMs: number; readonly entry: Entry }[] = [];
  /** The earliest time under which each entry stands in the heap. */
  readonly #queued = new Map<Entry, number>();

  /** The entry's `dueMs` may have changed. */
  update(entry: Entry): void {
    const known = this.#queued.get(entry) ?? Number.POSITIVE_INFINITY;
    if (entry.dueMs >= known) return;
    this.#queued.set(entry, entry.dueMs);
    this.#push(entry.dueMs, entry);
  }

  forget(entry: Entry): void {
    entry.dueMs = Number.POSITIVE_INFINITY;
  }

  /** Earliest time at which an entry wants to be called; undefined when none does. */
  nextMs(): number | undefined {
    for (let top = this.#heap[0]; top !== undefined; top = this.#heap[0]) {
      if (this.#isCurrent(top)) return top.atMs;
      this.#settle();
    }
    return undefined;
  }

  /** Takes out every entry that is due by `clockMs`. */
  takeDue(clockMs: number): Entry[] {
    const due: Entry[] = [];
    for (let next = this.nextMs(); next !== undefined && next <= clockMs; next = this.nextMs()) {
      const { entry } = this.#pop();
      this.#queued.delete(entry);
      due.push(entry);
    }
    return due;
  }

  #isCurrent({ atMs, entry }: { readonly atMs: number; readonly entry: Entry }): boolean {
    return this.#queued.get(entry) === atMs && entry.dueMs === atMs;
  }

  /** The top is out of date: put it where it belongs by now. */
  #settle(): void {
    const { atMs, entry } = this.#pop();
    if (this.#queued.get(entry) !== atMs) return;
    this.#queued.delete(entry);
    if (entry.dueMs < Number.POSITIVE_INFINITY) this.update(entry);
  }

  #push(atMs: number, entry: Entry): void {
    const heap = this.#heap;
    heap.push({ atMs, entry });
    for (let at = heap.length - 1; at > 0; ) {
      const parent = (at - 1) >> 1;
      if ((heap[parent] as (typeof heap)[number]).atMs <= atMs) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  #pop(): { readonly atMs: number; readonly entry: Entry } {
    const heap = this.#heap;
    this.#swap(0, heap.length - 1);
    const top = heap.pop() as (typeof heap)[number];
    for (let at = 0; ; ) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      let least = at;
      if (left < heap.length && this.#atMs(left) < this.#atMs(least)) least = left;
      if (right < heap.length && this.#atMs(right) < this.#atMs(least)) least = right;
      if (least === at) return top;
      this.#swap(at, least);
      at = least;
    }
  }

  #atMs(index: number): number {
    return (this.#heap[index] as { readonly atMs: number }).atMs;
  }

  #swap(a: number, b: number): void {
    const heap = this.#heap;
    [heap[a], heap[b]] = [heap[b] as (typeof heap)[number], heap[a] as (typeof heap)[number]];
  }
}
