/** States of version 4: one snapshot of all models, with registrations of the detector's own. */
import type { OpenAlert } from '@weir/alerts/open-alert';
import type { FeatureSetEntry, ModelCatalogue, ReferenceEntry, VersionEntry } from '@weir/catalogue/model-catalogue';
import type { ModelVersionRegistered } from '@weir/events/generated/events';
import { decodeState, encodeState } from '@weir/service-kit/state-codec';
import type { SavedColumn, SavedModel } from './saved-state.ts';

/** As version 4 had it: `calm` is its recovery. */
interface Open extends Omit<OpenAlert, 'severity' | 'recovery'> {
  readonly calm: number;
}

interface Watermark {
  readonly maxEventTimeMs: number | null;
  readonly activeAtMs: number | null;
  readonly idleAdvanceMs: number;
}

/** Numbers that name a part are called values, counts, bins, times or positions, and no others are. */
interface Column {
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
    readonly watermark: Watermark;
    readonly firstPane: number | null;
    readonly topic: string;
    readonly open: Open | null;
    readonly calmSinceMs: number | null;
    readonly late: number;
  }[];
  readonly missingWindows: readonly {
    readonly capacity: number;
    readonly positions: number;
    readonly times: number;
    readonly open: Open | null;
  }[];
  readonly windows: readonly {
    readonly capacity: number;
    readonly bins: number;
    readonly times: number;
    readonly open: Open | null;
  }[];
}

interface Model {
  readonly model: string;
  readonly versions: readonly [string, { readonly featureSet: string; readonly outputs: readonly string[] }][];
  readonly featureSets: readonly {
    readonly id: string;
    readonly numeric: readonly string[];
    readonly categorical: readonly string[];
  }[];
  readonly events: number;
  readonly lastEventMs: number | null;
  readonly columns: readonly Column[];
}

interface Snapshot {
  readonly models: readonly Model[];
}

const PARTS = new Set(['values', 'counts', 'bins', 'times', 'positions']);

/** A snapshot as one state for each of its models, in the same form. */
export function unpackVersion4(bytes: Uint8Array, stateVersion: number): ReadonlyMap<string, Uint8Array> {
  if (stateVersion !== 4)
    throw new RangeError(
      `a snapshot of drift-detector has version ${stateVersion}; of whole snapshots this build reads 4`,
    );
  const decoded = decodeState<Snapshot>(bytes);
  return new Map(
    decoded.head.models.map((saved) => {
      const parts: Uint8Array[] = [];
      const own = JSON.stringify(saved, (name, value: unknown) =>
        PARTS.has(name) ? parts.push(new Uint8Array(decoded.part(value as number))) - 1 : value,
      );
      return [saved.model, encodeState({ models: [JSON.parse(own)] }, parts)];
    }),
  );
}

export interface Upgraded {
  readonly saved: SavedModel;
  readonly catalogue: ModelCatalogue;
  readonly part: (index: number) => ArrayBuffer;
}

/** A state that `unpackVersion4` gave. Raw values were not kept: quantiles and rebases wait until a window has come. */
export function fromVersion4(bytes: Uint8Array): Upgraded {
  const decoded = decodeState<Snapshot>(bytes);
  const part: Upgraded['part'] = (index) => decoded.part(index);
  const { model, events, lastEventMs, versions, featureSets, columns } = decoded.head.models[0] as Model;
  const catalogue: ModelCatalogue = {
    model,
    versions: new Map(
      versions.map(([version, { featureSet, outputs }]): [string, VersionEntry] => {
        const named = outputs.map((name) => ({ name, unit: null }));
        return [
          version,
          { version, featureSet, outputs: named, access: null, digest: null, eventTimeMs: 0, id: UNKNOWN_ID },
        ];
      }),
    ),
    featureSets: new Map(
      featureSets.map(({ id, numeric, categorical }): [string, FeatureSetEntry] => {
        const named = (type: 'numeric' | 'categorical') => (name: string) => ({
          name,
          type,
          unit: null,
          protected: false,
        });
        return [id, { id, features: [...numeric.map(named('numeric')), ...categorical.map(named('categorical'))] }];
      }),
    ),
    references: new Map(columns.map((column) => [column.name, referenceOf(column, part)])),
  };
  const saved: SavedModel = {
    model,
    events,
    lastEventMs,
    columns: columns.map(columnOf),
    learning: [],
    acknowledged: [],
    mutes: [],
  };
  return { saved, catalogue, part };
}

function referenceOf(column: Column, part: Upgraded['part']): ReferenceEntry {
  const counts = new Uint32Array(part(column.counts));
  return {
    column: column.name,
    type: 'numeric',
    hash: column.referenceHash,
    size: counts.reduce((sum, count) => sum + count, 0),
    missing: column.referenceMissing,
    counts,
    values: new Float64Array(part(column.values)),
    source: '',
    eventTimeMs: 0,
    id: UNKNOWN_ID,
  };
}

function columnOf({ name, present, missing, windows, missingWindows, timeWindows }: Column): SavedColumn {
  // The time windows of a column have seen the same events.
  const { watermark, topic } = timeWindows[0] ?? { watermark: undefined, topic: '' };
  return {
    name,
    present,
    absent: missing,
    topic,
    watermark: [watermark?.maxEventTimeMs ?? null, watermark?.activeAtMs ?? null, watermark?.idleAdvanceMs ?? 0],
    recent: null,
    counts: windows.map(({ open, ...rest }) => ({ ...rest, ...openOf(open), move: null })),
    missing: missingWindows.map(({ open, ...rest }) => ({ ...rest, ...openOf(open), told: null })),
    times: timeWindows.map(({ open, calmSinceMs, ...rest }) => ({
      ...rest,
      ...openOf(open),
      recoveringSinceMs: calmSinceMs,
      told: null,
    })),
  };
}

function openOf(open: Open | null) {
  if (open === null) return { alert: null, open: null };
  const { calm, ...alert } = open;
  const { raisedAtMs, sinceMs } = open;
  return {
    alert: { ...alert, severity: 'warning' as const, recovery: 0 },
    open: { raisedAtMs, sinceMs, recovered: calm },
  };
}

/** Version 4 did not keep ids, units and protection, nor the order of numeric and categorical features. */
const UNKNOWN_ID = '';

/**
 * The catalogue without what the registration of the same content completes: what came from version 4 and says no more than names. What
 * contradicts it is left to be refused.
 */
export function withoutUpgraded(
  catalogue: ModelCatalogue,
  { version, featureSet, outputs }: ModelVersionRegistered,
): ModelCatalogue {
  const upgraded = [...catalogue.versions.values()].filter(({ id }) => id === UNKNOWN_ID);
  if (!upgraded.some((each) => each.featureSet === featureSet.id)) return catalogue;
  const named = (columns: readonly { readonly name: string }[]): string =>
    JSON.stringify(columns.map(({ name }) => name));
  const names = (features: FeatureSetEntry['features'], type: string): string =>
    named(features.filter((each) => each.type === type));
  const known = catalogue.featureSets.get(featureSet.id)?.features ?? [];
  if (['numeric', 'categorical'].some((type) => names(known, type) !== names(featureSet.features, type)))
    return catalogue;
  const featureSets = new Map(catalogue.featureSets);
  featureSets.delete(featureSet.id);
  const versions = new Map(catalogue.versions);
  const before = upgraded.find((each) => each.version === version);
  if (before !== undefined && named(before.outputs) === named(outputs)) versions.delete(version);
  return { ...catalogue, featureSets, versions };
}
