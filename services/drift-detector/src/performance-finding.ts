/** What an alert of kind performance says, from the figures of its evaluation. */
import { type Finding, subjectOf } from '@weir/alerts/finding';
import type { OpenAlert } from '@weir/alerts/open-alert';
import type { Transition } from '@weir/drift/evaluation';
import type { ModelPerformance } from '@weir/drift/performance/model-performance';
import type { PerformanceEvaluation } from '@weir/drift/performance/performance-evaluation';
import type { Metric } from '@weir/drift/performance/scores';
import type { DriftConfig } from './config.ts';

/** What happened to the alert. */
export type PerformanceTold = Transition | 'rebased';

const NAMES: Readonly<Record<Metric, string>> = {
  calibration: 'outcomes against predictions',
  'log-loss': 'log loss',
  'error-rate': 'error rate',
};
const HAPPENED: Readonly<Record<PerformanceTold, string>> = {
  raised: 'worse than the reference',
  escalated: 'still worse than when it was told',
  resolved: 'back at the reference',
  rebased: 'has its present outcomes as the reference, which ends this alert; with the old one',
};
const UNITS: Readonly<Record<Metric, string>> = {
  calibration: 'share of predictions',
  'log-loss': 'nats',
  'error-rate': 'share of predictions',
};

export function performanceRule({ metric, window }: PerformanceEvaluation): string {
  return `${metric}-${window.capacity}`;
}

export function performanceFinding(
  model: string,
  performance: ModelPerformance,
  evaluation: PerformanceEvaluation,
  told: PerformanceTold,
  alert: OpenAlert | undefined,
  config: DriftConfig,
): Finding {
  const { metric, window, open } = evaluation;
  const { current, reference, since, effect } = evaluation.figures();
  const isOver = told === 'resolved' || told === 'rebased';
  const halfWidth = window.since(metric, Number.NEGATIVE_INFINITY).halfWidth;
  const sinceMs = open?.sinceMs ?? alert?.sinceMs ?? window.fromMs;
  return {
    subject: subjectOf(model),
    rule: performanceRule(evaluation),
    detail: {
      kind: 'performance',
      performance: { metric, current, reference, low: current - halfWidth, high: current + halfWidth },
    },
    value: current,
    threshold: reference + Math.sign(current - reference || 1) * config.minPerformanceEffect,
    unit: UNITS[metric],
    effect,
    summary: `${model}: ${NAMES[metric]} ${HAPPENED[told]}: ${measured(performance, evaluation, isOver ? window : since, isOver, sinceMs)}`,
    advice: adviceFor(performance),
    onsetMs: () => sinceMs,
    window: { fromMs: Math.min(window.fromMs, window.toMs), toMs: window.toMs, size: window.size },
    rate: performance.reference.isDependent
      ? null
      : { guarantee: 'conditional-mean', expectedEventsBetweenFalseAlarms: config.outcomesPerFalseAlarm },
    labels: performance.reference.rebasedBy === undefined ? { reference: 'self' } : {},
  };
}

/** "observed 32 %, predicted 16 %" since a day, and the metric before and after. */
function measured(
  { reference, joiner }: ModelPerformance,
  { metric, window }: PerformanceEvaluation,
  { observed, predicted }: { readonly observed: number; readonly predicted: number },
  isOver: boolean,
  sinceMs: number,
): string {
  const when = isOver ? `over the last ${window.size} outcomes` : `since ${minute(sinceMs)}`;
  const rates = `observed ${percent(observed)}, predicted ${percent(predicted)} ${when}`;
  const before = `observed ${percent(reference.labels / reference.count)}, predicted ${percent(reference.predicted / reference.count)}`;
  const mean = (value: number) => (metric === 'log-loss' ? value.toFixed(3) : percent(value));
  const moved =
    metric === 'calibration'
      ? ''
      : `; ${NAMES[metric]} ${mean(reference.mean(metric))} → ${mean(window.mean(metric))} over ${window.size} outcomes`;
  const unanswered = joiner.counts.unanswered === 0 ? '' : `; ${joiner.counts.unanswered} predictions had no outcome`;
  return `${rates} (reference ${before})${moved}${unanswered}`;
}

function adviceFor({ reference }: ModelPerformance): string {
  const days = `${minute(reference.fromMs)} to ${minute(reference.toMs)}`;
  const made = reference.rebasedBy === undefined ? "the model's first" : 'after a rebase the';
  const base = `The reference is ${made} ${reference.count} outcomes, ${days}. Look at what changed in the world that the model predicts, and whether it is to be trained again; compare with drift of its columns since then.`;
  if (!reference.isDependent) return base;
  return `${base} No rate of false alarms is promised: an outcome tells of the next one (correlation ${reference.lag1.toFixed(2)} of neighbouring residuals).`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function minute(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16)}Z`;
}
