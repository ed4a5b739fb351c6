/** The state of a model as bytes and back: what the bytes do not hold is rebuilt, what the configuration no longer asks for is dropped. */
import { createReference } from '@weir/drift/reference';
import type { SlidingKs } from '@weir/drift/sliding-ks';
import type { DriftConfig } from './config.ts';
import { decodeState, encodeState } from '@weir/service-kit/state-codec';
import {
  type ColumnState,
  type FeatureSetState,
  isLive,
  type ModelState,
  newColumn,
  newModel,
  type OpenAlert,
  type TimeWindowState,
} from './state.ts';

export const STATE_VERSION = 5;
const OLDEST_STATE_VERSION = 4;

/** Windows travel as their bin ids, oldest first; the tree is rebuilt, so a restored window cannot differ from one that never stopped. */
export function saveModel(model: ModelState): Uint8Array {
  const parts: (Uint32Array | Float64Array)[] = [];
  const place = (array: Uint32Array | Float64Array): number => parts.push(array) - 1;
  const saved: SavedModel = {
    model: model.model,
    versions: [...model.versions],
    featureSets: [...model.featureSets.values()],
    events: model.events,
    lastEventMs: finiteOrNull(model.lastEventMs),
    columns: [...model.columns.values()].map((column) => saveColumn(column, place)),
  };
  return encodeState({ models: [saved] }, parts);
}

type Place = (array: Uint32Array | Float64Array) => number;

function saveColumn(column: ColumnState, place: Place): SavedColumn {
  return {
    name: column.name,
    referenceHash: column.referenceHash,
    values: place(column.reference.values),
    counts: place(column.reference.counts),
    referenceMissing: column.referenceMissing,
    missing: column.missing,
    present: column.present,
    timeWindows: column.timeWindows.filter(isLive).map((state) => saveTimeWindow(state, place)),
    missingWindows: column.missingWindows.filter(isLive).map(({ missing, open }) => {
      const { positions, times } = missing.entries();
      return { capacity: missing.capacity, positions: place(positions), times: place(times), open };
    }),
    windows: column.windows.filter(isLive).map(({ ks, times, timesNext, open, quiet }) => ({
      capacity: ks.capacity,
      bins: place(ks.bins()),
      times: place(timesOf(times, timesNext, ks)),
      open: open === null ? null : { ...open, calm: open.calm > 0 ? open.calm - quiet : 0 },
    })),
  };
}

function saveTimeWindow(state: TimeWindowState, place: Place): SavedTimeWindow {
  const { name, window, watermark, firstPane, topic, open, calmSinceMs, late } = state;
  return {
    name,
    spanMs: window.spanMs,
    panes: window.save().map(({ pane, counts }) => ({ pane, counts: place(counts) })),
    closed: finiteOrNull(window.closed),
    watermark: {
      maxEventTimeMs: finiteOrNull(watermark.maxEventTimeMs),
      activeAtMs: finiteOrNull(watermark.activeAtMs),
      idleAdvanceMs: watermark.idleAdvanceMs,
    },
    firstPane,
    topic,
    open,
    calmSinceMs,
    late,
  };
}

function timesOf(times: Float64Array, next: number, ks: SlidingKs): Float64Array {
  return ks.full
    ? Float64Array.from([...times.subarray(next), ...times.subarray(0, next)])
    : times.slice(0, ks.windowSize);
}

/** JSON has no infinity. */
function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

interface SavedTimeWindow {
  readonly name: string;
  readonly spanMs: number;
  readonly panes: readonly { readonly pane: number; readonly counts: number }[];
  readonly closed: number | null;
  readonly watermark: {
    readonly maxEventTimeMs: number | null;
    readonly activeAtMs: number | null;
    readonly idleAdvanceMs: number;
  };
  readonly firstPane: number | null;
  readonly topic: string;
  readonly open: OpenAlert | null;
  readonly calmSinceMs: number | null;
  readonly late: number;
}

/** Numbers name parts. */
interface SavedColumn {
  readonly name: string;
  readonly referenceHash: string;
  readonly values: number;
  readonly counts: number;
  readonly referenceMissing: number;
  readonly missing: number;
  readonly present: number;
  readonly timeWindows: readonly SavedTimeWindow[];
  readonly missingWindows: readonly {
    readonly capacity: number;
    readonly positions: number;
    readonly times: number;
    readonly open: OpenAlert | null;
  }[];
  readonly windows: readonly {
    readonly capacity: number;
    readonly bins: number;
    readonly times: number;
    readonly open: OpenAlert | null;
  }[];
}

interface SavedModel {
  readonly model: string;
  readonly versions: readonly [string, { readonly featureSet: string; readonly outputs: readonly string[] }][];
  readonly featureSets: readonly FeatureSetState[];
  readonly events: number;
  readonly lastEventMs: number | null;
  readonly columns: readonly SavedColumn[];
}

/** Version 4 held all models of a task, version 5 holds one. */
interface Head {
  readonly models: readonly SavedModel[];
}

