/** What routes and metrics answer with, computed from the state at commit boundaries. */
import type { OpenAlert } from '@weir/alerts/open-alert';
import type { View } from '@weir/service-kit/processor';
import { dependenceText, qualityDependenceText } from './findings.ts';
import type { Outliers } from './outliers.ts';
import type { Quality } from './quality.ts';
import { expectedIntervalMs, isWarmingUp, type ModelState, type Monitor } from './state.ts';

export function modelViews(model: ModelState): readonly View[] {
  const { model: id, monitors, events, unmonitored, lastEventMs, absence, episodes } = model;
  const all = [...monitors.values()];
  const about = { model: id, monitoring: monitoringOf(all), events, unmonitored, lastEvent: iso(lastEventMs) };
  const sum = (count: (monitor: Monitor) => number): number => all.reduce((total, each) => total + count(each), 0);
  const summary = {
    ...about,
    alarms: sum(({ outliers }) => outliers?.alarms ?? 0),
    withheld: sum(({ withheld }) => withheld),
    violatingEvents: sum(({ quality }) => quality.violating),
    leftOut: sum(({ leftOut }) => leftOut),
    openFaults: all.flatMap(({ quality }) => [...quality.open.values()].map(({ fault, field }) => ({ fault, field }))),
    isOdd: all.some(({ episode }) => episode !== null),
    isSilent: absence !== null,
  };
  const anomalies = {
    ...about,
    absence: { expectedIntervalMs: expectedIntervalMs(model), alert: alertOf(model, absence) },
    layouts: all.map((monitor) => layoutOf(model, monitor)),
    episodes: episodes.toReversed().map(({ onsetMs, peakMs, endMs, ...each }) => ({
      ...each,
      onset: iso(onsetMs),
      peak: iso(peakMs),
      end: iso(endMs),
    })),
  };
  const rules = {
    model: id,
    layouts: all.map(({ columns, quality }) => ({ columns, rules: quality.table.rules })),
  };
  return [
    { key: `model/${id}`, json: JSON.stringify(summary) },
    { key: `anomalies/${id}`, json: JSON.stringify(anomalies) },
    { key: `rules/${id}`, json: JSON.stringify(rules) },
  ];
}

function monitoringOf(monitors: readonly Monitor[]): 'unmonitored' | 'warming-up' | 'monitored' {
  if (monitors.length === 0) return 'unmonitored';
  return monitors.some(isWarmingUp) ? 'warming-up' : 'monitored';
}

function layoutOf(model: ModelState, monitor: Monitor) {
  const { columns, events, leftOut, episode, withheld, left, outliers, quality } = monitor;
  return {
    columns,
    events,
    leftOut,
    forest: outliers === null ? null : forestOf(model, outliers),
    withheld,
    referenceLeft: alertOf(model, left),
    episode:
      episode === null
        ? null
        : {
            alert: alertOf(model, episode.alert),
            onset: iso(episode.onsetMs),
            peak: iso(episode.peakMs),
            score: episode.score,
            pValue: episode.pValue,
            features: episode.features,
          },
    quality: qualityOf(model, quality),
  };
}

function forestOf({ config }: ModelState, outliers: Outliers) {
  const { phase, progress, guarantee, alarms, referenceSize, forest } = outliers;
  return {
    state: phase === 'ready' ? 'monitoring' : 'warming-up',
    phase,
    progress,
    guarantee,
    eventsPerAlarm: config.eventsPerAlarm,
    alarms,
    dependence: outliers.dependence,
    notPromised: dependenceText(outliers),
    referenceSize,
    rateRange: outliers.rateRange,
    pairs: outliers.pairs,
    learned: forest.learned,
    confidence: forest.confidence,
    bytes: forest.bytes,
  };
}

function qualityOf(model: ModelState, quality: Quality) {
  const { table, times, violating, violations, open, hasOrder } = quality;
  return {
    isWarmingUp: !hasOrder,
    events: times.count,
    violatingEvents: violating,
    eventsBetweenFalseAlarms: model.config.eventsBetweenFalseAlarms,
    notPromised: qualityDependenceText(quality.dependent),
    violations: [...violations.values()].map(({ field, rule, count, test }) => ({
      field: table.fields[field] as string,
      rule,
      count,
      share: count / Math.max(1, times.count),
      isRising: test?.open ?? false,
    })),
    open: [...open.values()].map(({ fault, field, found, alert }) => ({
      fault,
      field,
      detail: found.detail,
      alert: alertOf(model, alert),
    })),
  };
}

function alertOf({ acknowledged }: ModelState, alert: OpenAlert | null) {
  if (alert === null) return null;
  const { id, severity, sinceMs, raisedAtMs } = alert;
  return { id, severity, since: iso(sinceMs), raisedAt: iso(raisedAtMs), acknowledged: acknowledged.get(id) ?? null };
}

/** Null for what is not finite: no event has come yet. */
function iso(ms: number): string | null {
  return Number.isFinite(ms) ? new Date(ms).toISOString() : null;
}
