import { checkBetween, checkWhole } from '../anomaly-error.ts';

/**
 * Probability that at least `count` of `events` new events have p ≤ α against a reference of n scores, when all are exchangeable. The
 * share beyond the level is not α but that of one reference, Beta(α(n + 1), (1 − α)(n + 1)): so the count is beta-binomial, exactly where
 * α(n + 1) is whole, and its mean is events · α.
 * @param alpha in (0, 1); @param size n, from 1; @param events new ones, from 0; @param count from 0.
 * @throws {AnomalyError} BAD_SETTING. O(events)
 * Source: Vovk (2012), Conditional validity of inductive conformal predictors, proposition 2a.
 */
export function chanceOfOdd(alpha: number, size: number, events: number, count: number): number {
  checkBetween('alpha', alpha, 0, 1);
  checkWhole('size', size, 1, Number.MAX_SAFE_INTEGER);
  checkWhole('events', events, 0, Number.MAX_SAFE_INTEGER);
  checkWhole('count', count, 0, Number.MAX_SAFE_INTEGER);
  const [a, b] = [alpha * (size + 1), (1 - alpha) * (size + 1)];
  let logMass = 0;
  for (let i = 0; i < events; i += 1) logMass += Math.log1p(-a / (a + b + i));
  let below = 0;
  for (let k = 0; k < Math.min(count, events + 1); k += 1) {
    below += Math.exp(logMass);
    logMass += Math.log(((events - k) * (k + a)) / ((k + 1) * (events - k - 1 + b)));
  }
  return Math.min(1, Math.max(0, 1 - below));
}
