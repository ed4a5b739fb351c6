/**
 * The states of versions and the steps between them: registered → shadow → canary → awaiting-approval → live (→ holdback) → retired, and from
 * a test rolled-back, retired or killed. Each step is a decision; a guardrail asks nobody.
 */
import { createHash } from 'node:crypto';
import { alphaOfTest } from '@weir/bandit/alpha-spending';
import { allocate } from '@weir/bandit/policies/allocate';
import type { PromotionPolicy } from '@weir/bandit/promotion-policy';
import { decide, verdictOf } from '@weir/bandit/promotion-rule';
import { DEFAULT_PACE, nextLook, paced, WHOLE } from '@weir/bandit/weights';
import type { Entry } from '@weir/ledger/entry';
import { askRetraining } from './actuation.ts';
import { blockingAlerts, matches } from './alerts.ts';
import { type Decision, type Run, record } from './decision-log.ts';
import { resolveTold, tell } from './promotion-alerts.ts';
import { barsOf, createTest, evidenceOf, intervalNow, type RunningTest } from './running-test.ts';
import { epochOf, type HeldAlert, type ModelState, type Stage, splitOf, type Version, versionOf } from './state.ts';

/** The next version that has not had its test. */
export function waitingVersion({ versions }: ModelState): Version | undefined {
  return versions.find(({ stage }) => stage === 'registered' || stage === 'shadow');
}

/** Whether a test could open, now or after the cooldown. */
export function mayOpen(state: ModelState): boolean {
  const { policy, champion, test, halt } = state;
  return (
    policy !== null && champion !== null && test === null && halt === 'none' && waitingVersion(state) !== undefined
  );
}

/** Opens the test of the next version, when nothing is in its way. */
export function openTest(run: Run, opensWith: 'next-prediction' | 'now'): void {
  const { state, timeMs } = run;
  const { policy: inForce, champion } = state;
  if (inForce === null || champion === null) return;
  if (!mayOpen(state) || timeMs < state.coolsUntilMs) {
    for (const version of state.versions) if (version.stage === 'registered') version.stage = 'shadow';
    return;
  }
  const { policy, hash } = inForce;
  const challenger = waitingVersion(state) as Version;
  for (const version of state.versions) if (version.stage === 'registered') version.stage = 'shadow';
  challenger.stage = 'canary';
  state.tests += 1;
  const salt = createHash('sha256').update(`${state.model}\n${state.tests}\n${hash}`).digest('hex').slice(0, 32);
  const { lifetime, perTest } = policy.alpha;
  const alpha = alphaOfTest(state.tests, lifetime, perTest);
  state.test = createTest(
    {
      number: state.tests,
      id: `test-${state.tests}`,
      salt,
      champion,
      challenger: challenger.name,
      alpha,
      firstEpoch: epochOf(state) + 1,
      openedMs: opensWith === 'now' ? timeMs : null,
      scoredMs: timeMs,
      phase: 'canary',
      approvals: [],
      eligible: null,
      eligibleFrom: 0,
      nextLook: nextLook(0, DEFAULT_PACE),
      scored: 0,
      missing: 0,
      misassigned: 0,
      repeated: 0,
      unrouted: 0,
      isHeld: false,
      holdbackEndsMs: 0,
    },
    policy,
  );
  const weights = sharesOf(policy, state.test);
  const decisionId = record(run, {
    kind: 'test-opened',
    from: champion,
    to: challenger.name,
    weights: armsOf(state.test, weights),
    salt,
    evidence: { alpha: scaled(alpha), test: state.tests },
    reasons: [`test ${state.tests} of the model may spend ${alpha.toPrecision(4)} of the lifetime level ${lifetime}`],
  });
  resolveTold(run, decisionId);
}

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

