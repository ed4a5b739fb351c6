/** The state of a model as bytes and back: what the bytes do not hold is rebuilt, what the configuration no longer asks for is left out. */
import { type OpenAlert, openAlertOf } from '@weir/alerts/open-alert';
import type { ModelCatalogue, NumericReference } from '@weir/catalogue/model-catalogue';
import { loadCatalogue, saveCatalogue } from '@weir/catalogue/saved-catalogue';
import type { OpenEvaluation, SavedOpenEvaluation } from '@weir/drift/evaluation';
import type { ToldShare } from '@weir/drift/missing-evaluation';
import { ModelPerformance, type SavedModelPerformance } from '@weir/drift/performance/model-performance';
import type { ToldSpan } from '@weir/drift/time-evaluation';
import { decodeState, encodeState } from '@weir/service-kit/state-codec';
import type { DriftConfig } from './config.ts';
import { newJudged } from './performance.ts';
import {
  type ColumnState,
  isLive,
  type Learning,
  longestWindow,
  type ModelState,
  type Mute,
  type Note,
  newColumn,
  newModel,
  type TimeWatch,
} from './state.ts';
import { fromVersion4 } from './version4.ts';

export const STATE_VERSION = 8;
/** As this one: 6 without outcomes, 7 without a rebase of them. */
const READ_ALIKE: readonly number[] = [6, 7, STATE_VERSION];

/** Of an array of numbers: its index among the parts. */
type Place = number;

export interface SavedModel {
  readonly model: string;
  readonly events: number;
  readonly lastEventMs: number | null;
  readonly columns: readonly SavedColumn[];
  readonly learning: readonly (readonly [string, { readonly values: Place; readonly absent: number }])[];
  readonly acknowledged: readonly (readonly [string, Note])[];
  readonly mutes: readonly (readonly [string, Mute])[];
  /** Its arrays lie behind one another from `parts` on. Absent in states from before outcomes were read. */
  readonly judged?: {
    readonly performance: SavedModelPerformance;
    readonly parts: Place;
    readonly alerts: readonly (readonly [string, OpenAlert])[];
  };
}

export interface SavedColumn {
  readonly name: string;
  readonly present: number;
  readonly absent: number;
  readonly topic: string;
  readonly watermark: readonly [number | null, number | null, number];
  readonly recent: Place | null;
  readonly counts: readonly {
    readonly capacity: number;
    readonly alert: OpenAlert | null;
    readonly open: SavedOpenEvaluation | null;
    readonly bins: Place;
    readonly times: Place;
    readonly move: {
      readonly told: number;
      readonly height: number;
      readonly direction: number;
      readonly bins: Place;
      readonly counts: Place;
      readonly after: number;
    } | null;
  }[];
  readonly missing: readonly {
    readonly capacity: number;
    readonly alert: OpenAlert | null;
    readonly open: SavedOpenEvaluation | null;
    readonly positions: Place;
    readonly times: Place;
    readonly told: ToldShare | null;
  }[];
  readonly times: readonly {
    readonly name: string;
    readonly spanMs: number;
    readonly late: number;
    readonly alert: OpenAlert | null;
    readonly open: OpenEvaluation | null;
    readonly panes: readonly { readonly pane: number; readonly counts: Place }[];
    readonly closed: number | null;
    readonly firstPane: number | null;
    readonly recoveringSinceMs: number | null;
    readonly told: (Omit<ToldSpan, 'counts'> & { readonly counts: Place | null }) | null;
  }[];
}

/** Windows travel as their bin ids, oldest first; the tree is rebuilt, so a restored window cannot differ from one that never stopped. */
export function saveModel(model: ModelState): Uint8Array {
  const parts: ArrayBufferView[] = [saveCatalogue(model.catalogue)];
  const place = (array: ArrayBufferView): Place => parts.push(array) - 1;
  const saved: SavedModel = {
    model: model.model,
    events: model.events,
    lastEventMs: finiteOrNull(model.lastEventMs),
    columns: [...model.columns.values()].map((column) => saveColumn(column, place)),
    learning: [...model.learning].map(([name, { values, absent }]) => [
      name,
      { values: place(Float64Array.from(values)), absent },
    ]),
    acknowledged: [...model.acknowledged],
    mutes: [...model.mutes],
    ...saveJudged(model, place),
  };
  return encodeState(saved, parts);
}

