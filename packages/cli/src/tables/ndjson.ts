/** One JSON object a line. */
import { createInterface } from 'node:readline';
import { UsageError } from '../output.ts';
import { byteStream, gather, JUDGED_ROWS } from './row-reader.ts';
import { cellNumber, requireColumns, type Table } from './table.ts';

type Row = Readonly<Record<string, unknown>>;

async function* rowsOf(path: string): AsyncGenerator<Row> {
  const source = byteStream(path);
  let number = 0;
  try {
    for await (const line of createInterface({ input: source, crlfDelay: Number.POSITIVE_INFINITY })) {
      number += 1;
      if (line.trim() === '') continue;
      let row: unknown;
      try {
        row = JSON.parse(line);
      } catch (error) {
        throw new UsageError(`${path}: line ${number} is not JSON: ${(error as Error).message}`);
      }
      if (typeof row !== 'object' || row === null || Array.isArray(row))
        throw new UsageError(`${path}: line ${number} is not a JSON object`);
      yield row as Row;
    }
  } finally {
    source.destroy();
  }
}

function numberOf(value: unknown): number | undefined {
  if (value === null || value === undefined) return Number.NaN;
  if (typeof value === 'number') return value;
  return typeof value === 'string' ? cellNumber(value) : undefined;
}

export async function openNdjson(path: string): Promise<Table> {
  const judged: Row[] = [];
  for await (const row of rowsOf(path)) {
    judged.push(row);
    if (judged.length === JUDGED_ROWS) break;
  }
  if (judged.length === 0) throw new UsageError(`${path} has no rows; nothing can be compared`);
  const names = [...new Set(judged.flatMap((row) => Object.keys(row)))];
  const isNumeric = (name: string): boolean => {
    const cells = judged.map((row) => (Object.hasOwn(row, name) ? numberOf(row[name]) : Number.NaN));
    return cells.every((cell) => cell !== undefined) && cells.some((cell) => !Number.isNaN(cell));
  };
  const cell = (row: Row, name: string): unknown => (Object.hasOwn(row, name) ? row[name] : undefined);
  return {
    names,
    rows: undefined,
    numeric: async () => names.filter(isNumeric),
    pieces: async function* (wanted) {
      requireColumns(path, names, wanted);
      yield* gather(path, rowsOf(path), wanted, (row, name) => numberOf(cell(row, name)), cell);
    },
  };
}
