/**
 * Joins outcomes to predictions. A prediction is seen twice, each time in the order of (event time, id hash): when the watermark passes its
 * event time it has arrived, when it passes the event time plus the window it is mature, scored once with the outcomes of event time up to
 * then. Equal age makes the order of maturity that of assignment, which keeps the e-process valid under delay.
 */
import { hash } from 'node:crypto';
import { type IdHash, PredictionColumns } from './prediction-columns.ts';
import { SlotHeap } from './slot-heap.ts';

export type Accumulate = 'first' | 'sum' | 'max';

/** An outcome that came before its prediction. A prediction is never younger than its outcome, so it is held until the watermark passes it. */
interface HeldOutcome {
  readonly atMs: number;
  readonly value: number;
  readonly revision: number;
}

export interface JoinCounts {
  /** Predictions that came when the watermark had passed them. */
  latePredictions: number;
  /** Of an id that was open already. */
  duplicatePredictions: number;
  /** Outcomes older than the window allows. */
  lateOutcomes: number;
  /** Outcomes without an open prediction. */
  orphanOutcomes: number;
}

const LOOK_EVERY_MS = 60_000;
export const MAX_HELD_OUTCOMES = 100_000;
/** Revisions that `sum` and `max` can tell apart: one bit each. */
export const MAX_REVISIONS = 32;

export class Joiner {
  readonly columns: PredictionColumns = new PredictionColumns();
  readonly counts: JoinCounts = { latePredictions: 0, duplicatePredictions: 0, lateOutcomes: 0, orphanOutcomes: 0 };
  /** Not yet arrived: the watermark has not passed them. */
  readonly #arriving = new SlotHeap(this.columns);
  /** Arrived and not mature, in order: a ring. */
  #ring = new Int32Array(1_024);
  #first = 0;
  #waiting = 0;
  readonly #held = new Map<string, HeldOutcome[]>();
  #heldCount = 0;
  /** When held outcomes are looked through, ms. */
  #lookMs = Number.POSITIVE_INFINITY;

  get open(): number {
    return this.columns.size;
  }

  get held(): number {
    return this.#heldCount;
  }

  /** Event time of the next prediction to arrive, ms; Infinity without one. */
  get nextArrivalMs(): number {
    const slot = this.#arriving.top;
    return slot < 0 ? Number.POSITIVE_INFINITY : (this.columns.timeMs[slot] as number);
  }