function becomeEligible(run: Run, test: RunningTest, policy: PromotionPolicy): void {
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

/** The challenger serves. @param how approvals, or the break-glass */
export function promote(run: Run, test: RunningTest, policy: PromotionPolicy, how: readonly string[]): void {
  const { state, timeMs } = run;
  const { share, durationMs } = policy.holdback;
  const isHeldBack = share > 0 && durationMs > 0;
  state.previous = test.champion;
  state.champion = test.challenger;
  setStage(state, test.challenger, 'live');
  setStage(state, test.champion, isHeldBack ? 'holdback' : 'retired');
  state.coolsUntilMs = timeMs + policy.cooldownMs;
  test.phase = 'holdback';
  test.holdbackEndsMs = timeMs + durationMs;
  test.eligible = null;
  test.approvals = [];
  const kept = isHeldBack ? Math.round(share * WHOLE) : 0;
  const decisionId = record(run, {
    kind: 'promoted',
    from: test.champion,
    to: test.challenger,
    weights: isHeldBack ? armsOf(test, [kept, WHOLE - kept]) : new Map([[test.challenger, WHOLE]]),
    evidence: figuresOf(test),
    reasons: how,
  });
  resolveTold(run, decisionId);
  if (!isHeldBack) state.test = null;
}

/** The old champion has kept its share for long enough. */
export function endHoldback(run: Run, test: RunningTest): void {
  const { state } = run;
  setStage(state, test.champion, 'retired');
  record(run, {
    kind: 'retired',
    from: test.champion,
    to: test.challenger,
    weights: new Map([[test.challenger, WHOLE]]),
    evidence: figuresOf(test),
    reasons: ['the holdback is over and no guardrail fired'],
  });
  state.test = null;
  openTest(run, 'now');
}

/** The challenger loses its traffic; during the holdback the old champion gets all of it back. */
export function endTest(
  run: Run,
  stage: 'rolled-back' | 'retired' | 'killed',
  reasons: readonly string[],
  actor?: Entry['actor'],
): void {
  const { state, timeMs } = run;
  const { test, policy } = state;
  if (test === null || policy === null) return;
  const loser = test.challenger;
  if (test.phase === 'holdback') {
    state.champion = test.champion;
    state.previous = null;
    setStage(state, test.champion, 'live');
  }
  setStage(state, loser, stage);
  state.coolsUntilMs = timeMs + policy.policy.cooldownMs;
  const decision: Decision = {
    kind: stage,
    from: loser,
    to: state.champion,
    weights: new Map([[state.champion ?? '', WHOLE]]),
    evidence: figuresOf(test),
    reasons,
    ...(actor === undefined ? {} : { actor }),
  };
  const decisionId = record(run, decision);
  state.test = null;
  askRetraining(state, {
    version: loser,
    decisionId,
    reasons,
    alerts: [...state.alerts.values()],
    data: { fromMs: test.openedMs ?? timeMs, toMs: timeMs },
  });
  if (stage !== 'retired') tell(run, stage, { decisionId, from: loser, to: state.champion, reasons });
  openTest(run, 'now');
}

/** Without a test: the version that served before serves again. @returns false when there is none */
export function returnToPrevious(
  run: Run,
  stage: 'rolled-back' | 'killed',
  reasons: readonly string[],
  actor: Entry['actor'],
): boolean {
  const { state, timeMs } = run;
  const { previous, champion } = state;
  if (previous === null || champion === null) return false;
  state.champion = previous;
  state.previous = null;
  setStage(state, champion, stage);
  setStage(state, previous, 'live');
  state.coolsUntilMs = timeMs + (state.policy?.policy.cooldownMs ?? 0);
  const weights = new Map([[previous, WHOLE]]);
  const decisionId = record(run, { kind: stage, from: champion, to: previous, weights, reasons, actor });
  tell(run, stage, { decisionId, from: champion, to: previous, reasons });
  return true;
}

function rollbackByAlert(run: Run, test: RunningTest, policy: PromotionPolicy): void {
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

/** Champion first, in 1/10^6. */
function sharesOf({ allocation }: PromotionPolicy, { estimate }: RunningTest): readonly number[] {
  return allocate(allocation, [
    { outcomes: estimate.championOutcomes, rewards: estimate.championRewards },
    { outcomes: estimate.challengerOutcomes, rewards: estimate.challengerRewards },
  ]);
}

function armsOf(
  { champion, challenger }: RunningTest,
  [first = 0, second = 0]: readonly number[],
): Map<string, number> {
  return new Map([
    [champion, first],
    [challenger, second],
  ]);
}

export function setStage(state: ModelState, name: string, stage: Stage): void {
  const version = versionOf(state, name);
  if (version !== undefined) version.stage = stage;
}

/** The rules that do not hold. */
function failing({ state }: Run, test: RunningTest, policy: PromotionPolicy): string[] {
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
