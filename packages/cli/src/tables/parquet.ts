/** Parquet, one row group at a time. */
import { asyncBufferFromFile, type FileMetaData, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { UsageError } from '../output.ts';
import { requireColumns, type Table, type TablePiece } from './table.ts';

const NUMERIC = new Set(['INT32', 'INT64', 'FLOAT', 'DOUBLE']);
/** Rows read at once: bounds memory whatever the file's row groups are. */
const PIECE_ROWS = 65_536;

export async function openParquet(path: string): Promise<Table> {
  const file = await asyncBufferFromFile(path);
  let metadata: FileMetaData;
  try {
    metadata = await parquetMetadataAsync(file);
  } catch (error) {
    throw new UsageError(
      `${path} is not a whole Parquet file: ${error instanceof Error ? error.message : String(error)}; copy it again`,
    );
  }
  const leaves = metadata.schema
    .slice(1)
    .filter(({ num_children }) => num_children === undefined || num_children === 0);
  const names = leaves.map(({ name }) => name);
  const rows = Number(metadata.num_rows);
  if (rows === 0) throw new UsageError(`${path} has no rows; nothing can be compared`);
  return {
    names,
    rows,
    numeric: async () => leaves.filter(({ type }) => type !== undefined && NUMERIC.has(type)).map(({ name }) => name),
    pieces: async function* (wanted): AsyncGenerator<TablePiece> {
      requireColumns(path, names, wanted);
      for (let start = 0; start < rows; start += PIECE_ROWS) {
        const end = Math.min(start + PIECE_ROWS, rows);
        let records: Record<string, unknown>[];
        try {
          records = await parquetReadObjects({ file, metadata, columns: [...wanted], rowStart: start, rowEnd: end });
        } catch (error) {
          throw new UsageError(
            `${path}: rows ${start + 1} to ${end} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
          );
        }
        const columns = new Map(
          wanted.map((name) => [
            name,
            Float64Array.from(records, (record, index) => numberOf(path, name, start + index + 1, record[name])),
          ]),
        );
        yield { columns, rows: end - start };
      }
    },
  };
}

function numberOf(path: string, name: string, row: number, value: unknown): number {
  if (value === null || value === undefined) return Number.NaN;
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof Date) return value.getTime();
  throw new UsageError(
    `${path}: row ${row}, column ${JSON.stringify(name)} is ${JSON.stringify(value)}, not a number; choose other columns with --column`,
  );
}
