/**
 * Until what was decided holds: an actuation that failed its tries is asked again, later each time, until it is done, another decision takes
 * its place, or it is given up. Giving up is a decision of its own, and an alert.
 */
import type { EffectAnswer } from '@weir/service-kit/effects/effect';
import { type Run, record } from './decision-log.ts';
import { resolveTold, tell } from './promotion-alerts.ts';
import type { ModelState } from './state.ts';

/** Tries of one asking, some seconds in all; fewer on a failure mean that the same call would be refused again. */
export const TRIES = 5;
const FIRST_WAIT_MS = 30_000;
const MAX_WAIT_MS = 900_000;
/** Askings before it is given up: about an hour. */
const MAX_FAILURES = 9;
const MAX_ERROR = 300;

export function takeAnswer(run: Run, answer: EffectAnswer): void {
  const { state } = run;
  for (const [place, effect] of state.effects) {
    if (effect.id !== answer.effectId) continue;
    state.effects.delete(place);
    const before = state.retries.get(place);
    const asked = before?.effect ?? effect;
    if (answer.outcome === 'done') {
      state.retries.delete(place);
      state.actuated.set(place, `done ${asked.id}`);
      if (state.retries.size === 0) resolveTold(run, decisionOf(asked.id), 'not-actuated');
      return;
    }
    const failures = (before?.failures ?? 0) + 1;
    const error = answer.error.slice(0, MAX_ERROR).toWellFormed();
    state.actuated.set(place, `failed ${asked.id}: ${error}`);
    if (failures >= MAX_FAILURES || answer.tries < TRIES) return giveUp(run, place, asked.id, failures, error);
    const waitMs = Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** (failures - 1));
    state.retries.set(place, { effect: asked, failures, atMs: answer.answeredMs + waitMs });
    return;
  }
}

/** Wall clock at which something is asked again, ms. */
export function nextRetryMs({ retries }: ModelState): number | undefined {
  let next: number | undefined;
  for (const { atMs } of retries.values()) if (atMs !== null && atMs < (next ?? Number.POSITIVE_INFINITY)) next = atMs;
  return next;
}

/** Under another id: the question is another one, and its answer is not taken for that of the first. */
export function askAgain({ retries, effects }: ModelState, clockMs: number): void {
  for (const [place, { effect, failures, atMs }] of retries) {
    if (atMs === null || atMs > clockMs) continue;
    effects.set(place, { ...effect, id: `${effect.id}#${failures}` });
    retries.set(place, { effect, failures, atMs: null });
  }
}

function giveUp(run: Run, place: string, effectId: string, failures: number, error: string): void {
  const { state } = run;
  state.retries.delete(place);
  const { champion } = state;
  const reasons = [`${place} did not take decision ${decisionOf(effectId)}: ${error}`];
  const decisionId = record(run, {
    kind: 'guardrail-fired',
    action: 'actuation-given-up',
    to: champion,
    evidence: { failures },
    reasons,
  });
  tell(run, 'not-actuated', { decisionId, from: null, to: champion, reasons });
}

function decisionOf(effectId: string): string {
  return effectId.slice(0, effectId.indexOf('/'));
}
