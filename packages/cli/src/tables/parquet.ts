/** Parquet, one row group at a time. */
import { asyncBufferFromFile, type FileMetaData, parquetMetadataAsync, parquetRead } from 'hyparquet';
import { UsageError } from '../output.ts';
import { COMPRESSORS } from './compressors.ts';
import { requireColumns, type Table, type TablePiece } from './table.ts';

const NUMERIC = new Set(['INT32', 'INT64', 'FLOAT', 'DOUBLE']);

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
      let start = 0;
      for (const group of metadata.row_groups) {
        const end = start + Number(group.num_rows);
        const columns = new Map(wanted.map((name) => [name, new Float64Array(end - start)]));
        const read = new Map<string, number>();
        const onChunk = ({
          columnName,
          columnData,
          rowStart,
        }: {
          columnName: string;
          columnData: ArrayLike<unknown>;
          rowStart: number;
        }): void => {
          const column = columns.get(columnName) as Float64Array;
          for (let at = 0; at < columnData.length; at += 1)
            column[rowStart - start + at] = numberOf(path, columnName, rowStart + at + 1, columnData[at]);
          read.set(columnName, (read.get(columnName) ?? 0) + columnData.length);
        };
        try {
          await parquetRead({
            file,
            metadata,
            columns: [...wanted],
            rowStart: start,
            rowEnd: end,
            compressors: COMPRESSORS,
            onChunk,
          });
        } catch (error) {
          if (error instanceof UsageError) throw error;
          throw new UsageError(
            `${path}: rows ${start + 1} to ${end} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
          );
        }
        for (const name of wanted) {
          if (read.get(name) !== end - start)
            throw new UsageError(
              `${path}: column ${JSON.stringify(name)} gave ${read.get(name) ?? 0} of ${end - start} values for rows ${start + 1} to ${end}; nested columns cannot be scanned`,
            );
        }
        yield { columns, rows: end - start };
        start = end;
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
