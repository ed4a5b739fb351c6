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
import { fieldOf, type ParquetField, textOf } from './parquet-field.ts';
import { checkPages } from './parquet-pages.ts';
import {
  type Reading,
  requireColumns,
  type Table,
  type TablePiece,
  type TextPiece,
  type Values,
  withoutDuplicates,
} from './table.ts';

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
  const { ofNumber, isMissing } = cellReader(reading);
  const names = fields.map(({ name }) => name);

  const source = { path, file, metadata };
  const groups = <Piece>(wanted: readonly string[], begin: Begin<Piece>) => rowGroups(source, wanted, begin);
  const chosen = (wanted: readonly string[], fits: (field: ParquetField) => boolean, kind: string): Chosen => {
    requireColumns(path, names, wanted);
    return chosenFields(path, fields, wanted, { fits, kind });
  };

  return {
    path,
    columns: withoutDuplicates(fields),
    rows,
    // Its types leave no cell in doubt.
    unreadable: new Map(),
    pieces: async function* (wanted): AsyncGenerator<TablePiece> {
      const decoders = chosen(wanted, ({ isNumber }) => isNumber, 'numbers');
      yield* groups(wanted, (length) => {
        const columns = new Map<string, Values>(wanted.map((name) => [name, new Float64Array(length)]));
        const take: Take = (name, first, stored) => {
          const { decode } = decoders.get(name) as ParquetField;
          let values = columns.get(name) as Values;
          for (let at = 0; at < stored.length; at += 1) {
            const raw: unknown = stored[at];
            const cell = raw === null || raw === undefined ? Number.NaN : ofNumber(decode(raw));
            values = put(values, first + at, cell);
          }
          columns.set(name, values);
        };
        return { take, piece: () => ({ columns, rows: length }) };
      });
    },
    texts: async function* (wanted): AsyncGenerator<TextPiece> {
      // Whole numbers have one spelling: ids and codes of categories.
      chosen(wanted, ({ isText, isWhole }) => isText || isWhole, 'text');
      yield* groups(wanted, (length) => {
        const columns = new Map(wanted.map((name) => [name, Array.from({ length }, (): string | null => null)]));
        const take: Take = (name, first, stored) => {
          const texts = columns.get(name) as (string | null)[];
          for (let at = 0; at < stored.length; at += 1) {
            const text = stored[at] === null || stored[at] === undefined ? null : textOf(stored[at]);
            texts[first + at] = text === null || isMissing(text) ? null : text;
          }
        };
        return { take, piece: () => ({ columns, rows: length }) };
      });
    },
  };
}

interface Source {
  readonly path: string;
  readonly file: AsyncBuffer;
  readonly metadata: FileMetaData;
}
type Chosen = ReadonlyMap<string, ParquetField>;
type Take = (name: string, first: number, stored: ArrayLike<unknown>) => void;
type Begin<Piece> = (length: number) => { readonly take: Take; readonly piece: () => Piece };

/** @throws {UsageError} for a column that does not hold what is asked for */
function chosenFields(
  path: string,
  fields: readonly ParquetField[],
  wanted: readonly string[],
  { fits, kind }: { readonly fits: (field: ParquetField) => boolean; readonly kind: string },
): Chosen {
  const fieldNamed = new Map(fields.map((field) => [field.name, field]));
  const found = wanted.map((name) => fieldNamed.get(name) as ParquetField);
  const unfit = found.find((field) => !fits(field));
  if (unfit !== undefined)
    throw new UsageError(
      `${path}: column ${JSON.stringify(unfit.name)} holds ${unfit.type}, not ${kind}; write it as ${kind}, or choose other columns with --column`,
    );
  return new Map(found.map((field) => [field.name, field]));
}

/** Group by group: `begin` gives what takes the values of a group, and what comes of them. */
async function* rowGroups<Piece>(
  source: Source,
  wanted: readonly string[],
  begin: Begin<Piece>,
): AsyncGenerator<Piece> {
  let start = 0;
  for (const group of source.metadata.row_groups) {
    const end = start + Number(group.num_rows);
    if (end === start) continue;
    try {
      const { take, piece } = begin(end - start);
      await readGroup(source, group, start, { wanted, take });
      yield piece();
    } catch (error) {
      throw unreadable(`${source.path}: rows ${start + 1} to ${end} cannot be read`, error);
    }
    start = end;
  }
}

/** Hands over each stored value of the columns of one group, with its row in the group. */
async function readGroup(
  { file, metadata }: Source,
  group: RowGroup,
  rowStart: number,
  { wanted, take }: { readonly wanted: readonly string[]; readonly take: Take },
): Promise<void> {
  const rowEnd = rowStart + Number(group.num_rows);
  await checkPages(file, group, new Set(wanted));
  let left = wanted.length * (rowEnd - rowStart);
  await parquetRead({
    file,
    metadata,
    columns: [...wanted],
    rowStart,
    rowEnd,
    compressors: COMPRESSORS,
    parsers: INSTANTS,
    utf8: false,
    onPage: ({ pathInSchema: [name = ''], columnData, rowStart: first }) => {
      take(name, first - rowStart, columnData);
      left -= columnData.length;
    },
  });
  if (left !== 0) throw new Error(`the pages hold ${left > 0 ? 'fewer' : 'more'} values than the file says`);
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
