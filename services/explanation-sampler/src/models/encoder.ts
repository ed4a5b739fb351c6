/** From the columns of a feature set to the features of a model, by name, and from the model's attributions back to columns. */
import { ExplainError } from '@weir/explain/errors';
import type { ValueNames } from '@weir/explain/model/pandas-categories';
import { type Players, playersOf } from '@weir/explain/model/players';
import type { Column, Rows } from '../explain-request.ts';
import { columnFinder } from './column-finder.ts';

type Source = { readonly column: number; readonly at: number } & (
  | { readonly numeric: true }
  | { readonly category: string }
  | { readonly codes: ReadonlyMap<string, number> }
);

/**
 * A feature of the model is a numeric column of the same name, or `column=value`: 1 where the categorical column has that value, else 0.
 * A categorical column of the same name stands for its code where the model knows its values by code.
 * All features of one column play as one. A model without names takes the numeric columns in order. Names are compared as column-finder.ts says.
 */
export class Encoder {
  readonly players: Players;
  readonly #sources: readonly Source[];
  readonly #columns: number;
  readonly #numeric: number;
  /** Column of each player. */
  readonly #columnOf: readonly number[];

  /** @throws {ExplainError} BAD_MODEL naming a feature that no column gives */
  constructor(featureNames: readonly string[], columns: readonly Column[], valueNames: ValueNames = new Map()) {
    this.#columns = columns.length;
    this.#numeric = columns.filter(({ type }) => type === 'numeric').length;
    const places = placesOf(columns);
    const found = featureNames.map((name, feature) => sourceOf(name, places, valueNames.get(feature)));
    const isUnnamed = found.every((each) => each === undefined) && featureNames.length === this.#numeric;
    const inOrder = places.all.filter(({ type }) => type === 'numeric');
    this.#sources = found.map((source, index): Source => {
      const place = inOrder[index];
      if (isUnnamed && place !== undefined) return { column: place.column, at: place.at, numeric: true };
      if (source !== undefined) return source;
      throw new ExplainError(
        'BAD_MODEL',
        `the model has the feature ${JSON.stringify(featureNames[index])}, which the feature set does not; its columns are ${columns
          .map(({ name }) => name)
          .slice(0, 20)
          .join(', ')}. Name features like columns, and dummies column=value`,
      );
    });
    // Names of features may repeat those of columns: players are told apart by the column.
    const unique = featureNames.map((_, index) => `feature ${index}`);
    const groups: Record<string, string[]> = {};
    for (const [index, { column }] of this.#sources.entries())
      (groups[`column ${column}`] ??= []).push(unique[index] as string);
    this.players = playersOf(unique, groups);
    this.#columnOf = this.players.names.map((name) => Number(name.slice('column '.length)));
  }

  /** The model's features of one row. O(features). */
  row({ numeric, categorical }: Rows, index: number): Float64Array {
    const values = categorical[index] ?? [];
    return Float64Array.from(this.#sources, (source) =>
      'numeric' in source
        ? (numeric[index * this.#numeric + source.at] as number)
        : 'codes' in source
          ? (source.codes.get(values[source.at] ?? '') ?? Number.NaN)
          : values[source.at] === source.category
            ? 1
            : 0,
    );
  }

  rows(rows: Rows): Float64Array[] {
    return Array.from({ length: rows.count }, (_, index) => this.row(rows, index));
  }

  /** One value per column from one per player; columns that the model does not use have 0. */
  byColumn(ofPlayers: ArrayLike<number>, from: number = 0): Float64Array {
    const values = new Float64Array(this.#columns);
    for (const [player, column] of this.#columnOf.entries()) values[column] = ofPlayers[from + player] as number;
    return values;
  }
}

interface Place {
  readonly type: Column['type'];
  readonly column: number;
  readonly at: number;
}

interface Places {
  readonly all: readonly Place[];
  readonly find: (name: string) => Place | undefined;
}

function placesOf(columns: readonly Column[]): Places {
  const used = { numeric: 0, categorical: 0 };
  const all = columns.map(({ type }, column): Place => ({ type, column, at: used[type]++ }));
  const byName = new Map(columns.map(({ name }, column) => [name, all[column]]));
  const find = columnFinder(byName.keys());
  return { all, find: (name) => byName.get(find(name) ?? '') };
}

function sourceOf(name: string, places: Places, values: readonly string[] | undefined): Source | undefined {
  const own = places.find(name);
  if (own?.type === 'numeric') return { column: own.column, at: own.at, numeric: true };
  // Missing and unseen values have no code, as in LightGBM's own.
  if (own !== undefined && values !== undefined)
    return { column: own.column, at: own.at, codes: new Map(values.map((value, code) => [value, code])) };
  // A column's name may hold an equals sign, too: the longest that fits.
  for (let equals = name.lastIndexOf('='); equals > 0; equals = name.lastIndexOf('=', equals - 1)) {
    const place = places.find(name.slice(0, equals));
    if (place?.type === 'categorical') return { column: place.column, at: place.at, category: name.slice(equals + 1) };
  }
  return undefined;
}
