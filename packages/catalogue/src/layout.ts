/** Which columns the numbers and categories of an event belong to. */
import type { Row } from '@weir/events/prediction-reader';
import { type Column, featureColumn, type ModelCatalogue, outputColumn } from './model-catalogue.ts';
import { listed, type Rejection } from './outcome.ts';

export interface ColumnLayout {
  /** How many values each array of an event must have. */
  readonly numeric: number;
  readonly categorical: number;
  readonly outputs: number;
  /** Numeric features, then outputs, then categorical features. */
  readonly columns: readonly PlacedColumn[];
}

export interface PlacedColumn extends Column {
  /** The array of the event that holds it. */
  readonly array: 'numeric' | 'outputs' | 'categorical';
  /** Its index there. */
  readonly index: number;
  /** Its index among the numbers of a `Row`, where outputs follow the numeric features; of a categorical feature the same as `index`. */
  readonly place: number;
}

/** A catalogue never changes, so its layouts do not either. */
const known = new WeakMap<ModelCatalogue, Map<string, ColumnLayout>>();

/**
 * The layout of events with this feature set and version. Heads that agree share one object, so kernels may compare by identity.
 * @param version null for feature events, which have no outputs
 * @returns UNKNOWN_FEATURE_SET, UNKNOWN_VERSION. O(columns) the first time, O(1) afterwards
 */
export function layoutFor(
  catalogue: ModelCatalogue,
  featureSet: string,
  version: string | null,
): ColumnLayout | Rejection {
  const layouts = layoutsOf(catalogue);
  // With its length in front, no feature set and version read as another pair.
  const key = version === null ? `f${featureSet}` : `${featureSet.length} ${featureSet}${version}`;
  const made = layouts.get(key);
  if (made !== undefined) return made;
  const { model, featureSets, versions } = catalogue;
  const features = featureSets.get(featureSet)?.features;
  if (features === undefined)
    return {
      code: 'UNKNOWN_FEATURE_SET',
      message: `featureSet is ${JSON.stringify(featureSet)}; model ${model} has ${listed(featureSets.keys())}. Register the version that uses it`,
    };
  const outputs = version === null ? [] : versions.get(version)?.outputs;
  if (outputs === undefined)
    return {
      code: 'UNKNOWN_VERSION',
      message: `version is ${JSON.stringify(version)}; model ${model} has ${listed(versions.keys())}. Register it first`,
    };
  const layout = layoutOf(features.map(featureColumn), outputs.map(outputColumn));
  const same = [...layouts.values()].find((other) => isSame(other, layout)) ?? layout;
  layouts.set(key, same);
  return same;
}

export function layoutOfRow(
  catalogue: ModelCatalogue,
  { name, head }: Pick<Row, 'name' | 'head'>,
): ColumnLayout | Rejection {
  return layoutFor(catalogue, head.featureSet, name === 'PredictionLogged' ? head.version : null);
}

/** WRONG_LENGTH when an array of the row has not one value for each of its columns. */
export function lengthFault(
  layout: ColumnLayout,
  row: Pick<Row, 'head' | 'numeric' | 'categorical' | 'outputs'>,
): Rejection | undefined {
  const field = (['numeric', 'categorical', 'outputs'] as const).find((each) => row[each] !== layout[each]);
  if (field === undefined) return undefined;
  const named = field === 'outputs' ? `version ${row.head.version} names` : `feature set ${row.head.featureSet} names`;
  return {
    code: 'WRONG_LENGTH',
    message: `${field} has ${row[field]} values, ${named} ${layout[field]}; send one value per name, NaN or null for missing ones`,
  };
}

function layoutsOf(catalogue: ModelCatalogue): Map<string, ColumnLayout> {
  let layouts = known.get(catalogue);
  if (layouts === undefined) {
    layouts = new Map();
    known.set(catalogue, layouts);
  }
  return layouts;
}

function layoutOf(features: readonly Column[], outputs: readonly Column[]): ColumnLayout {
  const numeric = features.filter(({ type }) => type === 'numeric');
  const categorical = features.filter(({ type }) => type === 'categorical');
  const placed = (array: PlacedColumn['array'], columns: readonly Column[], from: number): PlacedColumn[] =>
    columns.map((column, index) => ({ ...column, array, index, place: from + index }));
  return {
    numeric: numeric.length,
    categorical: categorical.length,
    outputs: outputs.length,
    columns: [
      ...placed('numeric', numeric, 0),
      ...placed('outputs', outputs, numeric.length),
      ...placed('categorical', categorical, 0),
    ],
  };
}

function isSame(a: ColumnLayout, b: ColumnLayout): boolean {
  return (
    a.numeric === b.numeric &&
    a.categorical === b.categorical &&
    a.outputs === b.outputs &&
    a.columns.every((column, at) => {
      const other = b.columns[at] as PlacedColumn;
      return column.name === other.name && column.unit === other.unit && column.isProtected === other.isProtected;
    })
  );
}
