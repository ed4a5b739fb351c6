/** The columns of one layout as a monitor sees them: all numbers and texts of an event, and those of them that have a reference. */

import type { Profile } from '@weir/anomaly/quality/profile';
import { categoricalReferenceProfile, numericReferenceProfile } from '@weir/anomaly/quality/reference-profile';
import { SerialProfile } from '@weir/anomaly/quality/serial-profile';
import type { ColumnLayout } from '@weir/catalogue/layout';
import type { CategoricalReference, ModelCatalogue, NumericReference } from '@weir/catalogue/model-catalogue';

/** Names in the order of the arrays; plain data, saved with the state. */
export interface MonitoredColumns {
  /** Numeric features, then outputs: as the numbers of a `Row` lie. */
  readonly numbers: readonly string[];
  /** How many of the numbers are outputs: the last ones. */
  readonly outputs: number;
  readonly texts: readonly string[];
}

export function columnsOf(layout: ColumnLayout): MonitoredColumns {
  const named = (isText: boolean): string[] =>
    layout.columns.filter(({ array }) => (array === 'categorical') === isText).map(({ name }) => name);
  return { numbers: named(false), outputs: layout.outputs, texts: named(true) };
}

/** The same columns have the same key. */
export function keyOf(columns: MonitoredColumns): string {
  return JSON.stringify([columns.numbers, columns.outputs, columns.texts]);
}

/** Columns with a reference, by their index in an event. */
export interface Referenced {
  readonly numbers: readonly {
    readonly at: number;
    readonly isOutput: boolean;
    readonly reference: NumericReference;
  }[];
  readonly texts: readonly { readonly at: number; readonly reference: CategoricalReference }[];
}

export function referencedIn(columns: MonitoredColumns, { references }: ModelCatalogue): Referenced {
  return {
    numbers: columns.numbers.flatMap((name, at) => {
      const reference = references.get(name);
      const isOutput = at >= columns.numbers.length - columns.outputs;
      return reference?.type === 'numeric' ? [{ at, isOutput, reference }] : [];
    }),
    texts: columns.texts.flatMap((name, at) => {
      const reference = references.get(name);
      return reference?.type === 'categorical' ? [{ at, reference }] : [];
    }),
  };
}

/** @param serial what the order of clean events told; undefined while that is not known. O(references) */
export function profileFrom({ numbers, texts }: Referenced, serial: SerialProfile | undefined): Profile {
  return {
    rows: 0,
    numeric: numbers.map(({ isOutput, reference: { column, values, counts, missing } }, index) => {
      const profile = numericReferenceProfile(column, values, counts, missing, serial?.numeric(index));
      // A model has no unit to change and no separator to lose: its output follows from what went wrong before it.
      return isOutput ? { ...profile, move: Infinity } : profile;
    }),
    categorical: texts.map(({ reference: { column, categories, counts, missing } }, index) =>
      categoricalReferenceProfile(column, categories, counts, missing, serial?.categorical(index)),
    ),
    outputs: [],
    versions: [],
  };
}

/** @param profile of the columns, with or without the order of their values */
export function newSerial({ numeric, categorical }: Profile): SerialProfile {
  return new SerialProfile(numeric, categorical.length);
}
