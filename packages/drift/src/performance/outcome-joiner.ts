/**
 * Joins outcomes to predictions by a key of their id (a whole number below 2⁵³), in bounded memory: the last N predictions wait for their
 * outcomes, and as many outcomes as fit wait for predictions that are still to come. What came too late is counted and dropped, never guessed.
 */

export interface JoinCounts {
  /** Outcomes that found their prediction. */
  joined: number;
  /** Predictions that were pushed out without an outcome. */
  unanswered: number;
  /** Outcomes of a prediction that had one already, of the same revision or an earlier one. */
  duplicates: number;
  /** Outcomes that revise one that was counted: the first one stands. */
  revised: number;
  /** Outcomes pushed out before their prediction came: it came before outcomes did, or too long ago, or never. */
  orphans: number;
}

/** Waiting, or the revision of its outcome and one. */
const WAITING = 0;

export interface SavedJoiner {
  readonly counts: JoinCounts;
  readonly held: readonly (readonly [key: number, label: number, atMs: number, revision: number])[];
}

export interface HeldOutcome {
  readonly label: number;
  readonly atMs: number;
  readonly revision: number;
}

export class OutcomeJoiner {
  readonly capacity: number;
  readonly maxHeld: number;
  readonly counts: JoinCounts = { joined: 0, unanswered: 0, duplicates: 0, revised: 0, orphans: 0 };
  readonly #keys: Float64Array;
  readonly #probabilities: Float64Array;
  readonly #revisions: Float64Array;
  readonly #slots = new Map<number, number>();
  readonly #held = new Map<number, HeldOutcome>();
  #next = 0;

  /** @param capacity predictions, about 80 bytes each once they have come @param maxHeld outcomes, about 120 bytes each */
  constructor(capacity: number, maxHeld: number) {
    this.capacity = capacity;
    this.maxHeld = maxHeld;
    this.#keys = new Float64Array(capacity);
    this.#probabilities = new Float64Array(capacity);
    this.#revisions = new Float64Array(capacity);
  }

  get open(): number {
    return this.#slots.size;
  }

  get held(): number {
    return this.#held.size;
  }

  /** @returns the outcome that waited for it. A second prediction of one id is left out: the first was the one that was acted upon. */
  predict(key: number, probability: number): HeldOutcome | undefined {
    if (this.#slots.has(key)) return undefined;
    const slot = this.#next;
    this.#next = slot + 1 === this.capacity ? 0 : slot + 1;
    if (this.#slots.size === this.capacity) {
      if (this.#revisions[slot] === WAITING) this.counts.unanswered += 1;
      this.#slots.delete(this.#keys[slot] as number);
    }
    this.#keys[slot] = key;
    this.#probabilities[slot] = probability;
    this.#revisions[slot] = WAITING;
    this.#slots.set(key, slot);
    const held = this.#held.get(key);
    if (held === undefined) return undefined;
    this.#held.delete(key);
    this.#revisions[slot] = held.revision + 1;
    this.counts.joined += 1;
    return held;
  }

  /** @returns the probability that the outcome judges; undefined when it judges none, or none that was not judged before */
  outcome(key: number, given: HeldOutcome): number | undefined {
    const slot = this.#slots.get(key);
    if (slot === undefined) {
      this.#hold(key, given);
      return undefined;
    }
    const seen = this.#revisions[slot] as number;
    if (seen !== WAITING) {
      this.counts[given.revision + 1 > seen ? 'revised' : 'duplicates'] += 1;
      this.#revisions[slot] = Math.max(seen, given.revision + 1);
      return undefined;
    }
    this.#revisions[slot] = given.revision + 1;
    this.counts.joined += 1;
    return this.#probabilities[slot];
  }

  #hold(key: number, given: HeldOutcome): void {
    const held = this.#held.get(key);
    if (held !== undefined) {
      // None was counted yet: of those that wait the last revision is.
      this.counts[given.revision > held.revision ? 'revised' : 'duplicates'] += 1;
      if (given.revision > held.revision) this.#held.set(key, given);
      return;
    }
    if (this.#held.size >= this.maxHeld) {
      const [oldest] = this.#held.keys();
      if (oldest !== undefined) this.#held.delete(oldest);
      this.counts.orphans += 1;
    }
    if (this.maxHeld > 0) this.#held.set(key, given);
  }

  /** Oldest first: one form for each content. */
  save(): {
    readonly head: SavedJoiner;
    readonly keys: Float64Array;
    readonly probabilities: Float64Array;
    readonly revisions: Float64Array;
  } {
    const first = this.open === this.capacity ? this.#next : 0;
    const order = Array.from({ length: this.open }, (_, at) => (first + at) % this.capacity);
    const gather = (column: Float64Array) => Float64Array.from(order, (slot) => column[slot] as number);
    const held = [...this.#held].map(([key, { label, atMs, revision }]) => [key, label, atMs, revision] as const);
    return {
      head: { counts: { ...this.counts }, held },
      keys: gather(this.#keys),
      probabilities: gather(this.#probabilities),
      revisions: gather(this.#revisions),
    };
  }

  /** Into an empty joiner, perhaps of another size: the newest stay, and what does not fit is counted as pushed out. */
  restore(head: SavedJoiner, keys: Float64Array, probabilities: Float64Array, revisions: Float64Array): void {
    Object.assign(this.counts, head.counts);
    const from = Math.max(0, keys.length - this.capacity);
    for (let at = 0; at < from; at += 1) if (revisions[at] === WAITING) this.counts.unanswered += 1;
    for (let at = from; at < keys.length; at += 1) {
      const slot = at - from;
      this.#keys[slot] = keys[at] as number;
      this.#probabilities[slot] = probabilities[at] as number;
      this.#revisions[slot] = revisions[at] as number;
      this.#slots.set(keys[at] as number, slot);
    }
    this.#next = (keys.length - from) % this.capacity;
    const dropped = Math.max(0, head.held.length - this.maxHeld);
    this.counts.orphans += dropped;
    for (const [key, label, atMs, revision] of head.held.slice(dropped)) this.#held.set(key, { label, atMs, revision });
  }
}