function saveJudged({ judged }: ModelState, place: (array: ArrayBufferView) => Place): Pick<SavedModel, 'judged'> {
  if (judged === null) return {};
  const { head: performance, parts } = judged.performance.save();
  const [first] = parts.map(place);
  return { judged: { performance, parts: first as Place, alerts: [...judged.alerts] } };
}

function saveColumn(column: ColumnState, place: (array: ArrayBufferView) => Place): SavedColumn {
  const { name, present, absent, topic, watermark } = column;
  return {
    name,
    present,
    absent,
    topic,
    watermark: [finiteOrNull(watermark.maxEventTimeMs), finiteOrNull(watermark.activeAtMs), watermark.idleAdvanceMs],
    // A window that is no longer live may have held more.
    recent: place(column.recent.newest(longestWindow(column).capacity)),
    counts: column.counts.filter(isLive).map(({ evaluation, alert }) => {
      const { bins, timesMs, open, move } = evaluation.save();
      const saved = move === null ? null : { ...move, bins: place(move.bins), counts: place(move.counts) };
      return {
        capacity: evaluation.ks.capacity,
        alert,
        open,
        bins: place(bins),
        times: place(timesMs),
        move: saved,
      };
    }),
    missing: column.missing.filter(isLive).map(({ evaluation, alert }) => {
      const { positions, timesMs, open, told } = evaluation.save();
      const { capacity } = evaluation.missing;
      return { capacity, alert, open, positions: place(positions), times: place(timesMs), told };
    }),
    times: column.times.filter(isLive).map(({ name: span, evaluation, alert, late }) => {
      const { panes, told, ...rest } = evaluation.save();
      return {
        ...rest,
        name: span,
        spanMs: evaluation.window.spanMs,
        late,
        alert,
        panes: panes.map(({ pane, counts }) => ({ pane, counts: place(counts) })),
        told: told === null ? null : { ...told, counts: told.counts === null ? null : place(told.counts) },
      };
    }),
  };
}

/** JSON has no infinity. */
function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/** @throws {RangeError} naming a version that cannot be read */
export function loadModel(bytes: Uint8Array, stateVersion: number, config: DriftConfig): ModelState {
  if (stateVersion === 4) {
    const { saved, catalogue, part } = fromVersion4(bytes);
    return restoreModel(saved, catalogue, part, config);
  }
  if (!READ_ALIKE.includes(stateVersion))
    throw new RangeError(
      `a state of drift-detector has version ${stateVersion}, this build reads 4, ${READ_ALIKE.slice(0, -1).join(', ')} and ${STATE_VERSION}; run the build that wrote it, or a later one`,
    );
  const decoded = decodeState<SavedModel>(bytes);
  const catalogue = loadCatalogue(new Uint8Array(decoded.part(0)));
  return restoreModel(decoded.head, catalogue, (index) => decoded.part(index), config);
}

type Part = (index: Place) => ArrayBuffer;

