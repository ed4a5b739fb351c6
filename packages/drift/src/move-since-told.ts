/** The test that keeps an open evaluation from hiding the next change. */
import type { EvaluationRule } from './evaluation.ts';
import { binOf, sharedReference } from './reference.ts';
import { SlidingKs } from './sliding-ks.ts';
import { threshold } from './threshold.ts';

export interface SavedMove {
  /** Values since it was told, at most W. */
  readonly told: number;
  /** D·m·W and direction of the window that it was told of; 0 before. */
  readonly height: number;
  readonly direction: number;
  /** That window: bin ids that occur in it, ascending, and how often. Empty before it is full. */
  readonly bins: Uint32Array;
  readonly counts: Uint32Array;
  /** Values that came after it, at most W. */
  readonly after: number;
}

/**
 * Whether the last W values of a column differ from those that an open evaluation was last told of. These are the first W values after it
 * was told: at that moment the window still holds values of before the change, and the rest of the same change would be taken for another.
 * They are a second reference, with the level of the rule for two samples of W, so that without another change the evaluation escalates as
 * rarely as one is raised. A change is seen no sooner than 2·W values after the last was told, and only as far as the bins of the first
 * reference tell values apart: not within a gap, nor beyond its range. Amortised O(log W) a value.
 */
export class MoveSinceTold {
  readonly #ks: SlidingKs;
  readonly #rule: EvaluationRule;
  #told = 0;
  #height = 0;
  #direction = 0;
  #after: SlidingKs | null = null;
  #raiseHeight = 0;
  /** Values still to come that cannot change the outcome; derived, so it is not saved. */
  #skip = 0;

  /** @param ks the window of the evaluation, which has each value before `add` is told of it */
  constructor(ks: SlidingKs, rule: EvaluationRule) {
    this.#ks = ks;
    this.#rule = rule;
  }

  /** A value by its bin id. True when the last W values have moved. */
  add(bin: number): boolean {
    const after = this.#after;
    if (after === null) {
      this.#told += 1;
      if (this.#told === this.#ks.capacity) this.#begin();
      return false;
    }
    after.pushBin(binOf(after.reference, bin));
    if (this.#skip > 0) {
      this.#skip -= 1;
      return false;
    }
    if (!after.full) return false;
    const { height } = after;
    if (height >= this.#raiseHeight) return true;
    this.#skip = Math.ceil((this.#raiseHeight - height) / after.reference.m) - 1;
    return false;
  }

  /** The window lies nearer to the first reference than the one that was told, on the same side. */
  get isBack(): boolean {
    return this.#ks.height < this.#height && this.#ks.read().direction === this.#direction;
  }

  /** Index in the window, oldest first, at which the move most probably began. O(W). */
  get onset(): number {
    return (this.#after as SlidingKs).onset();
  }

  save(): SavedMove {
    const { values, counts } = this.#after?.reference ?? { values: [], counts: [] };
    return {
      told: this.#told,
      height: this.#height,
      direction: this.#direction,
      bins: Uint32Array.from(values),
      counts: Uint32Array.from(counts),
      after: this.#after?.windowSize ?? 0,
    };
  }

  /** Into a new one, over a window that was restored: what `save` gave. */
  restore({ told, height, direction, bins, counts, after }: SavedMove): void {
    this.#told = told;
    this.#height = height;
    this.#direction = direction;
    if (bins.length === 0) return;
    const window = this.#compareWith(bins, counts);
    const last = this.#ks.bins();
    for (const bin of last.subarray(last.length - after)) window.pushBin(binOf(window.reference, bin));
  }

  #begin(): void {
    const { direction } = this.#ks.read();
    this.#height = this.#ks.height;
    this.#direction = direction;
    const counts = this.#ks.counts();
    const bins = Uint32Array.from(counts.keys()).filter((bin) => counts[bin] !== 0);
    this.#compareWith(
      bins,
      bins.map((bin) => counts[bin] as number),
    );
  }

  #compareWith(bins: Uint32Array, counts: Uint32Array): SlidingKs {
    const { capacity } = this.#ks;
    const window = new SlidingKs(sharedReference(Float64Array.from(bins), counts), capacity);
    this.#after = window;
    this.#raiseHeight = window.heightOf(threshold(capacity, capacity, this.#rule));
    return window;
  }
}
