/** What routes answer with, computed from the state at commit boundaries. */
import type { OpenAlert } from '@weir/alerts/open-alert';
import { catalogueViews } from '@weir/catalogue/views';
import { eventsBetweenFalseAlarms, simulatedFalseAlarms } from '@weir/drift/false-alarms';
import { countFigures, type Figures, missingFigures, timeFigures } from '@weir/drift/figures';
import { histogramOf } from '@weir/drift/histogram';
import { referenceQuantiles } from '@weir/drift/quantiles';
import { notPromised } from '@weir/drift/sentences';
import type { View } from '@weir/service-kit/processor';
import { performanceView } from './performance-views.ts';
import { notWatched } from './plan.ts';
import { type ColumnState, dependenceOfColumn, isLive, type ModelState, SELF_REFERENCE, type Watch } from './state.ts';

/** Groups of a window's histogram: enough to see a shape, few enough to read. */
const GROUPS = 20;

export function windowKey(model: string, column: string, rule: string): string {
  return `window/${[model, column, rule].map(encodeURIComponent).join('/')}`;
}

export function modelViews(model: ModelState): readonly View[] {
  const { model: id, columns: watched, mutes, catalogue, events, lastEventMs } = model;
  const verdicts = [...watched.values()].flatMap((column) => verdictsOf(model, column));
  const columns = [...watched.values()].map((column) => columnOf(column));
  const about = {
    model: id,
    monitoring: columns.length > 0 ? 'monitored' : model.learning.size > 0 ? 'learning' : 'unmonitored',
    notWatched: notWatched(model),
    mutes: [...mutes].map(([column, { untilMs, ...note }]) => ({
      column: column || null,
      until: iso(untilMs),
      ...note,
    })),
  };
  const drifting = verdicts.filter(({ verdict }) => verdict === 'drift').map(({ column }) => column);
  const summary = {
    ...about,
    events,
    lastEvent: iso(lastEventMs),
    versions: [...catalogue.versions.keys()],
    columns: [...watched.keys()],
    drifting: [...new Set(drifting)],
  };
  return [
    ...[...watched.values()].flatMap((column) => windowViews(id, column)),
    ...catalogueViews(catalogue),
    { key: `model/${id}`, json: JSON.stringify(summary) },
    { key: `performance/${id}`, json: JSON.stringify(performanceView(model)) },
    { key: `drift/${id}`, json: JSON.stringify({ ...about, columns, verdicts }) },
  ];
}

function columnOf({ name, present, absent, entry, reference }: ColumnState) {
  const { hash, size, missing, source } = entry;
  const [min, max] = [reference.values[0], reference.values.at(-1)];
  const quantiles = referenceQuantiles(reference);
  const isSelf = source === SELF_REFERENCE;
  const shown = { hash, size, distinct: reference.values.length, missing, source, isSelf, min, max, ...quantiles };
  return { column: name, present, missing: absent, reference: shown };
}

function verdictsOf(model: ModelState, column: ColumnState) {
  const { minValues } = model.config;
  const position = column.present + column.absent;
  const dependence = dependenceOfColumn(column);
  const reason = dependence.isDependent ? notPromised(dependence) : null;
  return [
    ...column.counts.filter(isLive).map((watch) => {
      const { full, capacity } = watch.evaluation.ks;
      return verdictOf(model, column, watch, countFigures(watch.evaluation, column.recent), !full, capacity, reason);
    }),
    ...column.times.filter(isLive).map((watch) => {
      const { isWarmingUp } = watch.evaluation;
      return verdictOf(model, column, watch, timeFigures(watch.evaluation), isWarmingUp, minValues, reason);
    }),
    ...column.missing.filter(isLive).map((watch) => {
      const { capacity } = watch.evaluation.missing;
      const figures = missingFigures(watch.evaluation, position, model.lastEventMs);
      return verdictOf(model, column, watch, figures, position < capacity, capacity, null);
    }),
  ];
}

function verdictOf(
  model: ModelState,
  column: ColumnState,
  watch: Watch<unknown>,
  { window, ...figures }: Figures,
  isWarmingUp: boolean,
  windowCapacity: number,
  notPromisedBecause: string | null,
) {
  const { rule, kind, alert } = watch;
  const asked = model.config.readingsPerFalseAlarm;
  const verdict = alert !== null ? 'drift' : isWarmingUp ? 'warming-up' : 'stable';
  return {
    column: column.name,
    rule,
    verdict: verdict as 'drift' | 'warming-up' | 'stable',
    ...figures,
    windowSize: window.size,
    windowCapacity,
    eventsBetweenFalseAlarms: notPromisedBecause === null ? eventsBetweenFalseAlarms(kind, asked, window.size) : null,
    notPromisedBecause,
    simulated: simulatedFalseAlarms({
      rule: kind,
      windowSize: window.size || windowCapacity,
      referenceSize: column.reference.m,
      asked,
    }),
    alert: alert === null ? null : alertOf(model, alert),
  };
}

function alertOf({ acknowledged }: ModelState, { id, severity, sinceMs, raisedAtMs }: OpenAlert) {
  return { id, severity, since: iso(sinceMs), raisedAt: iso(raisedAtMs), acknowledged: acknowledged.get(id) ?? null };
}

function windowViews(model: string, { name, reference, counts, times }: ColumnState): readonly View[] {
  const windows = [
    ...counts.filter(isLive).map(({ rule, evaluation }) => ({ rule, window: evaluation.ks })),
    ...times.filter(isLive).map(({ rule, evaluation }) => ({ rule, window: evaluation.window })),
  ];
  return windows.map(({ rule, window }) => {
    const { windowSize } = window;
    const content = histogramOf(reference, window.counts(), windowSize, GROUPS);
    return { key: windowKey(model, name, rule), json: JSON.stringify({ column: name, rule, windowSize, ...content }) };
  });
}

/** Null for what is not finite: no event has come yet. */
function iso(ms: number): string | null {
  return Number.isFinite(ms) ? new Date(ms).toISOString() : null;
}
