/**
 * The kit's example: a service that pages somebody when outcomes stay away. Two data inputs are joined, a timer by event time notices what
 * did not come, a command over REST closes the alert, and the page is an effect: sent after the decision is committed, again by the next
 * owner if this one dies before the answer, and never by a replay.
 */
import { raiseAlert, resolveAlert } from '@weir/alerts/alert';
import { causeOf, type Finding, subjectOf } from '@weir/alerts/finding';
import type { OpenAlert } from '@weir/alerts/open-alert';
import type { ServiceDefinition } from '../src/definition.ts';
import type { EffectHandler } from '../src/effects/effect.ts';
import { eventInput, type ModelEvent } from '../src/model-inputs.ts';
import type { Kernel, Processor, StepContext } from '../src/processor.ts';
import { decodeState, encodeState } from '../src/state-codec.ts';

export interface OverdueConfig {
  /** An outcome is overdue when it has not come this long after its prediction, ms of event time. */
  readonly withinMs: number;
  /** A stream without events for this long is not waited for, ms. */
  readonly idleAfterMs: number;
  /** Overdue outcomes that raise the alert. */
  readonly limit: number;
}

interface Overdue {
  /** By prediction id until when its outcome, or the prediction of an outcome that came first, is waited for, ms; at most `MAX_WAITING`. */
  readonly predictions: Map<string, number>;
  readonly outcomes: Map<string, number>;
  overdue: number;
  alert: OpenAlert | null;
  /** Id of the page that was not answered yet. */
  page: string | null;
}

type Saved = {
  readonly [Name in keyof Overdue]: Overdue[Name] extends Map<string, number> ? [string, number][] : Overdue[Name];
};
type OverdueEvent = ModelEvent<'PredictionLogged' | 'OutcomeObserved' | 'CommandIssued'>;

const MAX_WAITING = 100_000;
const LEVELS = { warning: 1, critical: 1_000 };

export const OVERDUE: Processor<OverdueConfig, Overdue, OverdueEvent> = {
  service: 'overdue',
  inputs: [
    eventInput('commands', 'control', 'CommandIssued'),
    eventInput('predictions', 'data', 'PredictionLogged'),
    eventInput('outcomes', 'data', 'OutcomeObserved'),
  ],
  outputs: ['alerts'],
  build: 'overdue/1',
  stateVersion: 1,
  configOf: (recorded) => recorded as OverdueConfig,
  kernel: overdueKernel,
};

function overdueKernel(config: OverdueConfig): Kernel<Overdue, OverdueEvent> {
  return {
    steps: 'events',
    joins: ['predictions', 'outcomes'],
    lateness: { allowedLatenessMs: 1_000, idleAfterMs: config.idleAfterMs },
    initial: () => ({ predictions: new Map(), outcomes: new Map(), overdue: 0, alert: null, page: null }),
    isEmpty: ({ predictions, outcomes, overdue, page }) =>
      predictions.size + outcomes.size + overdue === 0 && page === null,
    step: (state, [event], context) => take(state, event as OverdueEvent, context, config),
    // The order of arrival is that of time, but for the lateness that is allowed.
    nextTimer: ({ predictions, outcomes }) => {
      const [first = Number.POSITIVE_INFINITY] = predictions.values();
      const [early = Number.POSITIVE_INFINITY] = outcomes.values();
      return first === early ? undefined : { domain: 'event', atMs: Math.min(first, early) };
    },
    onTimer: (state, context) => expire(state, context, config),
    pendingEffects: ({ page, alert }) =>
      page === null ? [] : [{ id: page, kind: 'page', payload: Buffer.from(alert?.id ?? '') }],
    onEffectAnswer: (state) => {
      state.page = null;
    },
    save: (state) => encodeState({ ...state, predictions: [...state.predictions], outcomes: [...state.outcomes] }),
    load: (_, bytes) => {
      const { predictions, outcomes, overdue, alert, page } = decodeState<Saved>(bytes).head;
      return { predictions: new Map(predictions), outcomes: new Map(outcomes), overdue, alert, page };
    },
    views: (model, { predictions, overdue, alert }) => {
      const content = { model, waiting: predictions.size, overdue, alert: alert?.id ?? null };
      return [{ key: `model/${model}`, json: JSON.stringify(content) }];
    },
  };
}

function take(state: Overdue, { name, event }: OverdueEvent, context: StepContext, config: OverdueConfig): void {
  const { predictions, outcomes, alert } = state;
  const join = (id: string, atMs: number, others: Map<string, number>, own: Map<string, number>): void => {
    if (!others.delete(id)) own.set(id, atMs + config.withinMs);
  };
  if (name === 'CommandIssued') {
    if (event.action !== 'acknowledge' || alert === null) return;
    const finding = findingOf(state, event.model, config, alert.sinceMs);
    context.emit(0, resolveAlert(alert, finding, causeOf(context, event.id, event.issuedMs), 'acknowledged'));
    state.alert = null;
    state.overdue = 0;
  } else if (predictions.size + outcomes.size === MAX_WAITING) {
    const message = `${MAX_WAITING} predictions of ${event.model} wait for outcomes`;
    context.reject(0, { code: 'TOO_MANY_OPEN', message });
  } else if (name === 'PredictionLogged') join(event.id, event.eventTimeMs, outcomes, predictions);
  else join(event.predictionId, event.eventTimeMs, predictions, outcomes);
}

function expire(state: Overdue, context: StepContext, config: OverdueConfig): void {
  for (const [id, untilMs] of state.outcomes) if (untilMs <= context.watermarkMs) state.outcomes.delete(id);
  for (const [id, dueMs] of state.predictions) {
    if (dueMs > context.watermarkMs) continue;
    state.predictions.delete(id);
    state.overdue += 1;
    if (state.alert !== null || state.overdue < config.limit) continue;
    const cause = causeOf({ ...context, topic: 'predictions' }, id, dueMs);
    const { open, output } = raiseAlert(findingOf(state, context.key, config, dueMs), cause, LEVELS);
    context.emit(0, output);
    state.alert = open;
    state.page = `page/${open.id}`;
  }
}

function findingOf({ overdue }: Overdue, model: string, { limit }: OverdueConfig, sinceMs: number): Finding {
  return {
    subject: subjectOf(model),
    rule: 'overdue',
    detail: { kind: 'pipeline' },
    value: overdue,
    threshold: limit,
    unit: 'outcomes',
    effect: overdue / limit,
    summary: `${model}: ${overdue} outcomes are overdue`,
    advice: 'Look at the job that sends outcomes; it does not say whether predictions were right.',
    onsetMs: () => sinceMs,
    window: null,
    rate: null,
    labels: {},
  };
}

/** @param page called once for each alert in effect: it must be idempotent by the effect's id */
export function overdueService(config: OverdueConfig, page: EffectHandler): ServiceDefinition {
  return {
    name: 'overdue',
    title: 'Overdue outcomes',
    description: 'Pages when outcomes stay away; the command acknowledge closes the alert.',
    processor: OVERDUE,
    config,
    effects: { page },
  };
}
