/** What the models and references topics say of one model: plain data that is never changed in place, so it may be shared and compared. */
import type { Feature, ModelAccess, OutputColumn } from '@weir/events/generated/events';

export interface ModelCatalogue {
  readonly model: string;
  /** By version, in order of registration. */
  readonly versions: ReadonlyMap<string, VersionEntry>;
  /** By id. */
  readonly featureSets: ReadonlyMap<string, FeatureSetEntry>;
  /** By column: the last that was set. */
  readonly references: ReadonlyMap<string, ReferenceEntry>;
}

export interface VersionEntry {
  readonly version: string;
  /** Id of its feature set. */
  readonly featureSet: string;
  /** In order. */
  readonly outputs: readonly OutputColumn[];
  readonly access: ModelAccess | null;
  /** Content hash of the model artefact; null = not given. */
  readonly digest: string | null;
  /** Event time of the registration, ms, and its id. */
  readonly eventTimeMs: number;
  readonly id: string;
}

export interface FeatureSetEntry {
  readonly id: string;
  /** In order; numeric and categorical ones each keep this order in the arrays of an event. */
  readonly features: readonly Feature[];
}

interface ReferenceHead {
  readonly column: string;
  /** SHA-256 over the content, lower-case hex. */
  readonly hash: string;
  /** Values that are not missing, a count: the sum of `counts`. */
  readonly size: number;
  /** Missing values beside them, a count. */
  readonly missing: number;
  /** Multiplicity of each value or category, at least 1. */
  readonly counts: Uint32Array;
  readonly source: string;
  /** Event time at which it was set, ms, and its id. */
  readonly eventTimeMs: number;
  readonly id: string;
}

export interface NumericReference extends ReferenceHead {
  readonly type: 'numeric';
  /** Distinct, finite, ascending, in the column's unit; −0 is stored as +0. */
  readonly values: Float64Array;
}

export interface CategoricalReference extends ReferenceHead {
  readonly type: 'categorical';
  /** Distinct, ascending by their UTF-8 bytes. */
  readonly categories: readonly string[];
}

export type ReferenceEntry = NumericReference | CategoricalReference;

/** A feature or an output as one registration describes it. */
export interface Column {
  readonly name: string;
  readonly type: 'numeric' | 'categorical';
  readonly isOutput: boolean;
  /** Null = none. */
  readonly unit: string | null;
  /** Needs access control (age, sex, …). */
  readonly isProtected: boolean;
}

export function emptyCatalogue(model: string): ModelCatalogue {
  return { model, versions: new Map(), featureSets: new Map(), references: new Map() };
}

/** Every description of a column of that name: feature sets and versions may differ. O(features + outputs of all). */
export function columnsNamed(catalogue: ModelCatalogue, name: string): readonly Column[] {
  return [...allColumns(catalogue)].filter((column) => column.name === name);
}

/** Names that any feature set marks as protected. */
export function protectedColumns(catalogue: ModelCatalogue): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { name, isProtected } of allColumns(catalogue)) if (isProtected) names.add(name);
  return names;
}

export function* allColumns({ featureSets, versions }: ModelCatalogue): Generator<Column> {
  for (const { features } of featureSets.values()) for (const feature of features) yield featureColumn(feature);
  for (const { outputs } of versions.values()) for (const output of outputs) yield outputColumn(output);
}

export function featureColumn({ name, type, unit, protected: isProtected }: Feature): Column {
  return { name, type, isOutput: false, unit, isProtected };
}

export function outputColumn({ name, unit }: OutputColumn): Column {
  return { name, type: 'numeric', isOutput: true, unit, isProtected: false };
}
