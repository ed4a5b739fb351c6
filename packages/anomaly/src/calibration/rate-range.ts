import { betaQuantile } from '@weir/stats/beta';
import { checkBetween, checkWhole } from '../anomaly-error.ts';

/** References of ten that keep the range. */
const KEPT = 0.9;

export interface RateRange {
  /** Shares of usual events. */
  readonly lowest: number;
  readonly highest: number;
}

/**
 * The share of usual events with p ≤ α against one reference of n scores, in nine references of ten: the law is
 * Beta(α(n + 1), (1 − α)(n + 1)), exactly where α(n + 1) is whole, and its mean is α. At α = 1/10,000 of 4,000 scores, which cannot resolve
 * it, from next to nothing to four times α; of 100,000 scores from a half to one and a half times.
 * @param alpha in (0, 1); @param size n, from 1. @throws {AnomalyError} BAD_SETTING.
 * Source: Vovk (2012), Conditional validity of inductive conformal predictors, proposition 2a.
 */
export function rateRange(alpha: number, size: number): RateRange {
  checkBetween('alpha', alpha, 0, 1);
  checkWhole('size', size, 1, Number.MAX_SAFE_INTEGER);
  const [a, b] = [alpha * (size + 1), (1 - alpha) * (size + 1)];
  return { lowest: betaQuantile((1 - KEPT) / 2, a, b), highest: betaQuantile((1 + KEPT) / 2, a, b) };
}
