/** Shares of the two arms of a test, as its allocation policy gives them and as a split has them. */
import { allocate } from '@weir/bandit/policies/allocate';
import type { PromotionPolicy } from '@weir/bandit/promotion-policy';
import type { RunningTest } from './running-test.ts';

/** Champion first, in 1/10^6. */
export function sharesOf({ allocation }: PromotionPolicy, { estimate }: RunningTest): readonly number[] {
  return allocate(allocation, [
    { outcomes: estimate.championOutcomes, rewards: estimate.championRewards },
    { outcomes: estimate.challengerOutcomes, rewards: estimate.challengerRewards },
  ]);
}

export function armsOf(
  { champion, challenger }: RunningTest,
  [first = 0, second = 0]: readonly number[],
): Map<string, number> {
  return new Map([
    [champion, first],
    [challenger, second],
  ]);
}
