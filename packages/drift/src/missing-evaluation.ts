import { binomialLimit } from '@weir/stats/binomial';
import type { EvaluationRule, OpenEvaluation, SavedOpenEvaluation, Transition } from './evaluation.ts';
import { SlidingMissing } from './sliding-missing.ts';

export interface SavedMissingEvaluation {
  /** Positions of the missing values of the window, oldest first, and their times, ms. */
  readonly positions: Float64Array;
  readonly timesMs: Float64Array;
  readonly open: SavedOpenEvaluation | null;
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
 * `resolveShare` of that count. Amortised O(1) a value.
 */
export class MissingEvaluation {
  readonly missing: SlidingMissing;
  readonly expectedShare: number;
  /** Missing values of W that raise, and at or below which what was raised recovers; W + 1 when nothing can raise. */
  readonly raiseCount: number;
  readonly recoveryCount: number;
  /** False for a window that only waits for its open evaluation to resolve. */
  readonly canRaise: boolean;
  #open: OpenEvaluation | null = null;
  #recovered = 0;

  /** @param capacity W */
  constructor(capacity: number, expectedShare: number, rule: EvaluationRule, canRaise = true) {
    this.missing = new SlidingMissing(capacity);
    this.expectedShare = expectedShare;
    const unlikely = binomialLimit(capacity, expectedShare, 1 / rule.readingsPerFalseAlarm);
    this.raiseCount = Math.max(unlikely, Math.ceil(capacity * (expectedShare + rule.minEffect)));
    this.recoveryCount = Math.floor(this.raiseCount * rule.resolveShare);
    this.canRaise = canRaise;
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
    if (this.#open !== null) return this.#recover(count);
    if (!this.canRaise || count < this.raiseCount) return undefined;
    const sinceMs = this.missing.onsetMs(position, this.expectedShare) ?? timeMs;
    this.#open = { raisedAtMs: timeMs, sinceMs };
    this.#recovered = count <= this.recoveryCount ? 1 : 0;
    return 'raised';
  }

  /** What `restore` needs, copied. O(missing). */
  save(): SavedMissingEvaluation {
    const { positions, times } = this.missing.entries();
    return {
      positions,
      timesMs: times,
      open: this.#open === null ? null : { ...this.#open, recovered: this.#recovered },
    };
  }

  /** Into a new evaluation: what `save` gave. */
  restore({ positions, timesMs, open }: SavedMissingEvaluation): void {
    for (const [index, position] of positions.entries()) this.missing.push(position, timesMs[index] as number);
    this.#open = open === null ? null : { raisedAtMs: open.raisedAtMs, sinceMs: open.sinceMs };
    this.#recovered = open?.recovered ?? 0;
  }

  #recover(count: number): Transition | undefined {
    this.#recovered = count <= this.recoveryCount ? this.#recovered + 1 : 0;
    if (this.#recovered < this.missing.capacity) return undefined;
    this.#open = null;
    this.#recovered = 0;
    return 'resolved';
  }
}
