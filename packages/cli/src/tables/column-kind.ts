/** What a column holds by its first cells. */
import { type Cell, hasComma } from './cell.ts';
import type { TableColumn } from './table.ts';

/** ISO 8601, and the same with slashes or points. */
const DATE = /^\s*(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4})([T ]\d{1,2}:\d{2}.*)?\s*$/;

/** Where more cells than this share are numbers with commas, the others would stand for a column that they are not. */
const COMMA_SHARE = 0.05;

/** Numbers, where at least half of what is there are numbers: the others are counted when the rows are read. Nothing means that all are missing. */
export function kindOf(cells: readonly { readonly cell: Cell; readonly raw: unknown }[]): TableColumn['holds'] {
  const others = cells.filter(({ cell }) => cell === undefined);
  const numbers = cells.filter(({ cell }) => cell !== undefined && !Number.isNaN(cell)).length;
  if (others.length === 0) return numbers > 0 ? 'numbers' : 'nothing';
  const commas = others.filter(({ raw }) => hasComma(raw)).length;
  if (commas > COMMA_SHARE * (numbers + others.length) && 2 * commas >= others.length)
    return { unfit: 'numbers with commas; give --decimal-comma, or write 1234.5' };
  if (numbers >= others.length) return 'numbers';
  const dates = others.filter(({ raw }) => typeof raw === 'string' && DATE.test(raw)).length;
  return 2 * dates > others.length ? { unfit: 'dates and times' } : { unfit: 'not numeric', isText: true };
}
