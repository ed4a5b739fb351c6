/** The promotion service as a kernel: events and timers of one model in, decisions out. */
import type { ModelEvent } from '@weir/service-kit/model-inputs';
import type { Kernel, Rejection, StepContext } from '@weir/service-kit/processor';
import { judgeAlerts, retrainOn } from './alert-reactions.ts';
import { noteRaised, noteResolved, takeAlert } from './alerts.ts';
import { carryOut, isOwnCommand } from './commands.ts';
import type { KernelConfig, Run } from './decision-log.ts';
import { voidApprovals } from './eligibility.ts';
import { endHoldback } from './endings.ts';
import { admitOutcome, admitPrediction, takeArrival, takeMature } from './observations.ts';
import { mayOpen, openTest } from './openings.ts';
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
      const atMs = nextSource(state).atMs(state);
      return Number.isFinite(atMs) ? { domain: 'event', atMs } : undefined;
    },
    nextClockTimer: nextRetryMs,
    onTimer: (state, context) => {
      askAgain(state, context.clockMs);
      const { watermarkMs } = context;
      for (let due = nextSource(state); due.atMs(state) <= watermarkMs; due = nextSource(state))
        due.take(runOf(state, context, due.timeMs(state, watermarkMs)));
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

/** Something that happens by itself in event time. */
interface Source {
  /** When it is due, ms; Infinity when it is not. */
  readonly atMs: (state: ModelState) => number;
  /** The event time that it is carried out with, ms. */
  readonly timeMs: (state: ModelState, watermarkMs: number) => number;
  readonly take: (run: Run) => void;
}

const arrivalMs = ({ joiner }: ModelState): number => joiner.nextArrivalMs;
const maturityMs = ({ joiner, policy }: ModelState): number => joiner.oldestMs + (policy?.policy.reward.windowMs ?? 0);
const lookMs = ({ joiner }: ModelState): number => joiner.nextLookMs;
const alertMs = ({ alertsAhead }: ModelState): number => alertsAhead[0]?.atMs ?? Number.POSITIVE_INFINITY;

/**
 * In the order in which those of one time are taken. Predictions are taken once the watermark is past their time, so that those of one
 * millisecond are taken in the order of their hashes.
 */
const SOURCES: readonly Source[] = [
  { atMs: deadlineMs, timeMs: deadlineMs, take: passDeadline },
  { atMs: alertMs, timeMs: (state, watermarkMs) => Math.max(watermarkMs, alertMs(state)), take: takeFirstAlert },
  { atMs: (state) => arrivalMs(state) + 1, timeMs: arrivalMs, take: takeArrival },
  { atMs: (state) => maturityMs(state) + 1, timeMs: maturityMs, take: takeMature },
  { atMs: lookMs, timeMs: lookMs, take: ({ state, context }) => state.joiner.giveUpHeld(context.watermarkMs) },
];

/** Asked after every event: it allocates nothing. */
function nextSource(state: ModelState): Source {
  let next = SOURCES[0] as Source;
  let nextMs = next.atMs(state);
  for (const source of SOURCES) {
    const atMs = source.atMs(state);
    if (atMs >= nextMs) continue;
    next = source;
    nextMs = atMs;
  }
  return next;
}

function takeFirstAlert(run: Run): void {
  const taken = takeAlert(run.state);
  judgeAlerts(run);
  if (taken !== undefined) retrainOn(run, taken);
}

/** End of the cooldown, of the holdback, or of the time for approvals, ms; Infinity without one. */
function deadlineMs(state: ModelState): number {
  const { test, coolsUntilMs } = state;
  if (test === null) return mayOpen(state) && coolsUntilMs > BEFORE_ALL_MS ? coolsUntilMs : Number.POSITIVE_INFINITY;
  if (test.phase === 'holdback') return test.holdbackEndsMs;
  return test.phase === 'awaiting-approval' && test.eligible !== null
    ? test.eligible.lapsesMs
    : Number.POSITIVE_INFINITY;
}

function passDeadline(run: Run): void {
  const { test } = run.state;
  if (test === null) openTest(run, 'now');
  else if (test.phase === 'holdback') endHoldback(run, test);
  else voidApprovals(run, test, ['the time for approvals is over']);
}
