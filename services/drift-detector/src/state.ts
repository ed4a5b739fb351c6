import { PanedWindow } from '@weir/drift/paned-window';
import type { Reference } from '@weir/drift/reference';
import { SlidingKs } from '@weir/drift/sliding-ks';
import { SlidingMissing } from '@weir/drift/sliding-missing';
import { threshold } from '@weir/drift/threshold';
import { createWatermark, type Watermark } from '@weir/service-kit/processing/watermark';
import { binomialLimit } from '@weir/stats/binomial';
import type { DriftConfig, TimeWindowConfig } from './config.ts';

/** An alert that was raised and not yet resolved. */
export interface OpenAlert {
  readonly id: string;
  readonly fingerprint: string;
  readonly raisedAtMs: number;
  /** When what it tells of most probably began, event time in ms. */
  readonly sinceMs: number;
  /** Values since D was last at or above the resolving level, `quiet` ones of them counted in advance. */
  calm: number;
}

/** A window that is no longer configured stays until its open alert has resolved, and raises none: nobody else would resolve it. */
interface Retiring {
  readonly isRetiring: boolean;
  readonly open: OpenAlert | null;
}

/** Whether a window still has something to say. */
export function isLive({ isRetiring, open }: Retiring): boolean {
  return !isRetiring || open !== null;
}

export interface WindowState extends Retiring {
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
export interface MissingState extends Retiring {
  readonly missing: SlidingMissing;
  open: OpenAlert | null;
  /** Missing values of W that raise, and at or below which an open alert calms down. */
  readonly raiseCount: number;
  readonly calmCount: number;
}

/** A window over event time. */
export interface TimeWindowState extends Retiring {
  readonly name: string;
  readonly window: PanedWindow;
  readonly watermark: Watermark;
  /** The first pane that closed; null before. */
  firstPane: number | null;
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
  };
}

/** Windows of an earlier configuration that have an open alert. */
export interface RetiringWindows {
  /** Sizes. */
  readonly count: readonly number[];
  readonly missing: readonly number[];
  readonly time: readonly TimeWindowConfig[];
}

const NONE: RetiringWindows = { count: [], missing: [], time: [] };

/** @param referenceMissing missing values beside those of the reference, a count */
export function newColumn(
  name: string,
  referenceHash: string,
  reference: Reference,
  referenceMissing: number,
  config: DriftConfig,
  retiring: RetiringWindows = NONE,
): ColumnState {
  const windows = [...config.countWindows, ...retiring.count].map((size, index): WindowState => {
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
      isRetiring: index >= config.countWindows.length,
    };
  });
  const missingShare = (referenceMissing + 1) / (reference.m + referenceMissing + 2);
  const missingWindows = [...config.countWindows, ...retiring.missing].map((size, index): MissingState => {
    const unlikely = binomialLimit(size, missingShare, 1 / config.readingsPerFalseAlarm);
    const raiseCount = Math.max(unlikely, Math.ceil(size * (missingShare + config.minEffect)));
    return {
      missing: new SlidingMissing(size),
      open: null,
      raiseCount,
      calmCount: Math.floor(raiseCount * config.resolveShare),
      isRetiring: index >= config.countWindows.length,
    };
  });
  const timeWindows = [...config.timeWindows, ...retiring.time].map(
    ({ name: span, spanMs }, index): TimeWindowState => ({
      name: span,
      window: new PanedWindow(reference, spanMs),
      watermark: createWatermark(),
      firstPane: null,
      topic: '',
      open: null,
      calmSinceMs: null,
      late: 0,
      isRetiring: index >= config.timeWindows.length,
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
