/** Fairness alerts: a bet against the tolerance was won, which under the tolerance happens with probability alpha at most, ever. */
import { raiseAlert, resolveAlert } from '@weir/alerts/alert';
import { type Cause, type Finding, subjectOf } from '@weir/alerts/finding';
import type { CellReport } from '@weir/explain/fairness/monitor';
import type { Output } from '@weir/service-kit/processor';
import type { ModelState, VersionState } from './state.ts';

/** Events between two evaluations of all cells. */
const EVERY = 50;
const LEVELS = { warning: 0.05, critical: 0.2 };
/** Metrics that decisions move; the others move with labels. */
const OF_DECISIONS: readonly string[] = ['selection-rate'];

/** An alert has to have a cause, so a caller gives it with what to emit to. */
export interface EmitAlert {
  readonly cause: Cause;
  readonly emit: (output: Output) => void;
}

/** Decisions and labels are counted apart, so that the merge of the two topics does not decide when a rate is looked at. */
export function evaluate(model: ModelState, version: VersionState, of: 'decisions' | 'labels', to: EmitAlert): void {
  const { monitor, alerts } = version.fairness;
  if (monitor === null || version.fairness[of] % EVERY !== 0) return;
  for (const cell of monitor.report()) {
    if (cell.status !== 'alarm' || OF_DECISIONS.includes(cell.metric) !== (of === 'decisions')) continue;
    const key = JSON.stringify([cell.group, cell.metric]);
    if (alerts.has(key)) continue;
    const { open, output } = raiseAlert(findingOf(model, version, cell, to.cause), to.cause, LEVELS);
    alerts.set(key, open);
    to.emit(output);
  }
}

/** Evidence that was won stays; alerts end when the process that won it ends. */
export function endFairnessAlerts(
  model: ModelState,
  version: VersionState,
  reason: string,
  { cause, emit }: EmitAlert,
): void {
  const cells = version.fairness.monitor?.report() ?? [];
  for (const cell of cells) {
    const open = version.fairness.alerts.get(JSON.stringify([cell.group, cell.metric]));
    if (open !== undefined) emit(resolveAlert(open, findingOf(model, version, cell, cause), cause, reason));
  }
  version.fairness.alerts.clear();
}

function findingOf(
  { model, config }: ModelState,
  { version, fairness }: VersionState,
  cell: CellReport,
  cause: Cause,
): Finding {
  const { group, metric, count, value = Number.NaN, othersValue = Number.NaN, interval } = cell;
  const isCalibration = metric === 'over-estimation' || metric === 'under-estimation';
  const reference = isCalibration ? 0 : othersValue;
  // How the two topics were merged must not show.
  const events = OF_DECISIONS.includes(metric) ? fairness.decisions : fairness.labels;
  const limit = isCalibration
    ? (metric === 'over-estimation' ? -1 : 1) * config.fairnessCalibration
    : metric === 'false-positive-rate'
      ? othersValue / config.fairnessRatio
      : othersValue * config.fairnessRatio;
  const compared = isCalibration
    ? `the mean of label less score is ${shown(value)}`
    : `the ${metric.replaceAll('-', ' ')} is ${shown(value)}, of all others ${shown(othersValue)}`;
  return {
    subject: subjectOf(model, { version, segment: group }),
    rule: `fairness-${metric}`,
    detail: {
      kind: 'fairness',
      fairness: {
        metric,
        group,
        referenceGroup: null,
        current: value,
        reference,
        low: interval?.[0] ?? Number.NaN,
        high: interval?.[1] ?? Number.NaN,
      },
    },
    value,
    threshold: limit,
    unit: isCalibration ? 'probability' : 'share of events',
    effect: value - reference,
    summary: `${model} ${version}: for ${group} ${compared} (${count} events)`,
    advice: `Compare the attributions of the two groups: a proxy shows there even where the protected column has none. GET /v1/models/${encodeURIComponent(model)}/fairness has all groups and what missing labels may still change. The alert does not say why the rates differ.`,
    onsetMs: () => cause.eventTimeMs,
    window: null,
    rate: {
      guarantee: `P(any false alarm of this version, ever) ≤ ${config.fairnessAlpha}`,
      expectedEventsBetweenFalseAlarms: events / config.fairnessAlpha,
    },
    labels: {},
  };
}

function shown(value: number): string {
  return value.toFixed(3);
}
