/** Rows of text files, gathered into pieces of columns. */
import { UsageError } from '../output.ts';
import { type Cell, hasComma } from './cell.ts';
import { shown } from './shown.ts';
import type { TablePiece, Values } from './table.ts';

const PIECE_ROWS = 8_192;

/** `cellOf` gives the cell of the column at a place in `names`; `rawOf` what the file holds there, for the message. */
export async function* gather<Row>(
  path: string,
  batches: AsyncIterable<readonly Row[]>,
  names: readonly string[],
  cellOf: (row: Row, place: number) => Cell,
  rawOf: (row: Row, place: number) => unknown,
): AsyncGenerator<TablePiece> {
  let row = 0;
  for await (const batch of batches) {
    for (let start = 0; start < batch.length; start += PIECE_ROWS) {
      const rows = batch.slice(start, start + PIECE_ROWS);
      const columns = names.map((name, place): [string, Values] => {
        let values: Values = new Float64Array(rows.length);
        for (let index = 0; index < rows.length; index += 1) {
          const cell = cellOf(rows[index] as Row, place);
          if (cell === undefined) throw notANumber(path, row + index + 1, name, rawOf(rows[index] as Row, place));
          values = put(values, index, cell);
        }
        return [name, values];
      });
      row += rows.length;
      yield { columns: new Map(columns), rows: rows.length };
    }
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

export function notANumber(path: string, row: number, name: string, raw: unknown): UsageError {
  const cure = hasComma(raw)
    ? 'write decimals with a point, and thousands without a separator'
    : 'leave it empty if it is missing, or name what stands for missing with --missing';
  return new UsageError(
    `${path}: row ${row}, column ${shown(name)} is ${shown(raw)}, not a number; ${cure}, or choose other columns with --column`,
  );
}
