import { PanedWindow } from '@weir/drift/paned-window';
import { createReference, type Reference } from '@weir/drift/reference';
import { SlidingKs } from '@weir/drift/sliding-ks';
import { SlidingMissing } from '@weir/drift/sliding-missing';
import { threshold } from '@weir/drift/threshold';
import { createWatermark, type Watermark } from '@weir/service-kit/watermark';
import { binomialLimit } from '@weir/stats/binomial';
import type { DriftConfig } from './config.ts';

export const STATE_VERSION = 3;

/** An alert that was raised and not yet resolved. */
export interface OpenAlert {
  readonly id: string;
  readonly fingerprint: string;
  readonly raisedAtMs: number;
  /** Values since D was last at or above the resolving level, `quiet` ones of them counted in advance. */
  calm: number;
}

export interface WindowState {
  readonly ks: SlidingKs;
  /** Event times of the window's values, in a ring as long as the window. */
  readonly times: Float64Array;
  timesNext: number;
  open: OpenAlert | null;
  /** D that raises; derived from sizes and configuration once, since it takes a bisection. */
  readonly limit: number;
  /** Smallest height of the full window that raises, and that keeps an open alert from resolving: integers, compared without a division. */
  readonly raiseHeight: number;
  readonly calmHeight: number;
  /** Values still to come that cannot change the decision; derived, so no snapshot holds it. */
  quiet: number;
}

/** The share of missing values among the last W. */
export interface MissingState {
  readonly missing: SlidingMissing;
  open: OpenAlert | null;
  /** Missing values of W that raise, and at or below which an open alert calms down. */
  readonly raiseCount: number;
  readonly calmCount: number;
}

/** A window over event time. */
export interface TimeWindowState {
  readonly name: string;
  readonly window: PanedWindow;
  readonly watermark: Watermark;
  /** Topic that fed it last. */
  topic: string;
  open: OpenAlert | null;
  /** End of the pane at which D fell below the resolving level, ms; null while it has not, or no alert is open. */
  calmSinceMs: number | null;
  /** Values that came after their pane had closed. */
  late: number;
}

/** Where the numbers of an event go. */
export interface Plan {
  readonly numeric: number;
  readonly categorical: number;
  readonly outputs: number;
  /** `place` counts numeric features, then outputs. */
  readonly columns: readonly { readonly column: ColumnState; readonly place: number }[];
}

export interface ColumnState {
  readonly name: string;
  readonly referenceHash: string;
  readonly reference: Reference;
  readonly referenceMissing: number;
  readonly windows: readonly WindowState[];
  readonly timeWindows: readonly TimeWindowState[];
  readonly missingWindows: readonly MissingState[];
  /** How many of them have an open alert; derived, so no snapshot holds it. */
  missingOpen: number;
  /** Share of missing values that the reference leads one to expect, in (0, 1): with one of each imagined, since none seen is not never. */
  readonly missingShare: number;
  /** Values that were missing (NaN, infinite), a count. */
  missing: number;
  present: number;
}

export interface FeatureSetState {
  readonly id: string;
  /** Names of the numeric features in order. */
  readonly numeric: readonly string[];
  readonly categorical: readonly string[];
}

export interface ModelState {
  readonly model: string;
  readonly config: DriftConfig;
  readonly versions: Map<string, { readonly featureSet: string; readonly outputs: readonly string[] }>;
  readonly featureSets: Map<string, FeatureSetState>;
  readonly columns: Map<string, ColumnState>;
  /** Derived from the three above; emptied when one of them changes. */
  readonly plans: Map<string, Plan>;
  events: number;
  lastEventMs: number;
  changed: boolean;
}

export interface DriftState {
  readonly models: Map<string, ModelState>;
}

export function newModel(model: string, config: DriftConfig): ModelState {
  return {
    model,
    config,
    versions: new Map(),
    featureSets: new Map(),
    columns: new Map(),
    plans: new Map(),
    events: 0,
    lastEventMs: Number.NEGATIVE_INFINITY,
    changed: true,
  };
}

