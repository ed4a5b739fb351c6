/** What alerts of other services do by the policy: roll back, void approvals, ask for training. */
import type { PromotionPolicy } from '@weir/bandit/promotion-policy';
import { askRetraining } from './actuation.ts';
import { blockingAlerts, matches } from './alerts.ts';
import { type Run, record } from './decision-log.ts';
import { voidApprovals } from './eligibility.ts';
import { endTest } from './endings.ts';
import type { RunningTest } from './running-test.ts';
import type { HeldAlert } from './state.ts';

export function rollbackByAlert(run: Run, test: RunningTest, policy: PromotionPolicy): void {
  const blocking = blockingAlerts(run.state, policy, test, 'rollback');
  const reasons = blocking.map(({ summary, severity, kind }) => `open ${severity} alert of kind ${kind}: ${summary}`);
  endTest(run, 'rolled-back', reasons);
}

/** Alerts can take effect without an outcome: at once when they roll back or void approvals. */
export function judgeAlerts(run: Run): void {
  const { test, policy } = run.state;
  if (test === null || policy === null) return;
  if (blockingAlerts(run.state, policy.policy, test, 'rollback').length > 0)
    return rollbackByAlert(run, test, policy.policy);
  const held = blockingAlerts(run.state, policy.policy, test, 'hold');
  if (test.phase === 'awaiting-approval' && held.length > 0)
    voidApprovals(
      run,
      test,
      held.map(({ summary }) => `open alert: ${summary}`),
    );
}

/** An alert that the policy answers with training: asked for at once, test or no test, and recorded. */
export function retrainOn(run: Run, alert: HeldAlert): void {
  const { state, timeMs } = run;
  if (state.policy === null || !matches(state.policy.policy, alert, 'retrain')) return;
  const version = alert.version ?? state.champion;
  const reasons = [`open ${alert.severity} alert of kind ${alert.kind}: ${alert.summary}`];
  const decisionId = record(run, {
    kind: 'guardrail-fired',
    action: 'retraining-requested',
    to: version,
    evidence: { alert: alert.id, fromMs: alert.sinceMs, toMs: timeMs },
    reasons,
  });
  askRetraining(state, {
    version,
    decisionId,
    reasons,
    alerts: [alert],
    data: { fromMs: alert.sinceMs, toMs: timeMs },
  });
}
