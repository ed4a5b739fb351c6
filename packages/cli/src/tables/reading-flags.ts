/** Options that say how a file is read: the same of every command that takes one. */
import { UsageError } from '../output.ts';
import { shown } from './shown.ts';
import type { Reading } from './table.ts';

export const READING_FLAGS = {
  missing: { type: 'string', multiple: true },
  delimiter: { type: 'string' },
  'decimal-comma': { type: 'boolean' },
  'no-header': { type: 'boolean' },
} as const;

export interface ReadingFlags {
  readonly missing?: readonly string[] | undefined;
  readonly delimiter?: string | undefined;
  readonly 'decimal-comma'?: boolean | undefined;
  readonly 'no-header'?: boolean | undefined;
}

export const READING_HELP: string = `  --missing WORD      a word that stands for a missing value, besides the usual ones; may be repeated
  --delimiter C       between the cells of a CSV file, \\t for a tab (default: found)
  --decimal-comma     1.234,5 is 1234.5
  --no-header         the first row of a CSV file is data; the columns are named c1, c2, …
`;

/** @throws {UsageError} */
export function readingOf(flags: ReadingFlags): Reading {
  return {
    delimiter: delimiterIn(flags.delimiter),
    header: flags['no-header'] !== true,
    missing: flags.missing ?? [],
    decimalComma: flags['decimal-comma'] ?? false,
  };
}

function delimiterIn(text: string | undefined): string | undefined {
  const delimiter = text === '\\t' ? '\t' : text;
  if (delimiter !== undefined && !/^[^"\r\n]$/.test(delimiter))
    throw new UsageError(`--delimiter is ${shown(delimiter)}; it must be one character (\\t for a tab), and no quote`);
  return delimiter;
}
