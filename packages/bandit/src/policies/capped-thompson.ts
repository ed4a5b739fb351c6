/**
 * Weight of an arm = probability that it is best, between floor and cap: the default. As fast to a promotion as an even split, with less
 * exposure to a challenger that is worse; slow to *prove* that a mild loser is worse, which is what `fixed` at ½ is for.
 * Source: Thompson (1933), in expectation instead of by draws, so that weights follow from recorded counts alone.
 */
import type { Arm } from '../arm.ts';
import { bestProbabilities } from '../best-probability.ts';
import { type WeightBounds, weightsOf } from '../weights.ts';

/** @param arms champion first; @throws {BanditError} BAD_WEIGHTS. Cost as of `bestProbabilities`. */
export function cappedThompson(arms: readonly Arm[], bounds: WeightBounds): number[] {
  return weightsOf(bestProbabilities(arms), bounds);
}