function restoreModel(saved: SavedModel, catalogue: ModelCatalogue, part: Part, config: DriftConfig): ModelState {
  const model = newModel(saved.model, config);
  model.catalogue = catalogue;
  model.events = saved.events;
  model.lastEventMs = saved.lastEventMs ?? Number.NEGATIVE_INFINITY;
  for (const column of saved.columns)
    model.columns.set(
      column.name,
      restoreColumn(column, catalogue.references.get(column.name) as NumericReference, part, config),
    );
  for (const [name, { values, absent }] of saved.learning) {
    const learning: Learning = { values: [...new Float64Array(part(values))], absent };
    model.learning.set(name, learning);
  }
  for (const [id, note] of saved.acknowledged) model.acknowledged.set(id, note);
  for (const [name, mute] of saved.mutes) model.mutes.set(name, mute);
  // Outcomes that are no longer read leave nothing behind.
  if (saved.judged !== undefined && config.outcomeReference > 0) {
    const { performance, parts, alerts } = saved.judged;
    model.judged = newJudged(ModelPerformance.load(performance, (index) => part(parts + index), config));
    for (const [rule, alert] of alerts) model.judged.alerts.set(rule, openAlertOf(alert));
  }
  return model;
}

function restoreColumn(saved: SavedColumn, entry: NumericReference, part: Part, config: DriftConfig): ColumnState {
  const column = newColumn(entry, config, retiringOf(saved, config));
  const [maxEventTimeMs, activeAtMs, idleAdvanceMs] = saved.watermark;
  column.watermark.maxEventTimeMs = maxEventTimeMs ?? Number.NEGATIVE_INFINITY;
  column.watermark.activeAtMs = activeAtMs ?? Number.NEGATIVE_INFINITY;
  column.watermark.idleAdvanceMs = idleAdvanceMs;
  column.topic = saved.topic;
  column.present = saved.present;
  column.absent = saved.absent;
  if (saved.recent !== null) column.recent.restore(new Float64Array(part(saved.recent)));
  for (const watch of column.counts) {
    const found = saved.counts.find(({ capacity }) => capacity === watch.evaluation.ks.capacity);
    if (found === undefined) continue;
    const { open, move } = found;
    watch.alert = alertOf(found.alert);
    watch.evaluation.restore({
      open,
      bins: new Uint32Array(part(found.bins)),
      timesMs: new Float64Array(part(found.times)),
      move:
        move === null
          ? null
          : { ...move, bins: new Uint32Array(part(move.bins)), counts: new Uint32Array(part(move.counts)) },
    });
  }
  for (const watch of column.missing) {
    const found = saved.missing.find(({ capacity }) => capacity === watch.evaluation.missing.capacity);
    if (found === undefined) continue;
    const { open, told } = found;
    const positions = new Float64Array(part(found.positions));
    const timesMs = new Float64Array(part(found.times));
    watch.alert = alertOf(found.alert);
    watch.evaluation.restore({ open, told, positions, timesMs }, saved.present + saved.absent);
    if (watch.alert !== null) column.openMissing += 1;
  }
  for (const watch of column.times) {
    const found = saved.times.find(({ name }) => name === watch.name);
    if (found !== undefined) restoreTimes(watch, found, part);
  }
  return column;
}

function restoreTimes(watch: TimeWatch, saved: SavedColumn['times'][number], part: Part): void {
  const { late, alert, panes, told } = saved;
  watch.late = late;
  watch.alert = alertOf(alert);
  watch.evaluation.restore({
    ...saved,
    panes: panes.map(({ pane, counts }) => ({ pane, counts: new Uint32Array(part(counts)) })),
    told: told === null ? null : { ...told, counts: told.counts === null ? null : new Uint32Array(part(told.counts)) },
  });
}

function alertOf(saved: OpenAlert | null): OpenAlert | null {
  return saved === null ? null : openAlertOf(saved);
}

/** Windows that are no longer configured and have an alert to resolve. */
function retiringOf({ counts, missing, times }: SavedColumn, { countWindows, timeWindows }: DriftConfig) {
  const sizes = (windows: readonly { readonly capacity: number; readonly alert: OpenAlert | null }[]) =>
    windows.flatMap(({ capacity, alert }) => (alert !== null && !countWindows.includes(capacity) ? capacity : []));
  return {
    counts: sizes(counts),
    missing: sizes(missing),
    times: times.filter(({ name, alert }) => alert !== null && !timeWindows.some((each) => each.name === name)),
  };
}
