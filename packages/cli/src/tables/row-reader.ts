/** Rows of text-like files, gathered into pieces of columns. */
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { UsageError } from '../output.ts';
import type { TablePiece } from './table.ts';

const PIECE_ROWS = 8_192;
/** Rows looked at to tell numeric columns from others. */
export const JUDGED_ROWS = 1_000;

export function byteStream(path: string): Readable {
  const file = createReadStream(path, { highWaterMark: 1 << 20 });
  return path.endsWith('.gz') ? file.pipe(createGunzip()) : file;
}

/** `valueAt` gives a cell's number, or undefined when it is none; `shown` is the cell for the message. */
export async function* gather<Row>(
  path: string,
  rows: AsyncIterable<Row>,
  names: readonly string[],
  valueAt: (row: Row, name: string) => number | undefined,
  shown: (row: Row, name: string) => unknown,
): AsyncGenerator<TablePiece> {
  const fresh = (): Map<string, Float64Array> => new Map(names.map((name) => [name, new Float64Array(PIECE_ROWS)]));
  let columns = fresh();
  let filled = 0;
  let row = 0;
  for await (const each of rows) {
    row += 1;
    for (const [name, column] of columns) {
      const value = valueAt(each, name);
      if (value === undefined)
        throw new UsageError(
          `${path}: row ${row}, column ${JSON.stringify(name)} is ${JSON.stringify(shown(each, name))}, not a number; leave it empty if it is missing, or choose other columns with --column`,
        );
      column[filled] = value;
    }
    filled += 1;
    if (filled === PIECE_ROWS) {
      yield { columns, rows: filled };
      columns = fresh();
      filled = 0;
    }
  }
  if (filled > 0)
    yield { columns: new Map([...columns].map(([name, column]) => [name, column.subarray(0, filled)])), rows: filled };
}
