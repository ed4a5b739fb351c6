/** What the performance route answers with. */
import type { Judged } from './performance.ts';
import { performanceRule } from './performance-finding.ts';
import type { ModelState } from './state.ts';

/** As the schema of the route says. */
export function performanceView({ model, config, judged }: ModelState): object {
  const status = config.outcomeReference === 0 ? 'off' : judged === null ? 'no-outcomes' : undefined;
  if (judged === null) return { model, status, reference: null, joins: null, windows: [] };
  const { performance } = judged;
  const { reference, joiner, unscored } = performance;
  const { count, labels, predicted } = reference;
  return {
    model,
    status: performance.isLearning ? 'learning' : 'watched',
    reference: {
      outcomes: count,
      of: config.outcomeReference,
      isSelf: reference.rebasedBy === undefined,
      from: iso(reference.fromMs),
      to: iso(reference.toMs),
      observed: ratio(labels, count),
      predicted: ratio(predicted, count),
      logLoss: count === 0 ? null : reference.mean('log-loss'),
      errorRate: count === 0 ? null : reference.mean('error-rate'),
      lag1Correlation: count === 0 ? null : reference.lag1,
    },
    joins: { ...joiner.counts, open: joiner.open, held: joiner.held, unscored },
    windows: windowsOf(judged),
  };
}

function windowsOf({ performance, alerts }: Judged) {
  return performance.windows.map((window) => {
    const isEmpty = window.size === 0;
    return {
      size: window.size,
      capacity: window.capacity,
      from: iso(window.fromMs),
      to: iso(window.toMs),
      observed: isEmpty ? null : window.observed,
      predicted: isEmpty ? null : window.predicted,
      logLoss: isEmpty ? null : window.mean('log-loss'),
      errorRate: isEmpty ? null : window.mean('error-rate'),
      bins: window.bins(),
      verdicts: performance.evaluations
        .filter((evaluation) => evaluation.window === window)
        .map((evaluation) => verdictOf(evaluation, alerts, performance.isLearning)),
    };
  });
}

function verdictOf(
  evaluation: Judged['performance']['evaluations'][number],
  alerts: Judged['alerts'],
  isLearning: boolean,
) {
  const rule = performanceRule(evaluation);
  const alert = alerts.get(rule);
  const isWarmingUp = isLearning || !evaluation.window.isFull;
  return {
    rule,
    verdict: alert !== undefined ? 'worse' : isWarmingUp ? 'warming-up' : 'stable',
    effect: isLearning || evaluation.window.size === 0 ? null : evaluation.effect,
    eValue: evaluation.statistic,
    threshold: evaluation.threshold,
    alert:
      alert === undefined
        ? null
        : { id: alert.id, severity: alert.severity, since: iso(alert.sinceMs), raisedAt: iso(alert.raisedAtMs) },
  };
}

function ratio(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}

function iso(ms: number): string | null {
  return Number.isFinite(ms) ? new Date(ms).toISOString() : null;
}
