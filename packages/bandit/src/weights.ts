/** Traffic of each arm in millionths. Index 0 is the champion. */
import { BanditError } from './errors.ts';

/** Weights of a model sum to this: fine enough for one request in 10^6, exact in every language's integers. */
export const WHOLE = 1_000_000;

export interface WeightBounds {
  /** Least weight of every arm while its test runs, millionths: without it an arm could no longer prove itself. */
  readonly floor: number;
  /** Most weight of a challenger, millionths. */
  readonly cap: number;
}

/** .05 and .5: a challenger never has more traffic than the champion in a test of two, and none ever falls silent. */
export const DEFAULT_BOUNDS: WeightBounds = { floor: 50_000, cap: 500_000 };

/** @throws {BanditError} BAD_WEIGHTS when no weights of that many arms could keep the bounds */
export function checkBounds({ floor, cap }: WeightBounds, arms: number): void {
  if (!Number.isInteger(floor) || floor < 1 || floor * arms > WHOLE)
    throw new BanditError(
      'BAD_WEIGHTS',
      `floor is ${floor} with ${arms} arms; it must be a whole number of millionths, at least 1, at most ${Math.floor(WHOLE / arms)}; lower it or test fewer arms at once`,
    );
  if (!Number.isInteger(cap) || cap < floor || cap > WHOLE)
    throw new BanditError(
      'BAD_WEIGHTS',
      `cap is ${cap}; it must be a whole number of millionths from the floor ${floor} to ${WHOLE}; raise it`,
    );
}

/**
 * The weights closest to the shares (least sum of squares) that keep floor and cap, sum exactly WHOLE.
 * @param shares one for each arm, at least 0, of sum 1
 * @throws {BanditError} BAD_WEIGHTS. O(arms · log).
 */
export function weightsOf(shares: readonly number[], bounds: WeightBounds): number[] {
  checkBounds(bounds, shares.length);
  const sum = shares.reduce((total, share) => total + share, 0);
  if (!(Math.abs(sum - 1) < 1e-6) || shares.some((share) => !(share >= 0)))
    throw new BanditError(
      'BAD_WEIGHTS',
      `shares are ${shares.join(', ')}; they must be at least 0 and sum to 1; divide each by the sum`,
    );
  const bounded = (offset: number): number[] =>
    shares.map((share, arm) => clamp(share * WHOLE + offset, bounds.floor, arm === 0 ? WHOLE : bounds.cap));
  // The sum of the bounded shares rises with the offset, from below WHOLE to above it.
  let low = -WHOLE;
  let high = WHOLE;
  for (let step = 0; step < 60; step += 1) {
    const middle = (low + high) / 2;
    if (bounded(middle).reduce((total, weight) => total + weight, 0) < WHOLE) low = middle;
    else high = middle;
  }
  return rounded(bounded(high));
}

/**
 * Whole weights of sum WHOLE: each rounded down, and the rest to those with the largest remainders; of equal ones to the earlier arm.
 * Bounds that are whole numbers stay kept: a weight at its bound has no remainder.
 */
export function rounded(weights: readonly number[]): number[] {
  const whole = weights.map((weight) => Math.floor(weight + 1e-6));
  let rest = WHOLE - whole.reduce((total, weight) => total + weight, 0);
  const order = weights
    .map((weight, arm) => ({ arm, remainder: weight - (whole[arm] as number) }))
    .sort((a, b) => b.remainder - a.remainder || a.arm - b.arm);
  for (const { arm } of order) {
    if (rest <= 0) break;
    whole[arm] = (whole[arm] as number) + 1;
    rest -= 1;
  }
  return whole;
}

export interface WeightPace {
  /** No new epoch for a move of less than this, millionths: each epoch costs every client a new split. */
  readonly leastMove: number;
  /** No arm moves by more than this in one epoch, millionths. */
  readonly mostMove: number;
  /** Matured outcomes between two looks of the policy: at least so many, and at least this share of all so far. */
  readonly leastOutcomes: number;
  readonly growth: number;
}

/** A worse challenger loses its traffic within a few hundred outcomes: bench/promotion holds what that exposes (P5). */
export const DEFAULT_PACE: WeightPace = { leastMove: 20_000, mostMove: 500_000, leastOutcomes: 50, growth: 0.05 };

/** Weights of the next epoch on the way from `current` to `wanted`; `current` itself when no arm would move enough. O(arms). */
export function paced(
  current: readonly number[],
  wanted: readonly number[],
  { leastMove, mostMove }: WeightPace,
): readonly number[] {
  const largest = Math.max(...current.map((weight, arm) => Math.abs((wanted[arm] as number) - weight)));
  if (largest < leastMove) return current;
  if (largest <= mostMove) return wanted;
  const part = mostMove / largest;
  return rounded(current.map((weight, arm) => weight + part * ((wanted[arm] as number) - weight)));
}

/** Count of matured outcomes at which the policy is asked again: early often, later when there is something new to learn. */
export function nextLook(outcomes: number, { leastOutcomes, growth }: WeightPace): number {
  return outcomes + Math.max(leastOutcomes, Math.floor(growth * outcomes));
}

/** Propensity of challenger `arm` out of itself and the champion: what a comparison of the two is told. */
export function pairPropensity(weights: readonly number[], arm: number): number {
  const challenger = weights[arm] as number;
  return challenger / (challenger + (weights[0] as number));
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