/** @param referenceMissing missing values beside those of the reference, a count */
export function newColumn(
  name: string,
  referenceHash: string,
  reference: Reference,
  referenceMissing: number,
  config: DriftConfig,
): ColumnState {
  const windows = config.countWindows.map((size): WindowState => {
    const ks = new SlidingKs(reference, size);
    const limit = threshold(reference.m, size, config);
    return {
      ks,
      times: new Float64Array(size),
      timesNext: 0,
      open: null,
      limit,
      raiseHeight: heightAt(ks, limit),
      calmHeight: heightAt(ks, limit * config.resolveShare),
      quiet: 0,
    };
  });
  const missingShare = (referenceMissing + 1) / (reference.m + referenceMissing + 2);
  const missingWindows = config.countWindows.map((size): MissingState => {
    const unlikely = binomialLimit(size, missingShare, 1 / config.readingsPerFalseAlarm);
    const raiseCount = Math.max(unlikely, Math.ceil(size * (missingShare + config.minEffect)));
    return {
      missing: new SlidingMissing(size),
      open: null,
      raiseCount,
      calmCount: Math.floor(raiseCount * config.resolveShare),
    };
  });
  const timeWindows = config.timeWindows.map(
    ({ name: span, spanMs }): TimeWindowState => ({
      name: span,
      window: new PanedWindow(reference, spanMs),
      watermark: createWatermark(),
      topic: '',
      open: null,
      calmSinceMs: null,
      late: 0,
    }),
  );
  return {
    name,
    referenceHash,
    reference,
    referenceMissing,
    windows,
    timeWindows,
    missingWindows,
    missingOpen: 0,
    missingShare,
    missing: 0,
    present: 0,
  };
}

/** Smallest height whose D in a full window is at least `level`. Both are whole, so the quotient has the bits of SciPy's reduced one. */
function heightAt({ reference, capacity }: SlidingKs, level: number): number {
  const product = reference.m * capacity;
  // One rounding error either way.
  let height = Math.max(0, Math.ceil(level * product) - 1);
  while (height / product < level) height += 1;
  return height;
}

