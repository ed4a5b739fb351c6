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
  const proposals = groups.map(({ scores, labels }, g) => {
    if (criterion === 'true-positive-rate' && labels === undefined) {
      throw new ExplainError(
        'BAD_ARGUMENT',
        `group ${g} has no labels, which equal true positive rates need; use selection-rate or wait for labels`,
      );
    }
    const counted = Float64Array.from(scores).filter((_, at) => criterion === 'selection-rate' || labels![at] === 1);
    if (counted.length === 0)
      throw new ExplainError('BAD_ARGUMENT', `group ${g} has no event that the criterion counts; wait for more`);
    return nearest(counted.sort().reverse(), target);
  });
  return { thresholds: proposals.map(([threshold]) => threshold), rates: proposals.map(([, rate]) => rate) };
}

/** Threshold among the distinct scores whose rate is nearest to the target; ties go to the lower rate. */
function nearest(descending: Float64Array, target: number): readonly [threshold: number, rate: number] {
  let best: readonly [number, number] = [Number.POSITIVE_INFINITY, 0];
  for (let at = 0; at < descending.length; at += 1) {
    if (at + 1 < descending.length && descending[at + 1] === descending[at]) continue;
    const rate = (at + 1) / descending.length;
    if (Math.abs(rate - target) < Math.abs(best[1] - target)) best = [descending[at]!, rate];
  }
  return best;
}
