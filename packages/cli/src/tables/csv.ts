/** CSV as in RFC 4180, with a header; quotes, CRLF and a byte-order mark are fine. */
import { parse } from 'csv-parse';
import { UsageError } from '../output.ts';
import { byteStream, gather, JUDGED_ROWS } from './row-reader.ts';
import { cellNumber, requireColumns, type Table } from './table.ts';

async function* rowsOf(path: string): AsyncGenerator<readonly string[]> {
  const source = byteStream(path);
  const parser = parse({ bom: true, skip_empty_lines: true, max_record_size: 1 << 20 });
  source.on('error', (error) => parser.destroy(error));
  source.pipe(parser);
  try {
    for await (const row of parser) yield row as readonly string[];
  } catch (error) {
    throw new UsageError(`${path}: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    source.destroy();
    parser.destroy();
  }
}

export async function openCsv(path: string): Promise<Table> {
  let names: readonly string[] = [];
  const judged: (readonly string[])[] = [];
  for await (const row of rowsOf(path)) {
    if (names.length === 0) names = row;
    else judged.push(row);
    if (judged.length === JUDGED_ROWS) break;
  }
  if (judged.length === 0)
    throw new UsageError(
      `${path} has ${names.length === 0 ? 'no header' : 'a header but no rows'}; nothing can be compared`,
    );
  const at = new Map(names.map((name, index) => [name, index]));
  const isNumeric = (index: number): boolean => {
    const cells = judged.map((row) => cellNumber(row[index] ?? ''));
    return cells.every((cell) => cell !== undefined) && cells.some((cell) => !Number.isNaN(cell));
  };
  return {
    names,
    rows: undefined,
    numeric: async () => names.filter((_, index) => isNumeric(index)),
    pieces: async function* (wanted) {
      requireColumns(path, names, wanted);
      const cell = (row: readonly string[], name: string): string => row[at.get(name) as number] ?? '';
      yield* gather(path, skipFirst(rowsOf(path)), wanted, (row, name) => cellNumber(cell(row, name)), cell);
    },
  };
}

async function* skipFirst<Row>(rows: AsyncIterable<Row>): AsyncGenerator<Row> {
  let first = true;
  for await (const row of rows) {
    if (!first) yield row;
    first = false;
  }
}
