/** The state of a model as bytes and back: a JSON head, the catalogue, and one buffer for each monitor. */
import { type OpenAlert, openAlertOf } from '@weir/alerts/open-alert';
import type { StateKind } from '@weir/anomaly/state/state-kind';
import { StateReader } from '@weir/anomaly/state/state-reader';
import { StateWriter } from '@weir/anomaly/state/state-writer';
import { loadCatalogue, saveCatalogue } from '@weir/catalogue/saved-catalogue';
import type { AnomalousFeature } from '@weir/events/generated/events';
import { decodeState, encodeState } from '@weir/service-kit/state-codec';
import type { AnomalyConfig } from './config.ts';
import type { MonitoredColumns } from './monitored-columns.ts';
import { keyOf } from './monitored-columns.ts';
import type { OpenQuality } from './quality.ts';
import {
  type ModelState,
  type Monitor,
  type Note,
  newModel,
  newMonitor,
  type OpenEpisode,
  type PastEpisode,
} from './state.ts';

export const STATE_VERSION = 4;
/** Version 1 had no allowance: what it had sent is paid for. */
const OLDEST_VERSION = 1;
const MONITOR_STATE: StateKind = { id: 16, name: 'monitor', version: 4, oldest: 1 };

/** JSON has no NaN: null stands for it. */
type SavedFeature = Omit<AnomalousFeature, 'expectedLow' | 'expectedHigh'> & {
  readonly expectedLow: number | null;
  readonly expectedHigh: number | null;
};
type SavedFeatures<Episode> = Omit<Episode, 'features'> & { readonly features: readonly SavedFeature[] };

interface SavedMonitor {
  readonly columns: MonitoredColumns;
  readonly events: number;
  readonly leftOut: number;
  readonly open: readonly (readonly [string, OpenQuality])[];
  readonly episode: SavedFeatures<OpenEpisode> | null;
  readonly left: OpenAlert | null;
  readonly leftSince: number;
  readonly leftLast?: number;
  readonly leftPaidAt?: number;
  readonly paidAt?: number;
  readonly withheld?: number;
}

interface SavedModel
  extends Pick<
    ModelState,
    | 'model'
    | 'reanchoredBy'
    | 'events'
    | 'unmonitored'
    | 'topic'
    | 'arrivedAtMs'
    | 'longestGapMs'
    | 'quietSinceMs'
    | 'absence'
  > {
  readonly lastEventMs: number | null;
  readonly acknowledged: readonly (readonly [string, Note])[];
  readonly episodes: readonly SavedFeatures<PastEpisode>[];
  readonly monitors: readonly SavedMonitor[];
}

export function saveModel(state: ModelState): Uint8Array {
  const { model, catalogue, monitors, acknowledged, episodes, lastEventMs } = state;
  const { reanchoredBy, events, unmonitored, topic, arrivedAtMs, longestGapMs, quietSinceMs, absence } = state;
  const saved: SavedModel = {
    model,
    reanchoredBy,
    events,
    unmonitored,
    topic,
    arrivedAtMs,
    longestGapMs,
    quietSinceMs,
    absence,
    lastEventMs: Number.isFinite(lastEventMs) ? lastEventMs : null,
    acknowledged: [...acknowledged],
    episodes: episodes.map(savedFeatures),
    monitors: [...monitors.values()].map(({ columns, quality, episode, left, leftSince, leftLast, ...counts }) => ({
      columns,
      events: counts.events,
      leftOut: counts.leftOut,
      open: [...quality.open],
      episode: episode === null ? null : savedFeatures(episode),
      left,
      leftSince,
      leftLast,
      leftPaidAt: counts.leftAllowance.paidAt,
      paidAt: counts.allowance.paidAt,
      withheld: counts.withheld,
    })),
  };
  return encodeState(saved, [saveCatalogue(catalogue), ...[...monitors.values()].map(monitorBytes)]);
}

function monitorBytes({ quality, serial, outliers }: Monitor): Uint8Array {
  const writer = new StateWriter();
  serial.write(writer);
  quality.write(writer);
  outliers?.write(writer);
  return new Uint8Array(writer.finish(MONITOR_STATE));
}

/** @throws when the version cannot be read, naming it, or the bytes are torn */
export function loadModel(bytes: Uint8Array, stateVersion: number, config: AnomalyConfig): ModelState {
  if (stateVersion < OLDEST_VERSION || stateVersion > STATE_VERSION)
    throw new RangeError(
      `the state has version ${stateVersion}, this build reads versions ${OLDEST_VERSION} to ${STATE_VERSION}; run the build that wrote it, or a later one`,
    );
  const saved = decodeState<SavedModel>(bytes);
  const { monitors, acknowledged, episodes, lastEventMs, absence, ...rest } = saved.head;
  const state: ModelState = {
    ...newModel(rest.model, config),
    reanchoredBy: rest.reanchoredBy,
    events: rest.events,
    unmonitored: rest.unmonitored,
    topic: rest.topic,
    arrivedAtMs: rest.arrivedAtMs,
    longestGapMs: rest.longestGapMs,
    quietSinceMs: rest.quietSinceMs,
    absence: absence === null ? null : openAlertOf(absence),
    lastEventMs: lastEventMs ?? Number.NEGATIVE_INFINITY,
    catalogue: loadCatalogue(new Uint8Array(saved.part(0))),
    acknowledged: new Map(acknowledged),
    episodes: episodes.map(loadedFeatures),
  };
  for (const [index, each] of monitors.entries())
    state.monitors.set(keyOf(each.columns), loadMonitor(state, each, saved.part(index + 1)));
  return state;
}

function loadMonitor(state: ModelState, saved: SavedMonitor, bytes: ArrayBuffer): Monitor {
  const { columns, events, leftOut, open, episode, left, leftSince, paidAt = 0, withheld = 0 } = saved;
  // Versions 1 and 2 ended such an alert at once, so one that was open held with the last event.
  const { leftLast = left === null ? 0 : events, leftPaidAt = 0 } = saved;
  const monitor = newMonitor(state, columns);
  const reader = new StateReader(bytes, MONITOR_STATE);
  monitor.serial.read(reader);
  monitor.quality.read(reader, monitor.serial);
  monitor.outliers?.read(reader);
  reader.end();
  monitor.allowance.paidAt = paidAt;
  monitor.leftAllowance.paidAt = leftPaidAt;
  for (const [key, each] of open) monitor.quality.open.set(key, { ...each, alert: openAlertOf(each.alert) });
  return {
    ...monitor,
    events,
    leftOut,
    episode: episode === null ? null : { ...loadedFeatures(episode), alert: openAlertOf(episode.alert) },
    left: left === null ? null : openAlertOf(left),
    leftSince,
    leftLast,
    withheld,
  };
}

function savedFeatures<Episode extends { readonly features: readonly AnomalousFeature[] }>(
  episode: Episode,
): SavedFeatures<Episode> {
  const orNull = (value: number): number | null => (Number.isNaN(value) ? null : value);
  const features = episode.features.map(({ expectedLow, expectedHigh, ...each }) => ({
    ...each,
    expectedLow: orNull(expectedLow),
    expectedHigh: orNull(expectedHigh),
  }));
  return { ...episode, features };
}

function loadedFeatures<Episode>(episode: SavedFeatures<Episode>): Episode {
  const features = episode.features.map(({ expectedLow, expectedHigh, ...each }) => ({
    ...each,
    expectedLow: expectedLow ?? Number.NaN,
    expectedHigh: expectedHigh ?? Number.NaN,
  }));
  return { ...episode, features } as Episode;
}
