/** Cells of a column of numbers that are neither a number nor missing: they are counted as missing, and the first are named. */
import { hasComma } from './cell.ts';
import { shown } from './shown.ts';
import { listed } from './table.ts';

export interface Unreadable {
  count: number;
  /** The first of them, with their rows from 1. */
  readonly first: { readonly row: number; readonly raw: unknown }[];
}

const NAMED = 3;

export function tell(unreadable: Map<string, Unreadable>, name: string, row: number, raw: unknown): void {
  let tally = unreadable.get(name);
  if (tally === undefined) unreadable.set(name, (tally = { count: 0, first: [] }));
  tally.count += 1;
  if (tally.first.length < NAMED) tally.first.push({ row, raw });
}

/** One line, with the cure. */
export function described(path: string, name: string, { count, first }: Unreadable): string {
  const rows = first.map(({ row, raw }) => `row ${row} is ${shown(raw)}`).join(', ');
  const cure = first.some(({ raw }) => hasComma(raw))
    ? 'give --decimal-comma if the comma stands before the decimals, else write thousands without a separator'
    : 'name what stands for missing with --missing, or correct them';
  const what = count === 1 ? '1 cell is no number and counts' : `${count} cells are no numbers and count`;
  return `${path}: column ${listed([name])}: ${what} as missing: ${rows}${count > first.length ? ', …' : ''}; ${cure}`;
}
