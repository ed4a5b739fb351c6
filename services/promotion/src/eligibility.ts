/** A promotion that people decide: until enough of them have approved, everything that allowed it must go on holding. */
import type { PromotionPolicy } from '@weir/bandit/promotion-policy';
import { decide, verdictOf } from '@weir/bandit/promotion-rule';
import { DEFAULT_PACE, nextLook } from '@weir/bandit/weights';
import { blockingAlerts } from './alerts.ts';
import { type Run, record } from './decision-log.ts';
import { promote } from './endings.ts';
import { failing, figuresOf } from './figures.ts';
import { tell } from './promotion-alerts.ts';
import { barsOf, evidenceOf, type RunningTest } from './running-test.ts';
import { setStage, versionOf } from './state.ts';

export function becomeEligible(run: Run, test: RunningTest, policy: PromotionPolicy): void {
  const { state, timeMs } = run;
  const held = blockingAlerts(state, policy, test, 'hold');
  if (held.length > 0) {
    if (test.isHeld) return;
    test.isHeld = true;
    const reasons = held.map(({ summary, severity, kind }) => `open ${severity} alert of kind ${kind}: ${summary}`);
    const decisionId = record(run, {
      kind: 'guardrail-fired',
      action: 'held-by-alert',
      from: test.champion,
      to: test.challenger,
      evidence: figuresOf(test),
      reasons,
    });
    tell(run, 'held', { decisionId, from: test.champion, to: test.challenger, reasons });
    return;
  }
  test.isHeld = false;
  const { reasons } = decide(evidenceOf(test, policy, state.halt), barsOf(policy, test));
  const decisionId = record(run, {
    kind: 'eligible',
    from: test.champion,
    to: test.challenger,
    evidence: figuresOf(test),
    reasons: reasons.map(({ rule, said }) => `${rule}: ${said}`),
  });
  if (policy.approval.required === 0)
    return promote(run, test, policy, [`no approval is required, decision ${decisionId}`]);
  test.phase = 'awaiting-approval';
  test.approvals = [];
  const digest = versionOf(state, test.challenger)?.digest ?? null;
  test.eligible = { decisionId, lapsesMs: timeMs + policy.approval.ttlMs, digest };
  setStage(state, test.challenger, 'awaiting-approval');
}

/** Back to the canary: what was approved is no longer what would be promoted. */
export function voidApprovals(run: Run, test: RunningTest, reasons: readonly string[]): void {
  const count = test.approvals.length;
  test.phase = 'canary';
  test.approvals = [];
  test.eligible = null;
  test.eligibleFrom = nextLook(test.scored, DEFAULT_PACE);
  setStage(run.state, test.challenger, 'canary');
  const said = [`${count} approvals are void`, ...reasons];
  record(run, {
    kind: 'reset',
    action: 'approvals-void',
    from: 'awaiting-approval',
    to: test.challenger,
    reasons: said,
  });
}

/** Whether the rules hold at this moment, alerts and digest among them: asked again when the last approval comes. */
export function whyNotNow(run: Run, test: RunningTest, policy: PromotionPolicy): readonly string[] {
  const { state } = run;
  const digest = versionOf(state, test.challenger)?.digest ?? null;
  return [
    ...(verdictOf(evidenceOf(test, policy, state.halt), barsOf(policy, test)) === 'promote'
      ? []
      : failing(run, test, policy)),
    ...blockingAlerts(state, policy, test, 'hold').map(({ summary }) => `open alert: ${summary}`),
    ...(test.eligible === null || test.eligible.digest === digest ? [] : ['the digest of the challenger has changed']),
  ];
}
