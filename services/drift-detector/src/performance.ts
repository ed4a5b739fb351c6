/** Outcomes of a model: joined from the first one on, so that models without outcomes cost nothing. */
import { hash } from 'node:crypto';
import { escalateAlert, raiseAlert, resolveAlert } from '@weir/alerts/alert';
import { type Cause, causeOf } from '@weir/alerts/finding';
import type { OpenAlert } from '@weir/alerts/open-alert';
import type { Rejection } from '@weir/catalogue/outcome';
import type { Transition } from '@weir/drift/evaluation';
import { ModelPerformance } from '@weir/drift/performance/model-performance';
import type { PerformanceEvaluation } from '@weir/drift/performance/performance-evaluation';
import type { OutcomeObserved } from '@weir/events/generated/events';
import type { Row } from '@weir/events/prediction-reader';
import type { Output, StepContext } from '@weir/service-kit/processor';
import { performanceFinding, performanceRule } from './performance-finding.ts';
import type { ModelState } from './state.ts';

/** What a model with outcomes keeps. */
export interface Judged {
  readonly performance: ModelPerformance;
  /** Open alerts by rule. */
  readonly alerts: Map<string, OpenAlert>;
}

export function newJudged(performance: ModelPerformance): Judged {
  return { performance, alerts: new Map() };
}

/** Predictions of a stretch whose versions have an output; the first output is the probability that outcomes judge. */
export function joinPredictions(
  model: ModelState,
  rows: readonly Row[],
  from: number,
  to: number,
  values: Float64Array,
  context: StepContext,
): void {
  const { judged } = model;
  if (judged === null) return;
  for (let at = from; at < to; at += 1) {
    const row = rows[at] as Row;
    if (row.outputs === 0) continue;
    const id = String(row.id);
    const probability = values[row.at + row.numeric] as number;
    judged.performance.predict(keyOf(id), probability, (evaluation, transition) =>
      tell(model, judged, evaluation, transition, { eventId: id, eventTimeMs: row.eventTimeMs }, at, context),
    );
  }
}

export function observeOutcome(
  model: ModelState,
  event: OutcomeObserved,
  index: number,
  context: StepContext,
): Rejection | undefined {
  const { label, predictionId, eventTimeMs, revision } = event;
  // Rewards are promotion's business.
  if (model.config.outcomeReference === 0 || label === null) return undefined;
  if (label !== 0 && label !== 1)
    return {
      code: 'LABEL_NOT_BINARY',
      message: `label of the outcome of ${predictionId} is ${label}; performance is measured of labels 0 and 1; send those, or set WEIR_DRIFT_OUTCOME_REFERENCE=0`,
    };
  if (revision < 0)
    return {
      code: 'BAD_REVISION',
      message: `revision of the outcome of ${predictionId} is ${revision}; it must be 0 or more; count from 0`,
    };
  model.judged ??= newJudged(new ModelPerformance(model.config));
  const { judged } = model;
  const cause = { eventId: `${predictionId}/${revision}`, eventTimeMs };
  judged.performance.outcome(keyOf(predictionId), { label, atMs: eventTimeMs, revision }, (evaluation, transition) =>
    tell(model, judged, evaluation, transition, cause, index, context),
  );
  return undefined;
}

/** The present becomes the reference; what is open is over. */
export function rebaseOutcomes(
  model: ModelState,
  { performance, alerts }: Judged,
  cause: Cause,
  emit: (output: Output) => void,
): void {
  // Nothing resolves before it was raised.
  const at = { ...cause, eventTimeMs: Math.max(cause.eventTimeMs, model.lastEventMs, performance.longest.toMs) };
  for (const evaluation of performance.evaluations) {
    const rule = performanceRule(evaluation);
    const open = alerts.get(rule);
    if (open === undefined) continue;
    const finding = performanceFinding(model.model, performance, evaluation, 'rebased', open, model.config);
    emit(resolveAlert(open, finding, at, 'rebased'));
    model.acknowledged.delete(open.id);
    alerts.delete(rule);
  }
  performance.rebase(cause.eventId);
}

function tell(
  model: ModelState,
  { performance, alerts }: Judged,
  evaluation: PerformanceEvaluation,
  transition: Transition,
  caused: Pick<Cause, 'eventId' | 'eventTimeMs'>,
  index: number,
  context: StepContext,
): void {
  const rule = performanceRule(evaluation);
  const { warningPerformanceEffect: warning, criticalPerformanceEffect: critical } = model.config;
  const open = alerts.get(rule);
  const finding = performanceFinding(model.model, performance, evaluation, transition, open, model.config);
  const cause = causeOf(context, caused.eventId, caused.eventTimeMs);
  if (transition === 'resolved') {
    if (open === undefined) return;
    context.emit(index, resolveAlert(open, finding, cause, 'recovered'));
    model.acknowledged.delete(open.id);
    alerts.delete(rule);
    return;
  }
  const levels = { warning, critical };
  const told = open === undefined ? raiseAlert(finding, cause, levels) : escalateAlert(open, finding, cause, levels);
  model.acknowledged.delete(told.open.id);
  alerts.set(rule, told.open);
  context.emit(index, told.output);
}

/** 52 bits of the id's SHA-256: two of a million open predictions share a key once in nine thousand runs. */
function keyOf(id: string): number {
  const bytes = hash('sha256', id, 'buffer');
  return bytes.readUInt32BE(0) * 2 ** 20 + (bytes.readUInt32BE(4) >>> 12);
}
