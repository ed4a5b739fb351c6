/** The state of a model as bytes and back. What the configuration decides is made anew. */
import { type OpenAlert, openAlertOf } from '@weir/alerts/open-alert';
import { loadCatalogue, saveCatalogue } from '@weir/catalogue/saved-catalogue';
import type { ModelAccess } from '@weir/events/generated/events';
import type { CellReport } from '@weir/explain/fairness/cell-reports';
import { loadFairness, saveFairness } from '@weir/explain/fairness/saved-state';
import type { SamplerState } from '@weir/explain/sampling/inclusion';
import { PriorityReservoir, type ReservoirItem } from '@weir/explain/sampling/priority-reservoir';
import { decodeState, encodeState } from '@weir/service-kit/state-codec';
import { type BackgroundRow, newBackground } from './background.ts';
import type { SamplerConfig } from './config.ts';
import type { Column } from './explain-request.ts';
import { fairnessOf } from './fairness.ts';
import { newGapSums } from './gap-features.ts';
import { newDetector } from './importance.ts';
import {
  type Batch,
  type FairnessWatch,
  type Importance,
  type Item,
  type Kept,
  type Load,
  type ModelState,
  newModel,
  newSampler,
  type VersionState,
} from './state.ts';

export const STATE_VERSION = 2;
/** Before the gap between groups was decomposed: its sums begin with the next explanation. */
const OLDEST = 1;

/** Of an array: its index among the parts. */
type Place = number;
type SavedItem = Omit<Item, 'numeric' | 'output' | Since2> & Partial<Pick<Item, Since2>> & { readonly numbers: Place };
type Since2 = 'segment' | 'decisionsBefore';
type SavedRow = Omit<BackgroundRow, 'numeric'> & { readonly numbers: Place };

interface SavedImportance
  extends Pick<Importance, 'modelHash' | 'game' | 'backgroundId' | 'sharesWeight' | 'sharesCount'> {
  readonly sums: {
    readonly weights: number;
    readonly squaredWeights: number;
    readonly variances: number;
    readonly count: number;
    readonly sums: Place;
    readonly firsts: Place;
    readonly seconds: Place;
  };
  readonly shares: Place;
  readonly recent: Place;
  /** Since version 2. */
  readonly gaps?: Place;
  readonly detector: {
    readonly logDetector: Place;
    readonly mean: Place;
    readonly second: Place;
    readonly count: number;
  } | null;
  readonly alerts: readonly (readonly [number, OpenAlert, number])[];
}

interface SavedVersion {
  readonly version: string;
  readonly featureSet: string;
  readonly columns: readonly Column[];
  readonly outputs: readonly string[];
  readonly access: ModelAccess | null;
  readonly load: Load;
  readonly sampler: Omit<SamplerState, 'timeMs'> & { readonly timeMs: number | null };
  readonly level: VersionState['level'];
  readonly queue: readonly SavedItem[];
  readonly batch: { readonly id: string; readonly items: readonly SavedItem[] } | null;
  readonly batches: number;
  readonly importance: SavedImportance | null;
  readonly archives: readonly { readonly day: number; readonly items: readonly ReservoirItem<Kept>[] }[];
  readonly requested: readonly Kept[];
  readonly counts: readonly number[];
  readonly lastError: string;
  readonly fairness: {
    readonly monitor: Place | null;
    readonly counts: readonly number[];
    /** The last two since version 2. */
    readonly alerts: readonly (readonly [
      key: string,
      open: OpenAlert,
      raisedAfter?: number,
      untold?: CellReport | null,
    ])[];
    readonly groups: Pick<FairnessWatch, 'attributes' | 'unwatched'>;
  };
}

interface SavedModel {
  readonly model: string;
  readonly lastEventMs: number | null;
  readonly versions: readonly SavedVersion[];
  readonly backgrounds: readonly (readonly [
    string,
    { readonly seen: number; readonly id: string; readonly rows: readonly SavedRow[] },
  ])[];
}

