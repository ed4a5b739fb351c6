/** Parquet, one row group at a time. */
import {
  type AsyncBuffer,
  asyncBufferFromFile,
  type FileMetaData,
  type ParquetParsers,
  parquetMetadataAsync,
  parquetRead,
  parquetSchema,
  type RowGroup,
  type SchemaTree,
} from 'hyparquet';
import { UsageError } from '../output.ts';
import { cellReader } from './cell.ts';
import { COMPRESSORS } from './compressors.ts';
import { put } from './gather.ts';
import { fieldOf, type ParquetField } from './parquet-field.ts';
import { checkPages } from './parquet-pages.ts';
import { type Reading, requireColumns, type Table, type TablePiece, type Values, withoutDuplicates } from './table.ts';

/** Instants in nanoseconds since 1970, the one unit in which all of Parquet's are whole numbers. */
const INSTANTS: Partial<ParquetParsers> = {
  timestampFromMilliseconds: (milliseconds) => BigInt(milliseconds) * 1_000_000n,
  timestampFromMicroseconds: (microseconds) => BigInt(microseconds) * 1_000n,
  timestampFromNanoseconds: (nanoseconds) => BigInt(nanoseconds),
  dateFromDays: (days) => BigInt(days) * 86_400_000_000_000n,
};

export async function openParquet(path: string, reading: Reading): Promise<Table> {
  const file = await asyncBufferFromFile(path);
  const { metadata, fields } = await structureOf(path, file);
  const rows = Number(metadata.num_rows);
  if (rows === 0) throw new UsageError(`${path} has no rows; nothing can be compared`);
  const { ofNumber } = cellReader(reading);
  const names = fields.map(({ name }) => name);

  /** The wanted columns of the rows of one group. */
  async function read(wanted: readonly ParquetField[], group: RowGroup, rowStart: number): Promise<TablePiece> {
    const rowEnd = rowStart + Number(group.num_rows);
    await checkPages(file, group, new Set(wanted.map(({ name }) => name)));
    const columns = new Map<string, Values>(wanted.map(({ name }) => [name, new Float64Array(rowEnd - rowStart)]));
    const decoders = new Map(wanted.map(({ name, decode }) => [name, decode]));
    let left = wanted.length * (rowEnd - rowStart);
    await parquetRead({
      file,
      metadata,
      columns: [...columns.keys()],
      rowStart,
      rowEnd,
      compressors: COMPRESSORS,
      parsers: INSTANTS,
      utf8: false,
      onPage: ({ pathInSchema: [name = ''], columnData, rowStart: first }) => {
        const decode = decoders.get(name) as ParquetField['decode'];
        let values = columns.get(name) as Values;
        for (let at = 0; at < columnData.length; at += 1) {
          const raw: unknown = columnData[at];
          const cell = raw === null || raw === undefined ? Number.NaN : ofNumber(decode(raw));
          values = put(values, first - rowStart + at, cell);
        }
        columns.set(name, values);
        left -= columnData.length;
      },
    });
    if (left !== 0) throw new Error(`the pages hold ${left > 0 ? 'fewer' : 'more'} values than the file says`);
    return { columns, rows: rowEnd - rowStart };
  }

  return {
    path,
    columns: withoutDuplicates(fields),
    rows,
    // Its types leave no cell in doubt.
    unreadable: new Map(),
    pieces: async function* (wanted): AsyncGenerator<TablePiece> {
      requireColumns(path, names, wanted);
      const fieldNamed = new Map(fields.map((field) => [field.name, field]));
      const chosen = wanted.map((name) => fieldNamed.get(name) as ParquetField);
      for (const { name, type, isNumber } of chosen) {
        if (!isNumber)
          throw new UsageError(
            `${path}: column ${JSON.stringify(name)} holds ${type}, not numbers; write it as numbers, or choose other columns with --column`,
          );
      }
      let start = 0;
      for (const group of metadata.row_groups) {
        const end = start + Number(group.num_rows);
        if (end === start) continue;
        try {
          yield await read(chosen, group, start);
        } catch (error) {
          throw unreadable(`${path}: rows ${start + 1} to ${end} cannot be read`, error);
        }
        start = end;
      }
    },
  };
}

/** @throws {UsageError} when the file's directory at its end is missing or damaged. */
async function structureOf(
  path: string,
  file: AsyncBuffer,
): Promise<{ metadata: FileMetaData; fields: readonly ParquetField[] }> {
  try {
    const metadata = await parquetMetadataAsync(file, { geoparquet: false });
    // Decimals are taken as the whole numbers they are stored as: the reader's own product with 10^−scale is not the nearest float64.
    const schema = metadata.schema.map(({ converted_type, ...element }) =>
      converted_type === undefined || converted_type === 'DECIMAL' ? element : { ...element, converted_type },
    );
    const fields = (parquetSchema(metadata) as SchemaTree).children.map(fieldOf);
    return { metadata: { ...metadata, schema }, fields };
  } catch (error) {
    throw unreadable(`${path} is not a whole Parquet file`, error);
  }
}

function unreadable(what: string, error: unknown): UsageError {
  const reason = error instanceof Error ? error.message : String(error);
  return new UsageError(`${what}: ${reason.replaceAll(/\s+/g, ' ')}; copy or write it again`);
}
