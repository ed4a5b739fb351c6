/** One JSON object a line. */
import { UsageError } from '../output.ts';
import { type Cell, cellReader, exactInteger, isDigits } from './cell.ts';
import { kindOf } from './column-kind.ts';
import { gather, gatherText } from './gather.ts';
import { JUDGED_ROWS, type Reading, requireColumns, type Table, type TableColumn } from './table.ts';
import { linesOf, type TextFile } from './text-file.ts';
import type { Unreadable } from './unreadable.ts';

type Row = Readonly<Record<string, unknown>>;

/** A thousand rows of a hundred thousand columns would fill the memory. */
const JUDGED_CELLS = 1 << 20;

export async function openNdjson(file: TextFile, reading: Reading): Promise<Table> {
  const { path } = file;
  const judged = await firstRows(file);
  if (judged.length === 0) throw new UsageError(`${path} has no rows; nothing can be compared`);
  const reader = cellReader(reading);
  const cellOf = (row: Row, name: string): Cell => {
    const value = rawOf(row, name);
    if (value === null || value === undefined) return Number.NaN;
    if (typeof value === 'number' || typeof value === 'bigint') return reader.ofNumber(value);
    return typeof value === 'string' ? reader.ofText(value) : undefined;
  };
  const names = [...new Set(judged.flatMap((row) => Object.keys(row)))];
  const columns = names.map((name): TableColumn => {
    return { name, holds: kindOf(judged.map((row) => ({ cell: cellOf(row, name), raw: rawOf(row, name) }))) };
  });
  const late = new Set<string>();
  const unreadable = new Map<string, Unreadable>();

  async function* rows(wanted: readonly string[]): AsyncGenerator<readonly Row[]> {
    const known = new Set(names);
    for await (const batch of rowsOf(file)) {
      for (const row of batch) {
        for (const name in row) {
          if (known.has(name)) continue;
          known.add(name);
          late.add(name);
        }
      }
      yield batch;
    }
    // Only now is it sure that no row has the column.
    requireColumns(path, [...known], wanted);
  }

  return {
    path,
    columns,
    rows: undefined,
    late,
    unreadable,
    pieces: (wanted) =>
      gather(
        unreadable,
        rows(wanted),
        wanted,
        (row, place) => cellOf(row, wanted[place] as string),
        (row, place) => rawOf(row, wanted[place] as string),
      ),
    texts: (wanted) =>
      gatherText(rows(wanted), wanted, (row, place) => {
        const raw = rawOf(row, wanted[place] as string);
        if (raw === null || raw === undefined) return null;
        const text = typeof raw === 'string' ? raw : JSON.stringify(raw);
        return reader.isMissing(text) ? null : text;
      }),
  };
}

function rawOf(row: Row, name: string): unknown {
  return Object.hasOwn(row, name) ? row[name] : undefined;
}

async function firstRows(file: TextFile): Promise<readonly Row[]> {
  const start: Row[] = [];
  let cells = 0;
  for await (const batch of rowsOf(file)) {
    for (const row of batch) {
      start.push(row);
      cells += Object.keys(row).length;
      if (start.length === JUDGED_ROWS || cells > JUDGED_CELLS) return start;
    }
  }
  return start;
}

async function* rowsOf(file: TextFile): AsyncGenerator<readonly Row[]> {
  let number = 0;
  for await (const lines of linesOf(file)) {
    const batch: Row[] = [];
    for (const line of lines) {
      number += 1;
      if (line.trim() !== '') batch.push(rowOf(file.path, number, line));
    }
    yield batch;
  }
}

function rowOf(path: string, number: number, line: string): Row {
  let row: unknown;
  try {
    row = parse(line);
  } catch (error) {
    const reason = (error as Error).message.replaceAll(/\s+/g, ' ');
    throw new UsageError(`${path}: line ${number} is not JSON: ${reason}; give one JSON object a line`);
  }
  if (typeof row !== 'object' || row === null || Array.isArray(row))
    throw new UsageError(`${path}: line ${number} is not a JSON object; give one object a line, {"column": value}`);
  const isWide = Object.values(row).some((value) => typeof value === 'number' && isUnsafe(value));
  return (isWide ? parse(line, exactly) : row) as Row;
}

function parse(line: string, reviver?: typeof exactly): unknown {
  try {
    return JSON.parse(line, reviver);
  } catch (error) {
    // Python and others write these three, which JSON lacks. In strings they stay as they are.
    const mended = line.replaceAll(/"(?:[^"\\]|\\.)*"|\bNaN\b|\bInfinity\b/g, (found) =>
      found === 'NaN' ? 'null' : found === 'Infinity' ? '1e999' : found,
    );
    if (mended === line) throw error;
    return JSON.parse(mended, reviver);
  }
}

function isUnsafe(value: number): boolean {
  return Number.isInteger(value) && !Number.isSafeInteger(value);
}

/** Takes whole numbers beyond 2^53 from their digits, which JSON.parse has rounded. */
function exactly(_: string, value: unknown, { source }: { source?: string } = {}): unknown {
  const isWide = typeof value === 'number' && isUnsafe(value) && source !== undefined && isDigits(source);
  return isWide ? exactInteger(BigInt(source)) : value;
}
