/** Advice against an unfair model. Nothing here changes a decision: thresholds and weights are proposals that somebody has to adopt. */
import { ExplainError } from '../errors.ts';

/**
 * Weights for retraining that make label and group independent: w(g, y) = n_g n_y / (n · n_gy).
 * @param counts per group, events with label 0 and 1. @returns per group, the weights of label 0 and 1; 0 where there is no event. O(groups).
 * Source: Kamiran and Calders (2012), Data preprocessing techniques for classification without discrimination.
 */
export function reweighing(counts: readonly (readonly [zeros: number, ones: number])[]): (readonly [number, number])[] {
  const zeros = counts.reduce((sum, [zero]) => sum + zero, 0);
  const ones = counts.reduce((sum, [, one]) => sum + one, 0);
  return counts.map(([zero, one]) => {
    const share = (zero + one) / (zeros + ones);
    return [zero === 0 ? 0 : (share * zeros) / zero, one === 0 ? 0 : (share * ones) / one] as const;
  });
}

export interface ScoredGroup {
  readonly scores: ArrayLike<number>;
  /** 0 or 1 per score; needed for equal true positive rates. */
  readonly labels?: ArrayLike<number>;
  /** Events per score, 1 by default. */
  readonly counts?: ArrayLike<number>;
}

export interface ThresholdProposal {
  /** Per group: select when score ≥ threshold. */
  readonly thresholds: readonly number[];
  /** Per group: the rate that the threshold gives. */
  readonly rates: readonly number[];
}

/**
 * A threshold per group that brings each to the target rate, as near as its scores allow: of selection (demographic parity), or of selection
 * among label 1 (equal opportunity). @param target in (0, 1), such as the overall rate today. O(n log n). @throws {ExplainError} BAD_ARGUMENT
 * Source: Hardt, Price and Srebro (2016), Equality of opportunity in supervised learning, without the randomised mixture.
 */
export function proposeThresholds(
  groups: readonly ScoredGroup[],
  criterion: 'selection-rate' | 'true-positive-rate',
  target: number,
): ThresholdProposal {
  if (!(target > 0 && target < 1))
    throw new ExplainError('BAD_ARGUMENT', `the target rate is ${target}, but must lie in (0, 1)`);
  const proposals = groups.map(({ scores, labels, counts }, g) => {
    if (criterion === 'true-positive-rate' && labels === undefined) {
      throw new ExplainError(
        'BAD_ARGUMENT',
        `group ${g} has no labels, which equal true positive rates need; use selection-rate or wait for labels`,
      );
    }
    const counted = Array.from(scores, (score, at): Counted => [score, counts?.[at] ?? 1]).filter(
      ([, count], at) => count > 0 && (criterion === 'selection-rate' || labels![at] === 1),
    );
    if (counted.length === 0)
      throw new ExplainError('BAD_ARGUMENT', `group ${g} has no event that the criterion counts; wait for more`);
    return nearest(
      counted.sort(([a], [b]) => b - a),
      target,
    );
  });
  return { thresholds: proposals.map(([threshold]) => threshold), rates: proposals.map(([, rate]) => rate) };
}

type Counted = readonly [score: number, count: number];

/** Threshold among the distinct scores whose rate is nearest to the target; ties go to the lower rate. Infinity: to select none is nearest. */
function nearest(descending: readonly Counted[], target: number): readonly [threshold: number, rate: number] {
  const total = descending.reduce((sum, [, count]) => sum + count, 0);
  let best: readonly [number, number] = [Number.POSITIVE_INFINITY, 0];
  let selected = 0;
  for (const [at, [score, count]] of descending.entries()) {
    selected += count;
    if (descending[at + 1]?.[0] === score) continue;
    const rate = selected / total;
    if (Math.abs(rate - target) < Math.abs(best[1] - target)) best = [score, rate];
  }
  return best;
}
