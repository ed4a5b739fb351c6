import type { EvaluationRule, OpenEvaluation, SavedOpenEvaluation, Transition } from './evaluation.ts';
import { extremeOf } from './extreme.ts';
import { MoveSinceTold, type SavedMove } from './move-since-told.ts';
import type { Reference } from './reference.ts';
import { SlidingKs } from './sliding-ks.ts';
import { threshold } from './threshold.ts';

export interface SavedCountEvaluation {
  /** Bin ids of the window, oldest first, and the times of the same values, ms. */
  readonly bins: Uint32Array;
  readonly timesMs: Float64Array;
  readonly open: SavedOpenEvaluation | null;
  /** Null while nothing is open, and where it is not known. */
  readonly move: SavedMove | null;
}

/** Of the values of a window from some time on. */
export interface DistanceSince {
  /** Their number; the newest values of the window. */
  readonly size: number;
  /** D of them alone, in [0, 1]. */
  readonly distance: number;
}

/**
 * The last W values of a column, evaluated at each value: raised at the first one at which D of the full window is at least the threshold,
 * resolved at the one that ends W values in a row below the recovery level, and escalated in between when they have moved again
 * (`MoveSinceTold`).
 *
 * A value that comes and one that goes move every |H(x)| by at most m, so D cannot cross a level sooner than its distance to it, counted in
 * m: for that many values the evaluation is skipped. Nothing is approximated: the integer that decides is computed whenever it could decide
 * otherwise. O(1) a value while D is far from a level, else as `SlidingKs.height`.
 */
export class CountEvaluation {
  readonly ks: SlidingKs;
  /** D that raises, and D below which what was raised recovers; above 1 nothing can raise. */
  readonly threshold: number;
  readonly recoveryLevel: number;
  /** False for a window that only waits for its open evaluation to resolve. */
  readonly canRaise: boolean;
  /** The two levels as heights of the full window: integers, compared without a division. */
  readonly #raiseHeight: number;
  readonly #recoveryHeight: number;
  /** Times of the window's values, in a ring as long as the window. */
  readonly #times: Float64Array;
  #next = 0;
  readonly #rule: EvaluationRule;
  #open: OpenEvaluation | null = null;
  /** Set while something is open. */
  #move: MoveSinceTold | null = null;
  /** Values in a row below the recovery level, those of `#skip` counted in advance. */
  #recovered = 0;
  /** Values still to come that cannot change the outcome; derived, so it is not saved. */
  #skip = 0;

  /** @param capacity W. @throws {RangeError} as `SlidingKs`. */
  constructor(reference: Reference, capacity: number, rule: EvaluationRule, canRaise = true) {
    this.ks = new SlidingKs(reference, capacity);
    this.#rule = rule;
    this.threshold = threshold(reference.m, capacity, rule);
    this.recoveryLevel = this.threshold * rule.resolveShare;
    this.canRaise = canRaise;
    this.#raiseHeight = this.ks.heightOf(this.threshold);
    this.#recoveryHeight = this.ks.heightOf(this.recoveryLevel);
    this.#times = new Float64Array(capacity);
  }

  get open(): OpenEvaluation | null {
    return this.#open;
  }

  /** Time of the oldest value in the window, ms; undefined while it is empty. */
  get fromMs(): number | undefined {
    return this.ks.windowSize === 0 ? undefined : this.#timeAt(0);
  }

  /** Time of the newest value in the window, ms; undefined while it is empty. */
  get toMs(): number | undefined {
    const { windowSize } = this.ks;
    return windowSize === 0 ? undefined : this.#timeAt(windowSize - 1);
  }

  /** Time at which what the window shows most probably began, ms; undefined while it is empty. O(k + W). */
  onsetMs(): number | undefined {
    return this.ks.windowSize === 0 ? undefined : this.#timeAt(this.ks.onset());
  }