export function saveModel(model: ModelState): Uint8Array {
  const parts: ArrayBufferView[] = [saveCatalogue(model.catalogue)];
  const place = (array: ArrayBufferView): Place => parts.push(array) - 1;
  const saved: SavedModel = {
    model: model.model,
    lastEventMs: finiteOrNull(model.lastEventMs),
    versions: [...model.versions.values()].map((version) => saveVersion(version, place)),
    backgrounds: [...model.backgrounds].map(([featureSet, { seen, id, rows }]) => [
      featureSet,
      { seen, id, rows: rows.map(({ numeric, ...row }) => ({ ...row, numbers: place(Float64Array.from(numeric)) })) },
    ]),
  };
  return encodeState(saved, parts);
}

function saveVersion(version: VersionState, place: (array: ArrayBufferView) => Place): SavedVersion {
  const { load, sampler, queue, batch, importance, archives, fairness, requested, lastError, level, batches } = version;
  const saveItem = ({ numeric, output, ...item }: Item): SavedItem => ({
    ...item,
    numbers: place(Float64Array.of(output, ...numeric)),
  });
  return {
    version: version.version,
    featureSet: version.featureSet,
    columns: version.columns,
    outputs: version.outputs,
    access: version.access,
    load,
    sampler: { ...sampler.state, timeMs: finiteOrNull(sampler.state.timeMs) },
    level,
    queue: queue.map(saveItem),
    batch: batch === null ? null : { id: batch.id, items: batch.items.map(saveItem) },
    batches,
    importance: importance === null ? null : saveImportance(importance, place),
    archives: archives.map(({ day, sample }) => ({ day, items: sample.save() })),
    requested,
    counts: [version.explained, version.shed, version.unexplained, version.mismatched],
    lastError,
    fairness: {
      monitor: fairness.monitor === null ? null : place(saveFairness(fairness.monitor)),
      counts: [fairness.decisions, fairness.labels, fairness.undecided],
      alerts: [...fairness.alerts].map(([key, { open, raisedAfter, untold }]) => [key, open, raisedAfter, untold]),
      groups: { attributes: fairness.attributes, unwatched: fairness.unwatched },
    },
  };
}

function saveImportance(importance: Importance, place: (array: ArrayBufferView) => Place): SavedImportance {
  const { modelHash, game, backgroundId, sums, shares, sharesWeight, sharesCount, detector, recent, gaps, alerts } =
    importance;
  return {
    modelHash,
    game,
    backgroundId,
    sharesWeight,
    sharesCount,
    sums: { ...sums, sums: place(sums.sums), firsts: place(sums.firsts), seconds: place(sums.seconds) },
    shares: place(shares),
    recent: place(recent),
    gaps: place(gaps),
    detector:
      detector === null
        ? null
        : {
            logDetector: place(detector.state.logDetector),
            mean: place(detector.state.mean),
            second: place(detector.state.second),
            count: detector.state.count,
          },
    alerts: [...alerts].map(([column, { open, recovered }]) => [column, open, recovered]),
  };
}

/** JSON has no infinity. */
function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/** @throws {RangeError} naming a version that cannot be read */
export function loadModel(bytes: Uint8Array, stateVersion: number, config: SamplerConfig): ModelState {
  if (stateVersion < OLDEST || stateVersion > STATE_VERSION)
    throw new RangeError(
      `a state of explanation-sampler has version ${stateVersion}, this build reads ${OLDEST} to ${STATE_VERSION}; run the build that wrote it, or a later one`,
    );
  const decoded = decodeState<SavedModel>(bytes);
  const { head } = decoded;
  const part = (place: Place): ArrayBuffer => decoded.part(place);
  const numbers = (place: Place): Float64Array<ArrayBuffer> => new Float64Array(part(place));
  const model = newModel(head.model, config);
  model.catalogue = loadCatalogue(new Uint8Array(part(0)));
  model.lastEventMs = head.lastEventMs ?? Number.NEGATIVE_INFINITY;
  for (const [featureSet, { seen, id, rows }] of head.backgrounds) {
    const loaded = rows.map(({ numbers: place, ...row }) => ({ ...row, numeric: [...numbers(place)] }));
    model.backgrounds.set(featureSet, { ...newBackground(), seen, id, rows: loaded });
  }
  for (const saved of head.versions) model.versions.set(saved.version, loadVersion(model, saved, numbers, part));
  return model;
}