/** Windows travel as their bin ids, oldest first; the tree is rebuilt, so a restored window cannot differ from one that never stopped. */
export function toSnapshot(state: DriftState): Uint8Array {
  const parts: Buffer[] = [];
  const place = (array: Uint32Array | Float64Array): number =>
    parts.push(Buffer.from(array.buffer, array.byteOffset, array.byteLength)) - 1;
  const head = [...state.models.values()].map((model) => ({
    model: model.model,
    versions: [...model.versions],
    featureSets: [...model.featureSets.values()],
    events: model.events,
    lastEventMs: Number.isFinite(model.lastEventMs) ? model.lastEventMs : null,
    columns: [...model.columns.values()].map((column) => ({
      name: column.name,
      referenceHash: column.referenceHash,
      values: place(column.reference.values),
      counts: place(column.reference.counts),
      referenceMissing: column.referenceMissing,
      missing: column.missing,
      present: column.present,
      timeWindows: column.timeWindows.map(({ name, window, watermark, topic, open, calmSinceMs, late }) => ({
        name,
        spanMs: window.spanMs,
        panes: window.save().map(({ pane, counts }) => ({ pane, counts: place(counts) })),
        closed: finiteOrNull(window.closed),
        watermark: {
          maxEventTimeMs: finiteOrNull(watermark.maxEventTimeMs),
          activeAtMs: finiteOrNull(watermark.activeAtMs),
          idleAdvanceMs: watermark.idleAdvanceMs,
        },
        topic,
        open,
        calmSinceMs,
        late,
      })),
      missingWindows: column.missingWindows.map(({ missing, open }) => {
        const { positions, times } = missing.entries();
        return { positions: place(positions), times: place(times), open };
      }),
      windows: column.windows.map(({ ks, times, timesNext, open, quiet }) => ({
        capacity: ks.capacity,
        bins: place(ks.bins()),
        times: place(timesOf(times, timesNext, ks)),
        open: open === null ? null : { ...open, calm: open.calm > 0 ? open.calm - quiet : 0 },
      })),
    })),
  }));
  const json = Buffer.from(JSON.stringify({ sizes: parts.map(({ length }) => length), models: head }));
  const size = Buffer.alloc(4);
  size.writeUInt32BE(json.length);
  return Buffer.concat([size, json, ...parts]);
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

interface Head {
  readonly sizes: readonly number[];
  readonly models: readonly {
    readonly model: string;
    readonly versions: readonly [string, { readonly featureSet: string; readonly outputs: readonly string[] }][];
    readonly featureSets: readonly FeatureSetState[];
    readonly events: number;
    readonly lastEventMs: number | null;
    readonly columns: readonly {
      readonly name: string;
      readonly referenceHash: string;
      readonly values: number;
      readonly counts: number;
      readonly referenceMissing: number;
      readonly missing: number;
      readonly present: number;
      readonly timeWindows: readonly {
        readonly name: string;
        readonly spanMs: number;
        readonly panes: readonly { readonly pane: number; readonly counts: number }[];
        readonly closed: number | null;
        readonly watermark: {
          readonly maxEventTimeMs: number | null;
          readonly activeAtMs: number | null;
          readonly idleAdvanceMs: number;
        };
        readonly topic: string;
        readonly open: OpenAlert | null;
        readonly calmSinceMs: number | null;
        readonly late: number;
      }[];
      readonly missingWindows: readonly {
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
    }[];
  }[];
}

export function fromSnapshot(bytes: Uint8Array, config: DriftConfig): DriftState {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headBytes = buffer.readUInt32BE(0);
  const { sizes, models } = JSON.parse(buffer.toString('utf8', 4, 4 + headBytes)) as Head;
  const starts: number[] = [];
  let at = 4 + headBytes;
  for (const size of sizes) {
    starts.push(at);
    at += size;
  }
  if (at !== buffer.length)
    throw new Error(`a drift snapshot of ${buffer.length} bytes should have ${at}; drop it, the journal has the truth`);
  // Copied, because a typed array needs its alignment.
  const part = (index: number): ArrayBuffer =>
    Uint8Array.from(buffer.subarray(starts[index], (starts[index] as number) + (sizes[index] as number))).buffer;
  const state: DriftState = { models: new Map() };
  for (const saved of models) {
    const model = newModel(saved.model, config);
    for (const [version, content] of saved.versions) model.versions.set(version, content);
    for (const featureSet of saved.featureSets) model.featureSets.set(featureSet.id, featureSet);
    model.events = saved.events;
    model.lastEventMs = saved.lastEventMs ?? Number.NEGATIVE_INFINITY;
    for (const column of saved.columns) {
      const reference = createReference(new Float64Array(part(column.values)), new Uint32Array(part(column.counts)));
      const sizes = column.windows.map(({ capacity }) => capacity);
      const { name, referenceHash, referenceMissing } = column;
      const restored = newColumn(name, referenceHash, reference, referenceMissing, {
        ...config,
        countWindows: sizes,
        timeWindows: column.timeWindows,
      });
      restored.missing = column.missing;
      restored.present = column.present;
      for (const [index, window] of restored.windows.entries()) {
        const { bins, times, open } = column.windows[index] as (typeof column.windows)[number];
        for (const bin of new Uint32Array(part(bins))) window.ks.pushBin(bin);
        window.times.set(new Float64Array(part(times)));
        window.timesNext = window.ks.windowSize % window.ks.capacity;
        window.open = open;
      }
      for (const [index, state] of restored.timeWindows.entries()) {
        const saved = column.timeWindows[index] as (typeof column.timeWindows)[number];
        const panes = saved.panes.map(({ pane, counts }) => ({ pane, counts: new Uint32Array(part(counts)) }));
        state.window.restore(panes, saved.closed ?? Number.NEGATIVE_INFINITY);
        state.watermark.maxEventTimeMs = saved.watermark.maxEventTimeMs ?? Number.NEGATIVE_INFINITY;
        state.watermark.activeAtMs = saved.watermark.activeAtMs ?? Number.NEGATIVE_INFINITY;
        state.watermark.idleAdvanceMs = saved.watermark.idleAdvanceMs;
        const { topic, open, calmSinceMs, late } = saved;
        Object.assign(state, { topic, open, calmSinceMs, late });
      }
      for (const [index, window] of restored.missingWindows.entries()) {
        const { positions, times, open } = column.missingWindows[index] as (typeof column.missingWindows)[number];
        const timesMs = new Float64Array(part(times));
        for (const [at, position] of new Float64Array(part(positions)).entries())
          window.missing.push(position, timesMs[at] as number);
        window.open = open;
        if (open !== null) restored.missingOpen += 1;
      }
      model.columns.set(column.name, restored);
    }
    state.models.set(saved.model, model);
  }
  return state;
}
