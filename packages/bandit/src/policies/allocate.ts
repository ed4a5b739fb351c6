/** The allocation that a promotion policy names, for one challenger beside the champion. */
import type { Arm } from '../arm.ts';
import type { PromotionPolicy } from '../promotion-policy.ts';
import { cappedThompson } from './capped-thompson.ts';
import { fixed } from './fixed.ts';
import { ladder } from './ladder.ts';
import { topTwo } from './top-two.ts';

/**
 * @param arms champion first, then the challenger
 * @returns weights in 1/10^6
 * @throws {BanditError} BAD_WEIGHTS, BAD_SETTING. Cost as of the policy.
 */
export function allocate(allocation: PromotionPolicy['allocation'], arms: readonly [Arm, Arm]): number[] {
  const { policy, bounds, share } = allocation;
  if (policy === 'fixed') return fixed(2, share, bounds);
  if (policy === 'ladder') return ladder(allocation.ladder, arms[1].outcomes, bounds);
  return policy === 'top-two' ? topTwo(arms, bounds) : cappedThompson(arms, bounds);
}
