/** The promotion service as a kernel: events and timers of one model in, decisions out. */
import type { ModelEvent } from '@weir/service-kit/model-inputs';
import type { Kernel, Rejection, StepContext } from '@weir/service-kit/processor';
import { noteRaised, noteResolved, takeAlert } from './alerts.ts';
import { carryOut, isOwnCommand } from './commands.ts';
import type { KernelConfig, Run } from './decision-log.ts';
import { endHoldback, judgeAlerts, mayOpen, openTest, retrainOn, voidApprovals } from './machine.ts';
import { admitOutcome, admitPrediction, takeArrival, takeMature } from './observations.ts';
import { askAgain, nextRetryMs, takeAnswer } from './reconcile.ts';
import { registerVersion, setPolicy } from './registrations.ts';
import { loadState, saveState } from './saved-state.ts';
import type { Signer } from './signer.ts';
import { BEFORE_ALL_MS, type ModelState, newState } from './state.ts';
import { viewsOf } from './views.ts';

export type PromotionEvent = ModelEvent<
  | 'ModelVersionRegistered'
  | 'PolicySet'
  | 'CommandIssued'
  | 'AlertRaised'
  | 'AlertResolved'
  | 'PredictionLogged'
  | 'OutcomeObserved'
>;

export function promotionKernel(config: KernelConfig, signer: Signer): Kernel<ModelState, PromotionEvent> {
  const runOf = (state: ModelState, context: StepContext, timeMs: number): Run => ({
    state,
    context,
    config,
    signer,
    timeMs,
  });
  return {
    steps: 'events',
    joins: ['predictions', 'outcomes'],
    lateness: { allowedLatenessMs: config.allowedLatenessMs, idleAfterMs: config.idleAfterMs },
    initial: newState,
    isEmpty: ({ versions, policy }) => versions.length === 0 && policy === null,
    missingRegistrations,
    step: (state, [given], context) => {
      const event = given as PromotionEvent;
      const rejection = stepOne(event, runOf(state, context, dataTime(context, event.eventTimeMs)));
      if (rejection !== undefined) context.reject(0, rejection);
    },
    nextTimer: (state) => {
      const { atMs } = nextDue(state);
      return Number.isFinite(atMs) ? { domain: 'event', atMs } : undefined;
    },
    nextClockTimer: nextRetryMs,
    onTimer: (state, context) => {
      askAgain(state, context.clockMs);
      for (let due = nextDue(state); due.atMs <= context.watermarkMs; due = nextDue(state))
        due.take(runOf(state, context, due.timeMs(context.watermarkMs)));
    },
    pendingEffects: ({ effects }) => effects.values(),
    onEffectAnswer: (state, answer, context) =>
      takeAnswer(runOf(state, context, dataTime(context, answer.answeredMs)), answer),
    save: saveState,
    load: (_, bytes, stateVersion) => loadState(bytes, stateVersion),
    views: (_, state) => viewsOf(state),
    figures: ({ joiner: { counts } }) => ({ lateEvents: counts.latePredictions + counts.lateOutcomes }),
  };
}

function missingRegistrations(state: ModelState | undefined, run: readonly PromotionEvent[]): readonly string[] {
  const missing = new Set<string>();
  for (const { name, event } of run) {
    if (name === 'PredictionLogged') {
      if (!state?.versions.some((version) => version.name === event.version)) missing.add(`version ${event.version}`);
    } else if (name === 'OutcomeObserved' && (state?.versions.length ?? 0) === 0) missing.add('a version');
  }
  return [...missing];
}

/** Event time of what comes from outside the data: how far the data has come, and before all data its own time. */
function dataTime({ watermarkMs }: StepContext, ownMs: number): number {
  return Number.isFinite(watermarkMs) ? watermarkMs : ownMs;
}

function stepOne({ name, event }: PromotionEvent, run: Run): Rejection | undefined {
  const { state, context, config } = run;
  switch (name) {
    case 'PredictionLogged': {
      const version = state.versions.findIndex((each) => each.name === event.version);
      if (version < 0) return unknown(state, event.model, event.version);
      return admitPrediction(state, event, version, context.watermarkMs, config);
    }
    case 'OutcomeObserved':
      if (state.versions.length === 0) return unknown(state, event.model, '');
      return admitOutcome(state, event, context.watermarkMs);
    case 'ModelVersionRegistered':
      return registerVersion(run, event);
    case 'PolicySet':
      return setPolicy(run, event);
    case 'CommandIssued':
      return isOwnCommand(event) ? carryOut(run, event) : undefined;
    case 'AlertRaised':
      if (state.policy !== null) noteRaised(state, event);
      return undefined;
    default:
      noteResolved(state, event);
      return undefined;
  }
}

function unknown({ versions }: ModelState, model: string, version: string): Rejection {
  return versions.length === 0
    ? { code: 'UNKNOWN_MODEL', message: `model ${model} is not registered; send ModelVersionRegistered first` }
    : {
        code: 'UNKNOWN_VERSION',
        message: `version ${JSON.stringify(version)} of model ${model} is not registered; send ModelVersionRegistered for it`,
      };
}

interface Due {
  readonly atMs: number;
  readonly timeMs: (watermarkMs: number) => number;
  readonly take: (run: Run) => void;
}

/**
 * What happens next in event time. Of several at one time: deadlines, alerts, arrivals, then what matures. Predictions are taken once the
 * watermark is past their time, so that those of one millisecond are taken in the order of their hashes.
 */
function nextDue(state: ModelState): Due {
  const { policy, joiner, alertsAhead } = state;
  const candidates: Due[] = [];
  const at = (atMs: number, timeMs: number, take: Due['take']): void => {
    candidates.push({ atMs, timeMs: () => timeMs, take });
  };
  const deadline = deadlineOf(state);
  if (deadline !== undefined) at(deadline.atMs, deadline.atMs, deadline.take);
  const alert = alertsAhead[0];
  if (alert !== undefined)
    candidates.push({
      atMs: alert.atMs,
      timeMs: (watermarkMs) => Math.max(watermarkMs, alert.atMs),
      take: (run) => {
        const taken = takeAlert(state);
        judgeAlerts(run);
        if (taken !== undefined) retrainOn(run, taken);
      },
    });
  const arrivalMs = joiner.nextArrivalMs;
  at(arrivalMs + 1, arrivalMs, takeArrival);
  const matureMs = joiner.oldestMs + (policy?.policy.reward.windowMs ?? 0);
  at(matureMs + 1, matureMs, takeMature);
  at(joiner.nextLookMs, joiner.nextLookMs, ({ context }) => joiner.giveUpHeld(context.watermarkMs));
  let next = candidates[0] as Due;
  for (const candidate of candidates) if (candidate.atMs < next.atMs) next = candidate;
  return next;
}

function deadlineOf(state: ModelState): { readonly atMs: number; readonly take: (run: Run) => void } | undefined {
  const { test } = state;
  if (test === null)
    return mayOpen(state) && state.coolsUntilMs > BEFORE_ALL_MS
      ? { atMs: state.coolsUntilMs, take: (run) => openTest(run, 'now') }
      : undefined;
  if (test.phase === 'holdback') return { atMs: test.holdbackEndsMs, take: (run) => endHoldback(run, test) };
  if (test.phase === 'awaiting-approval' && test.eligible !== null)
    return {
      atMs: test.eligible.lapsesMs,
      take: (run) => voidApprovals(run, test, ['the time for approvals is over']),
    };
  return undefined;
}
