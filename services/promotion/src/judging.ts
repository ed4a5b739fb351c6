/**
 * What follows from an outcome: registered → shadow → canary → awaiting-approval → live (→ holdback) → retired, and from a test rolled-back,
 * retired or killed. Each step is a decision, recorded where it is made (openings.ts, eligibility.ts, endings.ts); a guardrail asks nobody.
 */
import type { PromotionPolicy } from '@weir/bandit/promotion-policy';
import { verdictOf } from '@weir/bandit/promotion-rule';
import { DEFAULT_PACE, nextLook, paced } from '@weir/bandit/weights';
import { rollbackByAlert } from './alert-reactions.ts';
import { blockingAlerts } from './alerts.ts';
import { type Run, record } from './decision-log.ts';
import { becomeEligible, voidApprovals } from './eligibility.ts';
import { endTest } from './endings.ts';
import { failing, figuresOf } from './figures.ts';
import { barsOf, evidenceOf, type RunningTest } from './running-test.ts';
import { armsOf, sharesOf } from './shares.ts';
import { splitOf } from './state.ts';

/** After each matured outcome of the test: everything that could follow from it. */
export function judge(run: Run, test: RunningTest, policy: PromotionPolicy): void {
  const { state } = run;
  const bars = barsOf(policy, test);
  const evidence = evidenceOf(test, policy, state.halt);
  const verdict = verdictOf(evidence, bars);
  if (verdict === 'rollback') {
    const reasons = failing(run, test, policy);
    record(run, {
      kind: 'guardrail-fired',
      from: test.challenger,
      to: test.champion,
      evidence: figuresOf(test),
      reasons,
    });
    return endTest(run, 'rolled-back', reasons);
  }
  if (blockingAlerts(state, policy, test, 'rollback').length > 0) return rollbackByAlert(run, test, policy);
  if (test.phase === 'holdback') return;
  if (test.phase === 'awaiting-approval') {
    if (verdict !== 'promote') voidApprovals(run, test, failing(run, test, policy));
    return;
  }
  if (verdict === 'retire') return endTest(run, 'retired', failing(run, test, policy));
  if (verdict === 'promote' && test.scored >= test.eligibleFrom) return becomeEligible(run, test, policy);
  reallocate(run, test, policy);
}

function reallocate(run: Run, test: RunningTest, policy: PromotionPolicy): void {
  const { estimate } = test;
  if (estimate.outcomes < test.nextLook || run.state.halt !== 'none') return;
  test.nextLook = nextLook(estimate.outcomes, DEFAULT_PACE);
  const split = splitOf(run.state);
  const current = [split?.weights[test.champion] ?? 0, split?.weights[test.challenger] ?? 0];
  const weights = paced(current, sharesOf(policy, test), DEFAULT_PACE);
  if (weights === current) return;
  record(run, {
    kind: 'weights-set',
    from: test.champion,
    to: test.challenger,
    weights: armsOf(test, weights),
    evidence: figuresOf(test),
    reasons: [`allocation ${policy.allocation.policy} after ${estimate.outcomes} outcomes`],
  });
}