  /** Event time of the next prediction to mature, ms, without the window; Infinity without one. */
  get oldestMs(): number {
    return this.#waiting === 0
      ? Number.POSITIVE_INFINITY
      : (this.columns.timeMs[this.#ring[this.#first] as number] as number);
  }

  /** When held outcomes want to be looked through, ms of event time; Infinity without one. */
  get nextLookMs(): number {
    return this.#lookMs;
  }

  /**
   * Opens a prediction and gives it the outcomes that came before it.
   * @returns its slot, whose columns but `hash`, `timeMs`, `value`, `revisions` the caller fills; −1 when it was late or there already
   */
  admit(id: string, timeMs: number, watermarkMs: number, windowMs: number, accumulate: Accumulate): number {
    if (timeMs < watermarkMs) {
      this.counts.latePredictions += 1;
      return -1;
    }
    const key = hashOf(id);
    if (this.columns.find(key) >= 0) {
      this.counts.duplicatePredictions += 1;
      return -1;
    }
    const slot = this.columns.add(key);
    this.columns.timeMs[slot] = timeMs;
    this.columns.value[slot] = 0;
    this.columns.revisions[slot] = 0;
    this.#arriving.push(slot);
    const hex = this.#heldCount === 0 ? '' : hexOf(key);
    const held = this.#held.get(hex);
    if (held !== undefined) {
      this.#held.delete(hex);
      this.#heldCount -= held.length;
      for (const { atMs, value, revision } of held) this.#give(slot, atMs, value, revision, windowMs, accumulate);
    }
    return slot;
  }

  /** @returns false when too many outcomes wait for predictions */
  outcome(id: string, given: HeldOutcome, watermarkMs: number, windowMs: number, accumulate: Accumulate): boolean {
    const key = hashOf(id);
    const slot = this.columns.find(key);
    if (slot >= 0) this.#give(slot, given.atMs, given.value, given.revision, windowMs, accumulate);
    else if (given.atMs < watermarkMs) this.counts.orphanOutcomes += 1;
    else if (this.#heldCount >= MAX_HELD_OUTCOMES) return false;
    else this.#hold(hexOf(key), given);
    return true;
  }

  /** Takes the next prediction from arriving to waiting. @returns its slot */
  arrive(): number {
    const slot = this.#arriving.pop();
    if (this.#waiting === this.#ring.length) this.#widen();
    this.#ring[(this.#first + this.#waiting) % this.#ring.length] = slot;
    this.#waiting += 1;
    return slot;
  }

  /** Takes the oldest prediction out. @returns its slot, whose columns hold until the next `admit` */
  mature(): number {
    const slot = this.#ring[this.#first] as number;
    this.#first = (this.#first + 1) % this.#ring.length;
    this.#waiting -= 1;
    this.columns.remove(slot);
    return slot;
  }

  /** Outcomes that the watermark has passed find no prediction any more. A walk over all of them, so once a minute of event time. */
  giveUpHeld(watermarkMs: number): void {
    for (const [hex, outcomes] of this.#held) {
      const kept = outcomes.filter(({ atMs }) => atMs >= watermarkMs);
      this.counts.orphanOutcomes += outcomes.length - kept.length;
      this.#heldCount -= outcomes.length - kept.length;
      if (kept.length === 0) this.#held.delete(hex);
      else if (kept.length < outcomes.length) this.#held.set(hex, kept);
    }
    this.#lookMs = this.#heldCount === 0 ? Number.POSITIVE_INFINITY : watermarkMs + LOOK_EVERY_MS;
  }

  /** Drops everything that waits: predictions of a test that is over. */
  clear(): void {
    while (this.#arriving.top >= 0) this.arrive();
    while (this.#waiting > 0) this.mature();
    this.#held.clear();
    this.#heldCount = 0;
    this.#lookMs = Number.POSITIVE_INFINITY;
  }

  /** Waiting predictions first, then arriving ones, each in order: one form for each content. */
  save(): { readonly head: SavedJoiner; readonly parts: ArrayBufferView[] } {
    const waiting = Array.from(
      { length: this.#waiting },
      (_, at) => this.#ring[(this.#first + at) % this.#ring.length] as number,
    );
    const slots = Int32Array.from([...waiting, ...this.#arriving.inOrder()]);
    const held = [...this.#held]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([hex, each]) => [hex, each.map(({ atMs, value, revision }) => [atMs, value, revision] as const)] as const);
    const lookMs = Number.isFinite(this.#lookMs) ? this.#lookMs : null;
    const head: SavedJoiner = { waiting: waiting.length, open: slots.length, held, lookMs, counts: { ...this.counts } };
    return { head, parts: this.columns.gather(slots) };
  }

  static load(head: SavedJoiner, part: (index: number) => ArrayBuffer): Joiner {
    const joiner = new Joiner();
    joiner.columns.scatter(head.open, part);
    Object.assign(joiner.counts, head.counts);
    for (let slot = 0; slot < head.open; slot += 1) joiner.#arriving.push(slot);
    for (let at = 0; at < head.waiting; at += 1) joiner.arrive();
    for (const [hex, each] of head.held) {
      joiner.#held.set(
        hex,
        each.map(([atMs, value, revision]) => ({ atMs, value, revision })),
      );
      joiner.#heldCount += each.length;
    }
    joiner.#lookMs = head.lookMs ?? Number.POSITIVE_INFINITY;
    return joiner;
  }

  #hold(hex: string, given: HeldOutcome): void {
    const held = this.#held.get(hex);
    // In one order whatever order they came in, and a record that comes twice is one.
    if (held === undefined) this.#held.set(hex, [given]);
    else if (held.some(({ revision, atMs }) => revision === given.revision && atMs === given.atMs)) return;
    else held.push(given);
    held?.sort((a, b) => a.revision - b.revision || a.atMs - b.atMs);
    this.#heldCount += 1;
    if (this.#lookMs === Number.POSITIVE_INFINITY) this.#lookMs = given.atMs + LOOK_EVERY_MS;
  }

  #give(slot: number, atMs: number, value: number, revision: number, windowMs: number, accumulate: Accumulate): void {
    const { columns, counts } = this;
    const ageMs = atMs - (columns.timeMs[slot] as number);
    if (ageMs > windowMs) {
      counts.lateOutcomes += 1;
      return;
    }
    const seen = columns.revisions[slot] as number;
    if (accumulate === 'first') {
      if (revision + 1 <= seen) return;
      columns.revisions[slot] = revision + 1;
      columns.value[slot] = value;
      return;
    }
    const bit = 2 ** revision;
    if (Math.floor(seen / bit) % 2 === 1) return;
    columns.revisions[slot] = seen + bit;
    const before = columns.value[slot] as number;
    columns.value[slot] = accumulate === 'sum' ? before + value : seen === 0 ? value : Math.max(before, value);
  }

  #widen(): void {
    const wider = new Int32Array(2 * this.#ring.length);
    for (let at = 0; at < this.#waiting; at += 1)
      wider[at] = this.#ring[(this.#first + at) % this.#ring.length] as number;
    this.#ring = wider;
    this.#first = 0;
  }
}

export interface SavedJoiner {
  readonly waiting: number;
  readonly open: number;
  readonly held: readonly (readonly [string, readonly (readonly [number, number, number])[]])[];
  readonly lookMs: number | null;
  readonly counts: JoinCounts;
}

export function hexOf(hash: IdHash): string {
  return hash.map((word) => word.toString(16).padStart(8, '0')).join('');
}

export function hashOf(id: string): IdHash {
  // As text of one byte a character: made in half the time of a Buffer.
  const digest = hash('sha256', id, 'binary');
  return [wordAt(digest, 0), wordAt(digest, 4), wordAt(digest, 8), wordAt(digest, 12)];
}

/** Big-endian. */
function wordAt(text: string, at: number): number {
  const high = (text.charCodeAt(at) << 24) | (text.charCodeAt(at + 1) << 16);
  return (high | (text.charCodeAt(at + 2) << 8) | text.charCodeAt(at + 3)) >>> 0;
}
