/** CSV, with or without a header; the delimiter is found where the first rows leave no doubt. */
import { UsageError } from '../output.ts';
import { cellReader } from './cell.ts';
import { kindOf } from './column-kind.ts';
import { cellsOf, recordsOf } from './csv-record.ts';
import { gather, gatherText } from './gather.ts';
import { shown } from './shown.ts';
import { JUDGED_ROWS, type Reading, requireColumns, type Table, type TableColumn, withoutDuplicates } from './table.ts';
import type { TextFile } from './text-file.ts';
import type { Unreadable } from './unreadable.ts';

/** A thousand rows of a hundred thousand columns would fill the memory. */
const JUDGED_CHARACTERS = 1 << 22;
const DELIMITERS = [',', ';', '\t', '|', ' '];

type Row = readonly string[];

export async function openCsv(file: TextFile, reading: Reading): Promise<Table> {
  const { delimiter: given, header } = reading;
  const { path } = file;
  const start = await firstRecords(file);
  if (start.length <= (header ? 1 : 0))
    throw new UsageError(
      start.length === 0
        ? `${path} holds blank lines only; give a file with a header and rows`
        : `${path} has a header but no rows; nothing can be compared`,
    );
  const delimiter = given ?? delimiterOf(path, start, reading.decimalComma);
  const cut = (record: string, row: number, width: number | undefined): Row => {
    const cells = cellsOf(record, delimiter);
    if (cells !== undefined && cells.length === (width ?? cells.length)) return cells;
    const where = `${path}: ${row === 0 ? 'the header' : `row ${row}`} (${shown(record)}) has`;
    throw new UsageError(
      cells === undefined
        ? `${where} a quote inside a cell; write "" for it and quote the whole cell`
        : `${where} ${cells.length} cells, ${header ? 'the header' : 'row 1'} (${shown(start[0])}) ${width}; quote cells that hold the delimiter ${shown(delimiter)}, or give another one with --delimiter`,
    );
  };
  const first = cut(start[0] as string, header ? 0 : 1, undefined);
  const width = first.length;
  const names = first.map((name, index) => (header ? name.trim() : `c${index + 1}`));
  const reader = cellReader(reading);
  const judged = start.slice(header ? 1 : 0).map((record, index) => cut(record, index + 1, width));
  const columns = names.map((name, index): TableColumn => {
    const cells = judged.map((row) => ({ cell: reader.ofText(row[index] as string), raw: row[index] }));
    return { name, holds: kindOf(cells) };
  });
  const unreadable = new Map<string, Unreadable>();

  async function* rows(): AsyncGenerator<readonly Row[]> {
    let row = header ? -1 : 0;
    for await (const records of recordsOf(file)) {
      const batch: Row[] = [];
      for (const record of records) {
        row += 1;
        if (row > 0) batch.push(cut(record, row, width));
      }
      yield batch;
    }
  }

  const cells = (wanted: readonly string[]): ((row: Row, place: number) => string) => {
    requireColumns(path, names, wanted);
    const placeOf = new Map(names.map((name, place) => [name, place]));
    const places = wanted.map((name) => placeOf.get(name) as number);
    return (row, place) => row[places[place] as number] as string;
  };

  return {
    path,
    columns: withoutDuplicates(columns),
    rows: undefined,
    unreadable,
    doubt: header ? doubtOf(names, reading.decimalComma) : undefined,
    pieces: (wanted) => {
      const textOf = cells(wanted);
      return gather(unreadable, rows(), wanted, (row, place) => reader.ofText(textOf(row, place)), textOf);
    },
    texts: (wanted) => {
      const textOf = cells(wanted);
      return gatherText(rows(), wanted, (row, place) => {
        const text = textOf(row, place);
        return reader.isMissing(text) ? null : text;
      });
    },
  };
}

/** The header, if there is one, and the rows that columns are judged by. */
async function firstRecords(file: TextFile): Promise<readonly string[]> {
  const start: string[] = [];
  let characters = 0;
  for await (const records of recordsOf(file)) {
    for (const record of records) {
      start.push(record);
      characters += record.length;
      if (start.length > JUDGED_ROWS || (start.length > 1 && characters > JUDGED_CHARACTERS)) return start;
    }
  }
  return start;
}

/** The delimiter that cuts all first records into as many cells; blanks are thought of last. @throws {UsageError} when there are several. */
function delimiterOf(path: string, records: readonly string[], decimalComma: boolean): string {
  const possible = DELIMITERS.filter((delimiter) => !decimalComma || delimiter !== ',').filter(
    (delimiter) => widthOf(records[0] as string, delimiter) > 1,
  );
  const steady = possible.filter((delimiter) => {
    const width = widthOf(records[0] as string, delimiter);
    return records.every((record) => widthOf(record, delimiter) === width);
  });
  const marks = steady.filter((delimiter) => delimiter !== ' ');
  if (marks.length > 1)
    throw new UsageError(
      `${path} can be read with ${marks.map(shown).join(' or ')} between its cells; say which with --delimiter`,
    );
  return marks[0] ?? steady[0] ?? possible.find((delimiter) => delimiter !== ' ') ?? ',';
}

function widthOf(record: string, delimiter: string): number {
  return cellsOf(record, delimiter)?.length ?? 0;
}

/** Numbers among the names mean a first row of data, unless three or more of them count up by one, as 0, 1, 2 do. */
function doubtOf(names: readonly string[], decimalComma: boolean): string | undefined {
  const numbers = names
    .map(cellReader({ missing: [], decimalComma }).ofText)
    .map(Number)
    .filter(Number.isFinite);
  const countUp = numbers.every((value, at) => Number.isInteger(value) && value === (numbers[0] as number) + at);
  if (numbers.length === 0 || (numbers.length > 2 && countUp)) return undefined;
  return `the first row holds numbers (${numbers[0]}) where names should be; give --no-header if it is data`;
}
