/** A file as rows of columns of numbers or of text, read in pieces so that its size does not matter. */
import { UsageError } from '../output.ts';
import type { CellRules } from './cell.ts';
import { shown } from './shown.ts';
import type { Unreadable } from './unreadable.ts';

/**
 * Cells of a column in row order; NaN = missing. A whole number that no float64 holds (9007199254740993) stays a bigint, since rounding it
 * would tie what is distinct; a column without such numbers is a Float64Array.
 */
export type Values = Float64Array | (number | bigint)[];

/** Columns of consecutive rows, all of one length. */
export interface TablePiece {
  readonly columns: ReadonlyMap<string, Values>;
  readonly rows: number;
  /** By column and row of the piece, from 0: what stands in cells that are no numbers. Absent where there are none. */
  readonly unread?: ReadonlyMap<string, ReadonlyMap<number, unknown>>;
}

/** The same of columns of text; null = missing. */
export interface TextPiece {
  readonly columns: ReadonlyMap<string, readonly (string | null)[]>;
  readonly rows: number;
}

export interface TableColumn {
  readonly name: string;
  /** By the file's types, or by its first rows: numbers; nothing, so that it may turn out to be either; or why it is not compared unasked. */
  readonly holds: 'numbers' | 'nothing' | { readonly unfit: string; readonly isText?: boolean };
  /** By the file's types, instants: as numbers nanoseconds since 1970, UTC. */
  readonly isInstant?: boolean;
}

export interface Table {
  readonly path: string;
  /** In file order. */
  readonly columns: readonly TableColumn[];
  /** Rows in the file where it says so up front. */
  readonly rows: number | undefined;
  /** Why the names themselves are in doubt, with the cure. */
  readonly doubt?: string | undefined;
  /** Columns that were first seen after the rows by which the others were judged; complete when all pieces are read. */
  readonly late?: ReadonlySet<string>;
  /** By column, cells that are no numbers; complete when all pieces are read. */
  readonly unreadable: ReadonlyMap<string, Unreadable>;
  /** Pieces of the named columns, in row order; to be read once. @throws {UsageError} naming the row that cannot be read. */
  pieces(names: readonly string[]): AsyncGenerator<TablePiece>;
  /** The same of columns as text. @throws {UsageError} */
  texts(names: readonly string[]): AsyncGenerator<TextPiece>;
}

/** How files are to be read where they do not say it themselves. */
export interface Reading extends CellRules {
  /** Between the cells of a CSV file; found from its first rows when undefined. */
  readonly delimiter: string | undefined;
  /** The first row of a CSV file holds the names. */
  readonly header: boolean;
}

/** Rows looked at to tell numeric columns from others. */
export const JUDGED_ROWS = 1_000;

const NAMES_SHOWN = 20;

/** Names for a message, at most twenty of them. */
export function listed(names: readonly string[]): string {
  const few = names.slice(0, NAMES_SHOWN).map((name) => (/^[\w.-]+$/.test(name) ? name : shown(name)));
  return few.join(', ') + (names.length > NAMES_SHOWN ? ` and ${names.length - NAMES_SHOWN} more` : '');
}

/** @throws {UsageError} when a file lacks a column, or has several of that name. */
export function requireColumns(path: string, have: readonly string[], wanted: readonly string[]): void {
  const times = timesOf(have);
  const missing = wanted.filter((name) => !times.has(name));
  if (missing.length > 0)
    throw new UsageError(`${path} has no column ${missing.map(shown).join(', ')}; it has ${listed(have)}`);
  for (const name of wanted) {
    if (times.get(name) !== 1)
      throw new UsageError(
        `${path} has ${times.get(name)} columns named ${shown(name)}; rename them so that the name says which one is meant`,
      );
  }
}

/** The columns, those whose name is not theirs alone marked. */
export function withoutDuplicates(columns: readonly TableColumn[]): readonly TableColumn[] {
  const times = timesOf(columns.map(({ name }) => name));
  return columns.map((column) =>
    times.get(column.name) === 1 ? column : { name: column.name, holds: { unfit: 'several columns of one name' } },
  );
}

function timesOf(names: readonly string[]): ReadonlyMap<string, number> {
  const times = new Map<string, number>();
  for (const name of names) times.set(name, (times.get(name) ?? 0) + 1);
  return times;
}
