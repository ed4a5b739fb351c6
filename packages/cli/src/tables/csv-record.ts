/** Records of CSV (RFC 4180): where they end, and their cells. Blanks may stand around a quoted cell, and before one that is not: `1, Bonn`. */
import { UsageError } from '../output.ts';
import { LONGEST_LINE, linesOf, type TextFile } from './text-file.ts';

/** Records as text, in batches. A quoted cell may hold line ends: a record goes on while its quotes are odd. Blank lines are no records. */
export async function* recordsOf(file: TextFile): AsyncGenerator<readonly string[]> {
  let open: string | undefined;
  for await (const lines of linesOf(file)) {
    const records: string[] = [];
    for (const line of lines) {
      const record = open === undefined ? line : `${open}\n${line}`;
      if (line.includes('"') && (line.split('"').length - 1) % 2 === 1) open = open === undefined ? record : undefined;
      else if (open !== undefined) open = record;
      if (open === undefined && !/^ *$/.test(record)) records.push(record);
      if (record.length > LONGEST_LINE) throw neverClosed(file.path, record);
    }
    yield records;
  }
  if (open !== undefined) throw neverClosed(file.path, open);
}

function neverClosed(path: string, record: string): UsageError {
  return new UsageError(
    `${path}: the quote in the row that begins with ${JSON.stringify(record.slice(0, 40))} is never closed; close it, or write "" for a quote inside a quoted cell`,
  );
}

/** Cells of a record; undefined when a quote stands where none may. Of blanks, any number is one delimiter. */
export function cellsOf(text: string, delimiter: string): string[] | undefined {
  const isBlank = delimiter === ' ';
  const record = isBlank ? text.trim() : text;
  if (!record.includes('"')) {
    const cells = record.split(isBlank ? / +/ : delimiter);
    return record.startsWith(' ') || record.includes(`${delimiter} `)
      ? cells.map((cell) => cell.replace(/^ +/, ''))
      : cells;
  }
  const cells: string[] = [];
  for (let at = 0; ; at += 1) {
    while (record[at] === ' ') at += 1;
    if (record[at] === '"') {
      let end = record.indexOf('"', at + 1);
      while (end >= 0 && record[end + 1] === '"') end = record.indexOf('"', end + 2);
      if (end < 0) return undefined;
      cells.push(record.slice(at + 1, end).replaceAll('""', '"'));
      at = end + 1;
      while (record[at] === ' ' && !isBlank) at += 1;
      if (at < record.length && record[at] !== delimiter) return undefined;
    } else {
      const next = record.indexOf(delimiter, at);
      const end = next < 0 ? record.length : next;
      const cell = record.slice(at, end);
      if (cell.includes('"')) return undefined;
      cells.push(cell);
      at = end;
    }
    if (at >= record.length) return cells;
  }
}
