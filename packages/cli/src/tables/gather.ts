/** Rows of text files, gathered into pieces of columns. */
import type { Cell } from './cell.ts';
import type { TablePiece, TextPiece, Values } from './table.ts';
import { tell, type Unreadable } from './unreadable.ts';

const PIECE_ROWS = 8_192;

/** `cellOf` gives the cell of the column at a place in `names`; `rawOf` what the file holds there, for those that are told of. */
export async function* gather<Row>(
  unreadable: Map<string, Unreadable>,
  batches: AsyncIterable<readonly Row[]>,
  names: readonly string[],
  cellOf: (row: Row, place: number) => Cell,
  rawOf: (row: Row, place: number) => unknown,
): AsyncGenerator<TablePiece> {
  let row = 0;
  for await (const batch of batches) {
    for (let start = 0; start < batch.length; start += PIECE_ROWS) {
      const rows = batch.slice(start, start + PIECE_ROWS);
      const unread = new Map<string, Map<number, unknown>>();
      const columns = names.map((name, place): [string, Values] => {
        let values: Values = new Float64Array(rows.length);
        for (let index = 0; index < rows.length; index += 1) {
          const cell = cellOf(rows[index] as Row, place);
          if (cell === undefined) {
            const raw = rawOf(rows[index] as Row, place);
            tell(unreadable, name, row + index + 1, raw);
            const known = unread.get(name);
            if (known === undefined) unread.set(name, new Map([[index, raw]]));
            else known.set(index, raw);
          }
          values = put(values, index, cell ?? Number.NaN);
        }
        return [name, values];
      });
      row += rows.length;
      yield { columns: new Map(columns), rows: rows.length, ...(unread.size === 0 ? {} : { unread }) };
    }
  }
}

/** The same of columns of text. */
export async function* gatherText<Row>(
  batches: AsyncIterable<readonly Row[]>,
  names: readonly string[],
  textOf: (row: Row, place: number) => string | null,
): AsyncGenerator<TextPiece> {
  for await (const rows of batches) {
    const columns = names.map((name, place) => [name, rows.map((row) => textOf(row, place))] as const);
    yield { columns: new Map(columns), rows: rows.length };
  }
}

/** Puts a cell into a column, which changes its kind when float64 cannot hold the cell. */
export function put(values: Values, index: number, cell: number | bigint): Values {
  if (typeof cell === 'number') {
    values[index] = cell;
    return values;
  }
  const wide: (number | bigint)[] = values instanceof Float64Array ? Array.from(values) : values;
  wide[index] = cell;
  return wide;
}
