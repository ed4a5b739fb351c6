/** What an entry says of a test: its figures, and the rules that do not hold. */
import type { PromotionPolicy } from '@weir/bandit/promotion-policy';
import { decide } from '@weir/bandit/promotion-rule';
import type { Run } from './decision-log.ts';
import { barsOf, evidenceOf, intervalNow, type RunningTest } from './running-test.ts';

/** The rules that do not hold. */
export function failing({ state }: Run, test: RunningTest, policy: PromotionPolicy): string[] {
  const { reasons } = decide(evidenceOf(test, policy, state.halt), barsOf(policy, test));
  return reasons.filter(({ holds }) => !holds).map(({ rule, said }) => `${rule}: ${said}`);
}

/** Reals as integers scaled by 10^9, e-values as decimal text: they may be larger than any integer. */
export function figuresOf(test: RunningTest): Record<string, number | string> {
  const { comparison, estimate, missing, scored } = test;
  const { lower, upper } = intervalNow(test);
  return {
    eValueBetter: String(comparison.promote.peak),
    eValueWorse: String(comparison.harm.peak),
    effectLower: scaled(lower),
    effectUpper: scaled(upper),
    championOutcomes: estimate.championOutcomes,
    challengerOutcomes: estimate.challengerOutcomes,
    scored,
    missing,
  };
}

export function scaled(value: number): number {
  // Not −0, which the canonical form refuses.
  return Math.round(value * 1e9) + 0;
}
