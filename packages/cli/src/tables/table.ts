/** A file as rows of numeric columns, read in pieces so that its size does not matter. */
import { UsageError } from '../output.ts';

/** Columns of consecutive rows, all of one length; NaN = missing. */
export interface TablePiece {
  readonly columns: ReadonlyMap<string, Float64Array>;
  readonly rows: number;
}

export interface Table {
  /** Names of all columns, in file order. */
  readonly names: readonly string[];
  /** Rows in the file where it says so up front. */
  readonly rows: number | undefined;
  /** Pieces of the named columns, in row order. @throws {UsageError} naming row, column and value that is not a number. */
  pieces(names: readonly string[]): AsyncGenerator<TablePiece>;
  /** Of `names`, those whose values are numbers, judged by the file's types or its first rows. */
  numeric(): Promise<readonly string[]>;
}

/** Says which columns a file lacks. */
export function requireColumns(path: string, have: readonly string[], wanted: readonly string[]): void {
  const missing = wanted.filter((name) => !have.includes(name));
  if (missing.length > 0)
    throw new UsageError(
      `${path} has no column ${missing.map((name) => JSON.stringify(name)).join(', ')}; it has ${have.join(', ')}`,
    );
}

/** Number in a cell of text; empty, null, NA and NaN are missing; undefined when it is none. */
export function cellNumber(text: string): number | undefined {
  const trimmed = text.trim();
  if (trimmed === '' || /^(null|na|nan|none)$/i.test(trimmed)) return Number.NaN;
  if (/^[+-]?inf(inity)?$/i.test(trimmed))
    return trimmed.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  const value = Number(trimmed);
  return Number.isNaN(value) || /^[+-]?0[xob]/i.test(trimmed) ? undefined : value;
}