  /**
   * D of the values of the window from a time on: what the window shows, without the values of before. 0 of none. O(k + W).
   * Events out of order blur it by as many values.
   */
  since(timeMs: number): DistanceSince {
    const { reference, windowSize } = this.ks;
    let size = 0;
    for (let index = 0; index < windowSize; index += 1) if (this.#timeAt(index) >= timeMs) size += 1;
    const counts = new Uint32Array(2 * reference.values.length + 1);
    for (const bin of this.ks.bins().subarray(windowSize - size)) counts[bin] = (counts[bin] as number) + 1;
    const { height } = extremeOf(reference, counts, size);
    return { size, distance: size === 0 ? 0 : height / (reference.m * size) };
  }

  /** A present value by its bin id (`binOf`), and its time. */
  add(bin: number, timeMs: number): Transition | undefined {
    this.#times[this.#next] = timeMs;
    this.#next = this.#next + 1 === this.#times.length ? 0 : this.#next + 1;
    this.ks.pushBin(bin);
    let transition: Transition | undefined;
    if (this.#skip > 0) this.#skip -= 1;
    else if (this.ks.full) transition = this.#evaluate(timeMs);
    // What was raised at this value is told of it, too.
    if (this.#move === null || transition !== undefined) return transition;
    return this.#move.add(bin) ? this.#escalate() : undefined;
  }

  /** What `restore` needs, copied; the tree and what is skipped are derived. O(k + W). */
  save(): SavedCountEvaluation {
    const recovered = this.#recovered > 0 ? this.#recovered - this.#skip : 0;
    return {
      bins: this.ks.bins(),
      timesMs: Float64Array.from({ length: this.ks.windowSize }, (_, index) => this.#timeAt(index)),
      open: this.#open === null ? null : { ...this.#open, recovered },
      move: this.#move === null ? null : this.#move.save(),
    };
  }

  /** Into a new evaluation: what `save` gave. */
  restore({ bins, timesMs, open, move }: SavedCountEvaluation): void {
    for (const bin of bins) this.ks.pushBin(bin);
    this.#times.set(timesMs);
    this.#next = this.ks.windowSize % this.ks.capacity;
    this.#open = open === null ? null : { raisedAtMs: open.raisedAtMs, sinceMs: open.sinceMs };
    this.#recovered = open?.recovered ?? 0;
    if (open === null) return;
    this.#move = new MoveSinceTold(this.ks, this.#rule);
    if (move !== null) this.#move.restore(move);
  }

  #evaluate(timeMs: number): Transition | undefined {
    const { height } = this.ks;
    const { m } = this.ks.reference;
    if (this.#open !== null) return this.#recover(height, m);
    if (!this.canRaise) return undefined;
    if (height < this.#raiseHeight) {
      this.#skip = Math.ceil((this.#raiseHeight - height) / m) - 1;
      return undefined;
    }
    this.#open = { raisedAtMs: timeMs, sinceMs: this.#timeAt(this.ks.onset()) };
    this.#move = new MoveSinceTold(this.ks, this.#rule);
    this.#recovered = 0;
    return 'raised';
  }

  /** The values have moved. Back towards the reference is no news, but what comes after it will be. */
  #escalate(): Transition | undefined {
    const { isBack, onset } = this.#move as MoveSinceTold;
    const isNews = this.ks.height >= this.#raiseHeight && !isBack;
    if (isNews) this.#open = { ...(this.#open as OpenEvaluation), sinceMs: this.#timeAt(onset) };
    this.#move = new MoveSinceTold(this.ks, this.#rule);
    return isNews ? 'escalated' : undefined;
  }

  #recover(height: number, m: number): Transition | undefined {
    if (height >= this.#recoveryHeight) {
      this.#recovered = 0;
      this.#skip = Math.floor((height - this.#recoveryHeight) / m);
      return undefined;
    }
    this.#recovered += 1;
    if (this.#recovered >= this.ks.capacity) {
      this.#open = null;
      this.#move = null;
      this.#recovered = 0;
      return 'resolved';
    }
    const certain = Math.ceil((this.#recoveryHeight - height) / m) - 1;
    this.#skip = Math.min(certain, this.ks.capacity - this.#recovered - 1);
    this.#recovered += this.#skip;
    return undefined;
  }

  /** Of a value in the window, oldest first. */
  #timeAt(index: number): number {
    const oldest = this.ks.full ? this.#next : 0;
    return this.#times[(oldest + index) % this.#times.length] as number;
  }
}