type Numbers = (place: Place) => Float64Array<ArrayBuffer>;

function loadVersion(
  model: ModelState,
  saved: SavedVersion,
  numbers: Numbers,
  part: (place: Place) => ArrayBuffer,
): VersionState {
  const { config } = model;
  const { sampler, queue, batch, importance, archives, requested, load, fairness, counts, ...rest } = saved;
  const loadItem = ({ numbers: place, ...item }: SavedItem): Item => {
    const [output = Number.NaN, ...numeric] = numbers(place);
    const { segment = {}, decisionsBefore = 0 } = item;
    return { ...item, segment, decisionsBefore, output, numeric };
  };
  const [explained = 0, shed = 0, unexplained = 0, mismatched = 0] = counts;
  const watch = loadFairnessWatch(fairness, part);
  const version: VersionState = {
    ...rest,
    load: { ...load, alert: load.alert === null ? null : openAlertOf(load.alert) },
    sampler: newSampler(config, { ...sampler, timeMs: sampler.timeMs ?? Number.NEGATIVE_INFINITY }),
    queue: queue.map(loadItem),
    batch: batch === null ? null : ({ id: batch.id, items: batch.items.map(loadItem) } satisfies Batch),
    importance: importance === null ? null : loadImportance(importance, watch, numbers, config),
    archives: archives.map(({ day, items }) => {
      const sample = new PriorityReservoir<Kept>(config.kept);
      sample.restore(items);
      return { day, sample };
    }),
    requested: [...requested],
    explained,
    shed,
    unexplained,
    mismatched,
    fairness: watch,
  };
  return withTodaysGroups(model, version);
}

function loadFairnessWatch(
  { monitor, counts, alerts, groups }: SavedVersion['fairness'],
  part: (place: Place) => ArrayBuffer,
): FairnessWatch {
  const [decisions = 0, labels = 0, undecided = 0] = counts;
  return {
    ...groups,
    monitor: monitor === null ? null : loadFairness(new Uint8Array(part(monitor))),
    decisions,
    labels,
    undecided,
    alerts: new Map(
      alerts.map(([key, open, raisedAfter = decisions, untold = null]) => [
        key,
        { open: openAlertOf(open), raisedAfter, untold },
      ]),
    ),
  };
}

/** Under a configuration with other groups or tolerances the evidence is that of another question: it begins anew. */
function withTodaysGroups(model: ModelState, version: VersionState): VersionState {
  const today = fairnessOf(model, version);
  const question = ({ attributes, monitor }: FairnessWatch): string => JSON.stringify([attributes, monitor?.config]);
  if (question(today) === question(version.fairness)) return version;
  if (version.importance !== null) version.importance.gaps = newGapSums(today, version.columns.length);
  return { ...version, fairness: today };
}

function loadImportance(
  saved: SavedImportance,
  watch: FairnessWatch,
  numbers: Numbers,
  config: SamplerConfig,
): Importance {
  const { sums, shares, recent, gaps, detector, alerts, ...rest } = saved;
  const importance: Importance = {
    ...rest,
    sums: { ...sums, sums: numbers(sums.sums), firsts: numbers(sums.firsts), seconds: numbers(sums.seconds) },
    shares: numbers(shares),
    recent: numbers(recent),
    gaps: gaps === undefined ? newGapSums(watch, numbers(recent).length) : numbers(gaps),
    detector: null,
    alerts: new Map(alerts.map(([column, open, recovered]) => [column, { open: openAlertOf(open), recovered }])),
  };
  if (detector !== null)
    importance.detector = newDetector(importance, config.shareTolerance, {
      logDetector: numbers(detector.logDetector),
      mean: numbers(detector.mean),
      second: numbers(detector.second),
      count: detector.count,
    });
  return importance;
}
