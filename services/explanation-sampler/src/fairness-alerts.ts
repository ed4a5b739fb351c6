/** Fairness alerts: a bet against the tolerance was won, which under the tolerance happens with probability alpha at most, ever. */

import { escalateAlert, raiseAlert, resolveAlert } from '@weir/alerts/alert';
import { type Cause, type Finding, subjectOf } from '@weir/alerts/finding';
import { protectedColumns } from '@weir/catalogue/model-catalogue';
import type { CellReport } from '@weir/explain/fairness/cell-reports';
import type { Output } from '@weir/service-kit/processor';
import { type Gap, gapOf } from './gap-features.ts';
import type { Item, ModelState, VersionState } from './state.ts';

/** Events between two evaluations of all cells. */
const EVERY = 50;
const LEVELS = { warning: 0.05, critical: 0.2 };
/** Columns that an alert names. */
const MAX_NAMED = 3;
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
    // How far decisions had come when a label was counted is not the same in every run, so alerts on labels are not told again.
    const untold = of === 'decisions' && version.access !== null ? cell : null;
    alerts.set(key, { open, raisedAfter: version.fairness.decisions, untold });
    to.emit(output);
  }
}

/**
 * Tells an alert again with the columns that carry the gap, once, when all that was selected before it is explained and the groups are large
 * enough. It rests on the explanations and on what was found then, never on how far decisions have come meanwhile.
 * @param item selected after what the sums hold
 */
export function tellGaps(model: ModelState, version: VersionState, item: Item, { cause, emit }: EmitAlert): void {
  for (const alert of version.fairness.alerts.values()) {
    const { untold: cell, raisedAfter } = alert;
    if (cell === null || item.decisionsBefore < raisedAfter) continue;
    const gap = gapOf(version, cell.group);
    if (gap === undefined) continue;
    alert.untold = null;
    const found = findingOf(model, version, cell, cause, raisedAfter);
    const finding = { ...found, ...told(model, version, found, gap), onsetMs: () => alert.open.sinceMs };
    const { open, output } = escalateAlert(alert.open, finding, cause, LEVELS);
    alert.open = open;
    emit(output);
  }
}

/** Named are columns that everybody may read of, whose term is not 0 by its interval. */
function told(
  { model, catalogue }: ModelState,
  { columns }: VersionState,
  { summary }: Finding,
  { columns: terms, explained, othersExplained }: Gap,
): Pick<Finding, 'summary' | 'advice'> {
  const isProtected = protectedColumns(catalogue);
  const named = terms
    .map(({ gap, interval }, column) => ({ name: columns[column]?.name ?? '', gap, interval }))
    .filter(({ name, interval: [low, high] }) => !isProtected.has(name) && (low > 0 || high < 0))
    .sort((a, b) => Math.abs(b.gap) - Math.abs(a.gap))
    .slice(0, MAX_NAMED);
  const list = named.map(
    ({ name, gap, interval: [low, high] }) => `${name} ${shown(gap)} [${shown(low)}, ${shown(high)}]`,
  );
  const route = `/v1/models/${encodeURIComponent(model)}/fairness`;
  return {
    summary:
      named.length === 0
        ? `${summary}; no column that may be named here carries the gap of scores`
        : `${summary}; of the columns that may be named here ${named[0]?.name} carries most of the gap of scores`,
    advice: `Difference of the mean attribution to that of all others, with 95 % intervals, from ${explained} and ${othersExplained} explanations: ${list.length === 0 ? 'none that may be named here differs from 0' : list.join(', ')}. Protected columns are not named here: GET ${route} has all of them. GET ${route}/advice proposes thresholds, weights for retraining and a hold of promotions; nothing is done by itself.`,
  };
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
    const open = version.fairness.alerts.get(JSON.stringify([cell.group, cell.metric]))?.open;
    if (open !== undefined) emit(resolveAlert(open, findingOf(model, version, cell, cause), cause, reason));
  }
  version.fairness.alerts.clear();
}

function findingOf(
  { model, config }: ModelState,
  { version, fairness }: VersionState,
  cell: CellReport,
  cause: Cause,
  // How the two topics were merged must not show.
  events: number = OF_DECISIONS.includes(cell.metric) ? fairness.decisions : fairness.labels,
): Finding {
  const { group, metric, count, value = Number.NaN, othersValue = Number.NaN, interval } = cell;
  const isCalibration = metric === 'over-estimation' || metric === 'under-estimation';
  const reference = isCalibration ? 0 : othersValue;
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
    advice: `GET /v1/models/${encodeURIComponent(model)}/fairness has all groups, what missing labels may still change, and which columns carry the gap of scores: a proxy shows there even where the protected column has no attribution. GET /v1/models/${encodeURIComponent(model)}/fairness/advice says what could be done. Nothing is done by itself.`,
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
