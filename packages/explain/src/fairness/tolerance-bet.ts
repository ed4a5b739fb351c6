/**
 * One-sided test by betting that group B is treated worse than a tolerance allows, against all others (A). Null hypotheses: p_B ≥ τ p_A where a
 * low rate is harm, τ p_B ≤ p_A where a high rate is. Each bet compares the mean of A and of B since the last bet,
 *   d = τ·mean(A) − mean(B)   or   d = τ·mean(B) − mean(A),   in [−1, 1],
 * and wealth *= 1 + λ d with λ from the past only. Under the null wealth is a supermartingale, so that looking after every event costs nothing:
 * P(wealth ever reaches 1/α) ≤ α (Ville).
 * Source: Chugg et al. (2023), Auditing Fairness by Betting, arXiv 2305.17570. Departure: a bet settles as soon as both groups have an event, so
 * that a run of one group waits for the other; arrivals do not depend on outcomes, which keeps the null.
 */

/** One bet is `BET_FIELDS` numbers of a Float64Array, so that thousands of cells are one plain array. */
export const BET_FIELDS = 9;
const A_SUM = 0;
const A_COUNT = 1;
const B_SUM = 2;
const B_COUNT = 3;
const BETS = 4;
const D_SUM = 5;
const D_SQUARES = 6;
const LOG_WEALTH = 7;
const MAX_LOG_WEALTH = 8;
/** Wealth can lose nine tenths in one bet, never all. */
const MAX_LAMBDA = 0.9;
/** Imagined bets of mean 0 and this variance before the first: without them a few lucky first bets stake nearly all. */
const PRIOR_BETS = 6;
const PRIOR_VARIANCE = 0.25;

export type Harm = 'low' | 'high';

/** An event of A. @param y in [0, 1]. O(1). */
export function betOnA(bets: Float64Array, at: number, y: number, ratio: number, harm: Harm): void {
  bets[at + A_SUM]! += y;
  bets[at + A_COUNT]! += 1;
  if (bets[at + B_COUNT]! > 0) settle(bets, at, ratio, harm);
}

/** An event of B. @param y in [0, 1]. O(1). */
export function betOnB(bets: Float64Array, at: number, y: number, ratio: number, harm: Harm): void {
  bets[at + B_SUM]! += y;
  bets[at + B_COUNT]! += 1;
  if (bets[at + A_COUNT]! > 0) settle(bets, at, ratio, harm);
}

function settle(bets: Float64Array, at: number, ratio: number, harm: Harm): void {
  const a = bets[at + A_SUM]! / bets[at + A_COUNT]!;
  const b = bets[at + B_SUM]! / bets[at + B_COUNT]!;
  placeBet(bets, at, harm === 'low' ? ratio * a - b : ratio * b - a);
  bets.fill(0, at, at + BETS);
}

/** Multiplies wealth by 1 + λ d. @param d at least −1, of mean ≤ 0 under the null, whatever came before. O(1). */
export function placeBet(bets: Float64Array, at: number, d: number): void {
  const n = bets[at + BETS]! + PRIOR_BETS;
  const mean = bets[at + D_SUM]! / n;
  const second = (PRIOR_BETS * PRIOR_VARIANCE + bets[at + D_SQUARES]!) / n;
  // μ / (σ² + μ²) with σ² + μ² the second moment: the growth-optimal fraction to second order.
  const lambda = Math.min(MAX_LAMBDA, Math.max(0, mean / second));
  if (lambda > 0) bets[at + LOG_WEALTH]! += Math.log1p(lambda * d);
  if (bets[at + LOG_WEALTH]! > bets[at + MAX_LOG_WEALTH]!) bets[at + MAX_LOG_WEALTH] = bets[at + LOG_WEALTH]!;
  bets[at + BETS]! += 1;
  bets[at + D_SUM]! += d;
  bets[at + D_SQUARES]! += d * d;
}

export function logWealth(bets: Float64Array, at: number): number {
  return bets[at + LOG_WEALTH]!;
}

/** Largest so far: what Ville's inequality bounds. */
export function maxLogWealth(bets: Float64Array, at: number): number {
  return bets[at + MAX_LOG_WEALTH]!;
}

export function betCount(bets: Float64Array, at: number): number {
  return bets[at + BETS]!;
}
