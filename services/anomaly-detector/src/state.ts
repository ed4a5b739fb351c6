/** What the detector keeps of one model. */
import type { OpenAlert } from '@weir/alerts/open-alert';
import { AlertAllowance } from '@weir/anomaly/alert-allowance';
import type { SerialProfile } from '@weir/anomaly/quality/serial-profile';
import type { ColumnLayout } from '@weir/catalogue/layout';
import { emptyCatalogue, type ModelCatalogue } from '@weir/catalogue/model-catalogue';
import type { AnomalousFeature } from '@weir/events/generated/events';
import type { AnomalyConfig } from './config.ts';
import { columnsOf, keyOf, type MonitoredColumns, newSerial, referencedIn } from './monitored-columns.ts';
import { Outliers } from './outliers.ts';
import { Quality } from './quality.ts';

/** Layouts of a model that are monitored; what comes under others is counted and nothing else. */
export const MAX_MONITORS = 4;
/** Alerts about odd events that may follow each other at once; then one in `eventsPerAlarm` events. */
const ALERT_BURST = 3;
/** The same of alerts that the data has left its reference, of which one says as much as many: then one in so many times `eventsPerAlarm`. */
const LEFT_BURST = 2;
const LEFT_SPACING = 10;
/** Episodes that views show. */
export const KEPT_EPISODES = 20;

/** An episode with an open alert. */
export interface OpenEpisode {
  alert: OpenAlert;
  readonly onsetMs: number;
  peakMs: number;
  lastMs: number;
  score: number;
  pValue: number;
  strength: number;
  readonly guarantee: string;
  features: readonly AnomalousFeature[];
  /** What was last told: its strength, and the number of the event. */
  toldStrength: number;
  toldAt: number;
}

/** An episode that is over. */
export interface PastEpisode {
  readonly alert: string;
  readonly onsetMs: number;
  readonly peakMs: number;
  readonly endMs: number;
  readonly score: number;
  readonly pValue: number;
  readonly features: readonly AnomalousFeature[];
}

/** One layout: the events that have its columns. */
export interface Monitor {
  readonly columns: MonitoredColumns;
  quality: Quality;
  /** What the order of clean events told; grows while the monitor warms up. */
  serial: SerialProfile;
  /** Null where no forest can be made of the columns. */
  outliers: Outliers | null;
  events: number;
  /** Events that the warm-up left out because they broke a rule, or because a fault was open. */
  leftOut: number;
  episode: OpenEpisode | null;
  readonly allowance: AlertAllowance;
  /** Episodes of which nothing was told because the allowance was used up. */
  withheld: number;
  /** That the data has left the reference; `leftSince` is the number of the event from which on that has held, 0 = it does not. */
  left: OpenAlert | null;
  leftSince: number;
  /** Number of the last event at which it held. */
  leftLast: number;
  readonly leftAllowance: AlertAllowance;
}

export interface Note {
  readonly by: string;
  readonly reason: string;
  readonly atMs: number;
}

export interface ModelState {
  readonly model: string;
  readonly config: AnomalyConfig;
  catalogue: ModelCatalogue;
  /** By the key of their columns, at most `MAX_MONITORS`. */
  readonly monitors: Map<string, Monitor>;
  /** Derived: null for a layout that is not monitored. */
  readonly byLayout: Map<ColumnLayout, Monitor | null>;
  /** By id of an open alert. */
  readonly acknowledged: Map<string, Note>;
  readonly episodes: PastEpisode[];
  /** Id of the last re-anchoring command: sent twice it counts once. */
  reanchoredBy: string;
  events: number;
  unmonitored: number;
  lastEventMs: number;
  /** Topic of the last event. */
  topic: string;
  /** Clock of the last event, ms; null before the first. */
  arrivedAtMs: number | null;
  /** Longest time by the clock between events while the model warmed up, ms. */
  longestGapMs: number;
  /** Clock from which on the model has been quiet for its expected interval, ms. */
  quietSinceMs: number | null;
  absence: OpenAlert | null;
}

export function newModel(model: string, config: AnomalyConfig): ModelState {
  return {
    model,
    config,
    catalogue: emptyCatalogue(model),
    monitors: new Map(),
    byLayout: new Map(),
    acknowledged: new Map(),
    episodes: [],
    reanchoredBy: '',
    events: 0,
    unmonitored: 0,
    lastEventMs: Number.NEGATIVE_INFINITY,
    topic: '',
    arrivedAtMs: null,
    longestGapMs: 0,
    quietSinceMs: null,
    absence: null,
  };
}

export function newMonitor({ model, catalogue, config }: ModelState, columns: MonitoredColumns): Monitor {
  const referenced = referencedIn(columns, catalogue);
  const quality = new Quality(referenced, undefined, config.eventsBetweenFalseAlarms);
  return {
    columns,
    quality,
    serial: newSerial(quality.profile),
    outliers: Outliers.isPossible(columns) ? new Outliers(model, columns, config) : null,
    events: 0,
    leftOut: 0,
    episode: null,
    allowance: new AlertAllowance({ burst: ALERT_BURST, eventsPerAlert: config.eventsPerAlarm }),
    withheld: 0,
    left: null,
    leftSince: 0,
    leftLast: 0,
    leftAllowance: new AlertAllowance({ burst: LEFT_BURST, eventsPerAlert: LEFT_SPACING * config.eventsPerAlarm }),
  };
}

/** The monitor of a layout, made when its first event comes; undefined without a reference to begin from, or beyond the bound. */
export function monitorOf(model: ModelState, layout: ColumnLayout): Monitor | null {
  const known = model.byLayout.get(layout);
  if (known !== undefined) return known;
  const columns = columnsOf(layout);
  const key = keyOf(columns);
  let monitor = model.monitors.get(key) ?? null;
  if (monitor === null && model.monitors.size < MAX_MONITORS && canBegin(model, columns)) {
    monitor = newMonitor(model, columns);
    model.monitors.set(key, monitor);
  }
  model.byLayout.set(layout, monitor);
  return monitor;
}

/** The budget needs no reference; everything else begins with the first one. */
function canBegin({ catalogue, config }: ModelState, columns: MonitoredColumns): boolean {
  if (config.guarantee === 'budget' && Outliers.isPossible(columns)) return true;
  const { numbers, texts } = referencedIn(columns, catalogue);
  return numbers.length + texts.length > 0;
}

/** Whether clean events are still gathered. */
export function isWarmingUp({ outliers, quality }: Monitor): boolean {
  return outliers === null ? !quality.hasOrder : outliers.phase !== 'ready';
}

/** Time between two events that is no silence, ms. */
export function expectedIntervalMs({ config, longestGapMs }: ModelState): number {
  return config.expectedIntervalMs > 0 ? config.expectedIntervalMs : Math.max(MIN_INTERVAL_MS, longestGapMs);
}

const MIN_INTERVAL_MS = 60_000;
