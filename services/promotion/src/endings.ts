/** The ends of a test, and what serves after each: promoted, rolled back, retired, killed; and the return of the version before. */
import type { PromotionPolicy } from '@weir/bandit/promotion-policy';
import { WHOLE } from '@weir/bandit/weights';
import type { Entry } from '@weir/ledger/entry';
import { askRetraining } from './actuation.ts';
import { type Decision, type Run, record } from './decision-log.ts';
import { figuresOf } from './figures.ts';
import { openTest } from './openings.ts';
import { resolveTold, tell } from './promotion-alerts.ts';
import type { RunningTest } from './running-test.ts';
import { armsOf } from './shares.ts';
import { setStage } from './state.ts';

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
