import { binomialLimit } from '@weir/stats/binomial';
import { fisherExact } from '@weir/stats/hypergeometric';
import type { EvaluationRule, OpenEvaluation, SavedOpenEvaluation, Transition } from './evaluation.ts';
import { SlidingMissing } from './sliding-missing.ts';

export interface SavedMissingEvaluation {
  /** Positions of the missing values of the window, oldest first, and their times, ms. */
  readonly positions: Float64Array;
  readonly timesMs: Float64Array;
  readonly open: SavedOpenEvaluation | null;
  /** Null while nothing is open, and where it is not known. */
  readonly told: ToldShare | null;
}

/** What an open evaluation was last told of: the first W values after that. */
export interface ToldShare {
  /** Position at which it was told, and once W values have followed, of the last of them. */
  readonly position: number;
  /** Missing values among them; null before. */
  readonly count: number | null;
}

/** Of the values from some time on. */
export interface ShareSince {
  readonly size: number;
  /** Of them missing, in [0, 1]. */
  readonly share: number;
}

/**
 * Share of missing values that a reference leads one to expect, in (0, 1): with one missing and one present value imagined, since none seen
 * is not never. Source: Laplace's rule of succession.
 */
export function expectedMissingShare(present: number, missing: number): number {
  return (missing + 1) / (present + missing + 2);
}

/**
 * Missing values among the last W of a column, which only a missing value can bring up: raised at the first one at which their count could
 * not be chance at the expected share (`binomialLimit`) and passes it by `minEffect`, resolved after W values in a row at or below
 * `resolveShare` of that count. In between it escalates when more are missing than in the first W values after it was told, by Fisher's exact
 * test at the level of the rule. Amortised O(1) a value.
 */
export class MissingEvaluation {
  readonly missing: SlidingMissing;
  readonly expectedShare: number;
  /** Missing values of W that raise, and at or below which what was raised recovers; W + 1 when nothing can raise. */
  readonly raiseCount: number;
  readonly recoveryCount: number;
  /** False for a window that only waits for its open evaluation to resolve. */
  readonly canRaise: boolean;
  readonly #alpha: number;
  #open: OpenEvaluation | null = null;
  #recovered = 0;
  #told: ToldShare | null = null;
  /** Count of a window that escalates; derived. */
  #escalateCount: number = Number.POSITIVE_INFINITY;

  /** @param capacity W */
  constructor(capacity: number, expectedShare: number, rule: EvaluationRule, canRaise = true) {
    this.missing = new SlidingMissing(capacity);
    this.expectedShare = expectedShare;
    const unlikely = binomialLimit(capacity, expectedShare, 1 / rule.readingsPerFalseAlarm);
    this.raiseCount = Math.max(unlikely, Math.ceil(capacity * (expectedShare + rule.minEffect)));
    this.recoveryCount = Math.floor(this.raiseCount * rule.resolveShare);
    this.canRaise = canRaise;
    this.#alpha = 1 / rule.readingsPerFalseAlarm;
  }

  get open(): OpenEvaluation | null {
    return this.#open;
  }

  /**
   * A value at its position, which counts present and missing ones from 1. A present value may be left out while nothing is open: it could
   * change nothing then.
   */
  add(position: number, isMissing: boolean, timeMs: number): Transition | undefined {
    if (isMissing) this.missing.push(position, timeMs);
    else if (this.#open === null) return undefined;
    else this.missing.advance(position);
    const count = this.missing.countAt(position);
    if (this.#open !== null) return this.#recover(count) ?? this.#escalate(position, count, timeMs);
    if (!this.canRaise || count < this.raiseCount) return undefined;
    const sinceMs = this.missing.onsetMs(position, this.expectedShare) ?? timeMs;
    this.#open = { raisedAtMs: timeMs, sinceMs };
    this.#recovered = count <= this.recoveryCount ? 1 : 0;
    this.#tell({ position, count: null });
    return 'raised';
  }

  /** Share of the values from a time on, the first of them a missing one. O(missing). */
  since(timeMs: number, position: number): ShareSince {
    const { positions, times } = this.missing.entries();
    const first = times.findIndex((each) => each >= timeMs);
    const size = first < 0 ? 0 : position - (positions[first] as number) + 1;
    return { size, share: size === 0 ? 0 : (positions.length - first) / size };
  }

  /** What `restore` needs, copied. O(missing). */
  save(): SavedMissingEvaluation {
    const { positions, times } = this.missing.entries();
    return {
      positions,
      timesMs: times,
      open: this.#open === null ? null : { ...this.#open, recovered: this.#recovered },
      told: this.#told,
    };
  }

  /** Into a new evaluation: what `save` gave. @param position of the last value */
  restore({ positions, timesMs, open, told }: SavedMissingEvaluation, position: number): void {
    for (const [index, position] of positions.entries()) this.missing.push(position, timesMs[index] as number);
    this.#open = open === null ? null : { raisedAtMs: open.raisedAtMs, sinceMs: open.sinceMs };
    this.#recovered = open?.recovered ?? 0;
    if (open !== null) this.#tell(told ?? { position, count: null });
  }

  #recover(count: number): Transition | undefined {
    this.#recovered = count <= this.recoveryCount ? this.#recovered + 1 : 0;
    if (this.#recovered < this.missing.capacity) return undefined;
    this.#open = null;
    this.#recovered = 0;
    this.#told = null;
    return 'resolved';
  }

  #escalate(position: number, count: number, timeMs: number): Transition | undefined {
    const { position: toldAt, count: toldCount } = this.#told as ToldShare;
    if (position < toldAt + this.missing.capacity) return undefined;
    if (toldCount === null) {
      this.#tell({ position, count });
      return undefined;
    }
    if (count < Math.max(this.#escalateCount, this.raiseCount)) return undefined;
    const sinceMs = this.missing.onsetMs(position, toldCount / this.missing.capacity) ?? timeMs;
    this.#open = { ...(this.#open as OpenEvaluation), sinceMs };
    this.#tell({ position, count: null });
    return 'escalated';
  }

  #tell(told: ToldShare): void {
    this.#told = told;
    this.#escalateCount = Number.POSITIVE_INFINITY;
    if (told.count === null) return;
    const { capacity } = this.missing;
    let from = told.count + 1;
    let to = capacity + 1;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (fisherExact(told.count, capacity, middle, capacity) > this.#alpha) from = middle + 1;
      else to = middle;
    }
    this.#escalateCount = from;
  }
}
