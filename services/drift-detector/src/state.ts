/** What the detector keeps of one model. */
import type { OpenAlert } from '@weir/alerts/open-alert';
import type { ColumnLayout } from '@weir/catalogue/layout';
import { emptyCatalogue, type ModelCatalogue, type NumericReference } from '@weir/catalogue/model-catalogue';
import { CountEvaluation } from '@weir/drift/count-evaluation';
import { dependenceIn } from '@weir/drift/dependence';
import type { RuleKind } from '@weir/drift/false-alarms';
import { expectedMissingShare, MissingEvaluation } from '@weir/drift/missing-evaluation';
import { RecentValues } from '@weir/drift/recent-values';
import { type Reference, sharedReference } from '@weir/drift/reference';
import type { SlidingKs } from '@weir/drift/sliding-ks';
import { TimeEvaluation } from '@weir/drift/time-evaluation';
import { createWatermark, type Watermark } from '@weir/service-kit/processing/watermark';
import type { Dependence } from '@weir/stats/serial-dependence';
import type { DriftConfig, TimeWindowConfig } from './config.ts';
import type { Judged } from './performance.ts';

/** Source of a reference that a column made of its own first values. */
export const SELF_REFERENCE = 'weir:self-reference';

/** Values of a column that are kept before its windows have them, at most. */
export const AHEAD = 256;

/** A window with its rule, and the alert that it raised and has not resolved. */
export interface Watch<Evaluation> {
  /** Part of the alert's fingerprint and of addresses, like ks-1000. */
  readonly rule: string;
  readonly kind: RuleKind;
  readonly evaluation: Evaluation;
  alert: OpenAlert | null;
}

export interface TimeWatch extends Watch<TimeEvaluation> {
  /** As configured, like 1h. */
  readonly name: string;
  /** Values that came after their pane had closed. */
  late: number;
}

/** A column with a reference. */
export interface ColumnState {
  readonly name: string;
  /** As the catalogue has it; `reference` shares its arrays. */
  readonly entry: NumericReference;
  readonly reference: Reference;
  readonly counts: readonly Watch<CountEvaluation>[];
  readonly times: readonly TimeWatch[];
  readonly missing: readonly Watch<MissingEvaluation>[];
  /** At least as many as the longest live count window holds. */
  readonly recent: RecentValues;
  /** Event time of the column's own events, for its time windows: the same however a run is cut. */
  readonly watermark: Watermark;
  /** Data topic that fed it last. */
  topic: string;
  /** Open alerts of missing values; derived. */
  openMissing: number;
  /** Values that came and were there, and that were missing (NaN, infinite). */
  present: number;
  absent: number;
}

/** A column that makes its first values its reference. */
export interface Learning {
  readonly values: number[];
  absent: number;
}

/** Where the numbers of an event go. */
export interface Plan {
  readonly watched: readonly { readonly column: ColumnState; readonly place: number }[];
  readonly learning: readonly { readonly name: string; readonly place: number }[];
}

/** What a person said of an alert or a column. */
export interface Note {
  readonly by: string;
  readonly reason: string;
  readonly atMs: number;
}

export interface Mute extends Note {
  readonly untilMs: number;
}

export interface ModelState {
  readonly model: string;
  readonly config: DriftConfig;
  catalogue: ModelCatalogue;
  /** By name: those that have a numeric reference. */
  readonly columns: Map<string, ColumnState>;
  readonly learning: Map<string, Learning>;
  /** Derived from the three above; emptied when one of them changes. */
  readonly plans: Map<ColumnLayout, Plan>;
  /** By id of an open alert. */
  readonly acknowledged: Map<string, Note>;
  /** By column; the empty name is the whole model. */
  readonly mutes: Map<string, Mute>;
  /** Null until the first outcome. */
  judged: Judged | null;
  events: number;
  lastEventMs: number;
}

export function newModel(model: string, config: DriftConfig): ModelState {
  return {
    model,
    config,
    catalogue: emptyCatalogue(model),
    columns: new Map(),
    learning: new Map(),
    plans: new Map(),
    acknowledged: new Map(),
    mutes: new Map(),
    judged: null,
    events: 0,
    lastEventMs: Number.NEGATIVE_INFINITY,
  };
}

/** Windows of an earlier configuration that have an open alert: they stay until it has resolved, and raise no other. */
export interface RetiringWindows {
  /** Sizes. */
  readonly counts: readonly number[];
  readonly missing: readonly number[];
  readonly times: readonly TimeWindowConfig[];
}

const NONE: RetiringWindows = { counts: [], missing: [], times: [] };

/** Whether a window still has something to say. */
export function isLive({ evaluation, alert }: Watch<{ readonly canRaise: boolean }>): boolean {
  return evaluation.canRaise || alert !== null;
}

/** @throws {RangeError} when the reference is too large for a window of the configuration */
export function newColumn(entry: NumericReference, config: DriftConfig, retiring: RetiringWindows = NONE): ColumnState {
  const reference = sharedReference(entry.values, entry.counts);
  const share = expectedMissingShare(entry.size, entry.missing);
  const { countWindows, timeWindows } = config;
  return {
    name: entry.column,
    entry,
    reference,
    counts: [...countWindows, ...retiring.counts].map((size, index) => ({
      rule: `ks-${size}`,
      kind: 'count',
      evaluation: new CountEvaluation(reference, size, config, index < countWindows.length),
      alert: null,
    })),
    missing: [...countWindows, ...retiring.missing].map((size, index) => ({
      rule: `missing-${size}`,
      kind: 'missing',
      evaluation: new MissingEvaluation(size, share, config, index < countWindows.length),
      alert: null,
    })),
    times: [...timeWindows, ...retiring.times].map(({ name, spanMs }, index) => ({
      rule: `ks-${name}`,
      kind: 'time',
      name,
      evaluation: new TimeEvaluation(reference, spanMs, config, index < timeWindows.length),
      alert: null,
      late: 0,
    })),
    recent: new RecentValues(Math.max(...countWindows, ...retiring.counts), AHEAD),
    watermark: createWatermark(),
    topic: '',
    openMissing: 0,
    present: 0,
    absent: 0,
  };
}

/** All windows of a column. */
export function watchesOf({ counts, times, missing }: ColumnState): readonly Watch<{ readonly canRaise: boolean }>[] {
  return [...counts, ...times, ...missing];
}

/** The longest count window that is live. */
export function longestWindow({ counts }: ColumnState): SlidingKs {
  const windows = counts.filter(isLive).map(({ evaluation }) => evaluation.ks);
  return windows.reduce((a, b) => (b.capacity > a.capacity ? b : a));
}

/** By the longest window, which knows most. O(W). */
export function dependenceOfColumn(column: ColumnState): Dependence {
  return dependenceIn(longestWindow(column), column.recent);
}
