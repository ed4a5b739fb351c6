/** A file as columns of numbers and of text, whole in memory: rules need both kinds of the same row. */
import { UsageError } from '../../output.ts';
import { openTable } from '../../tables/open.ts';
import type { Reading, Values } from '../../tables/table.ts';
import type { Unreadable } from '../../tables/unreadable.ts';

/** Bounds memory to about half a gigabyte. */
const MAX_CELLS = 50_000_000;

export interface FileColumns {
  readonly path: string;
  readonly rows: number;
  /** NaN = missing or no number; whole numbers beyond 2⁵³ as the nearest float64. */
  readonly numbers: ReadonlyMap<string, Float64Array>;
  readonly texts: ReadonlyMap<string, readonly (string | null)[]>;
  /** By column of numbers, cells that are none. */
  readonly unreadable: ReadonlyMap<string, Unreadable>;
}

/**
 * @param wanted names and kinds to read, where they are known; by default the file's own types decide, and columns that are neither
 * numbers nor text are left out
 * @throws {UsageError} naming what cannot be read
 */
export async function readColumns(
  path: string,
  reading: Reading,
  wanted?: { readonly numbers: readonly string[]; readonly texts: readonly string[] },
): Promise<FileColumns> {
  const table = await openTable(path, reading);
  if (table.doubt !== undefined) throw new UsageError(`${path}: ${table.doubt}`);
  const have = new Set(table.columns.map(({ name }) => name));
  const numeric = wanted?.numbers ?? table.columns.filter(({ holds }) => holds === 'numbers').map(({ name }) => name);
  const textual =
    wanted?.texts ??
    table.columns.filter(({ holds }) => typeof holds === 'object' && holds.isText === true).map(({ name }) => name);
  const numberNames = numeric.filter((name) => have.has(name));
  const textNames = textual.filter((name) => have.has(name));
  const pieces = new Map<string, Values[]>(numberNames.map((name) => [name, []]));
  const texts = new Map<string, (string | null)[]>(textNames.map((name) => [name, []]));
  let [rows, textRows] = [0, 0];
  if (numberNames.length > 0)
    for await (const piece of table.pieces(numberNames)) {
      rows += piece.rows;
      checkSize(path, rows * numberNames.length);
      for (const [name, values] of piece.columns) pieces.get(name)?.push(values);
    }
  if (textNames.length > 0)
    // Each pass reads a file from its beginning.
    for await (const piece of (await openTable(path, reading)).texts(textNames)) {
      textRows += piece.rows;
      checkSize(path, textRows * textNames.length);
      for (const [name, values] of piece.columns) for (const value of values) texts.get(name)?.push(value);
    }
  const numbers = new Map([...pieces].map(([name, each]) => [name, joined(each, rows)]));
  return { path, rows: Math.max(rows, textRows), numbers, texts, unreadable: table.unreadable };
}

function checkSize(path: string, cells: number): void {
  if (cells > MAX_CELLS)
    throw new UsageError(`${path} has more than ${MAX_CELLS} cells in the columns that are read; check it in parts`);
}

function joined(pieces: readonly Values[], rows: number): Float64Array {
  const all = new Float64Array(rows);
  let at = 0;
  for (const piece of pieces)
    for (const value of piece) {
      all[at] = Number(value);
      at += 1;
    }
  return all;
}