/** @throws when the version cannot be read */
export function loadModel(bytes: Uint8Array, stateVersion: number, config: DriftConfig): ModelState {
  if (stateVersion < OLDEST_STATE_VERSION || stateVersion > STATE_VERSION)
    throw new Error(
      `a state of version ${stateVersion} is not read by this build, which reads ${OLDEST_STATE_VERSION} to ${STATE_VERSION}`,
    );
  const { head, part } = decodeState<Head>(bytes);
  const saved = head.models[0] as SavedModel;
  const model = newModel(saved.model, config);
  for (const [version, content] of saved.versions) model.versions.set(version, content);
  for (const featureSet of saved.featureSets) model.featureSets.set(featureSet.id, featureSet);
  model.events = saved.events;
  model.lastEventMs = saved.lastEventMs ?? Number.NEGATIVE_INFINITY;
  for (const column of saved.columns) model.columns.set(column.name, loadColumn(column, part, config));
  return model;
}

/** A snapshot of version 4 as one state for each of its models. */
export function unpackModels(bytes: Uint8Array, stateVersion: number): ReadonlyMap<string, Uint8Array> {
  if (stateVersion !== 4) throw new Error(`a snapshot of version ${stateVersion} is not read by this build`);
  const { head, part } = decodeState<Head>(bytes);
  return new Map(
    head.models.map((saved) => {
      const parts: Uint8Array[] = [];
      const moved = (index: number): number => parts.push(new Uint8Array(part(index))) - 1;
      return [saved.model, encodeState({ models: [movedParts(saved, moved)] }, parts)];
    }),
  );
}

function movedParts(saved: SavedModel, moved: (index: number) => number): SavedModel {
  const columns = saved.columns.map((column) => ({
    ...column,
    values: moved(column.values),
    counts: moved(column.counts),
    timeWindows: column.timeWindows.map((window) => ({
      ...window,
      panes: window.panes.map(({ pane, counts }) => ({ pane, counts: moved(counts) })),
    })),
    missingWindows: column.missingWindows.map((window) => ({
      ...window,
      positions: moved(window.positions),
      times: moved(window.times),
    })),
    windows: column.windows.map((window) => ({ ...window, bins: moved(window.bins), times: moved(window.times) })),
  }));
  return { ...saved, columns };
}

type Part = (index: number) => ArrayBuffer;

function loadColumn(column: SavedColumn, part: Part, config: DriftConfig): ColumnState {
  const reference = createReference(new Float64Array(part(column.values)), new Uint32Array(part(column.counts)));
  const { name, referenceHash, referenceMissing } = column;
  const restored = newColumn(name, referenceHash, reference, referenceMissing, config, {
    count: retiringSizes(column.windows, config),
    missing: retiringSizes(column.missingWindows, config),
    time: column.timeWindows.filter(
      ({ name: span, open }) => open !== null && !config.timeWindows.some((each) => each.name === span),
    ),
  });
  restored.missing = column.missing;
  restored.present = column.present;
  for (const window of restored.windows) {
    const saved = column.windows.find(({ capacity }) => capacity === window.ks.capacity);
    if (saved === undefined) continue;
    for (const bin of new Uint32Array(part(saved.bins))) window.ks.pushBin(bin);
    window.times.set(new Float64Array(part(saved.times)));
    window.timesNext = window.ks.windowSize % window.ks.capacity;
    window.open = saved.open;
  }
  for (const state of restored.timeWindows) {
    const saved = column.timeWindows.find(({ name: span }) => span === state.name);
    if (saved !== undefined) loadTimeWindow(state, saved, part);
  }
  for (const state of restored.missingWindows) {
    const saved = column.missingWindows.find(({ capacity }) => capacity === state.missing.capacity);
    if (saved === undefined) continue;
    const timesMs = new Float64Array(part(saved.times));
    for (const [at, position] of new Float64Array(part(saved.positions)).entries())
      state.missing.push(position, timesMs[at] as number);
    state.open = saved.open;
    if (saved.open !== null) restored.missingOpen += 1;
  }
  return restored;
}

function loadTimeWindow(state: TimeWindowState, saved: SavedTimeWindow, part: Part): void {
  const panes = saved.panes.map(({ pane, counts }) => ({ pane, counts: new Uint32Array(part(counts)) }));
  state.window.restore(panes, saved.closed ?? Number.NEGATIVE_INFINITY);
  state.watermark.maxEventTimeMs = saved.watermark.maxEventTimeMs ?? Number.NEGATIVE_INFINITY;
  state.watermark.activeAtMs = saved.watermark.activeAtMs ?? Number.NEGATIVE_INFINITY;
  state.watermark.idleAdvanceMs = saved.watermark.idleAdvanceMs;
  const { firstPane, topic, open, calmSinceMs, late } = saved;
  Object.assign(state, { firstPane, topic, open, calmSinceMs, late });
}

/** Sizes that are no longer configured, of windows that have an alert to resolve. */
function retiringSizes(
  windows: readonly { readonly capacity: number; readonly open: OpenAlert | null }[],
  { countWindows }: DriftConfig,
): readonly number[] {
  return windows.flatMap(({ capacity, open }) => (open !== null && !countWindows.includes(capacity) ? capacity : []));
}
