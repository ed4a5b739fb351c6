/** Columns that tell where a row stands rather than what it holds: they drift by their nature. */
import type { Values } from './table.ts';

/** With fewer rows, counting up is chance. */
const LEAST_ROWS = 20;
/** 1990 and 2100 in seconds since 1970. */
export const FIRST_S = 631_152_000;
export const LAST_S = 4_102_444_800;
/** In any two of these units the times from 1990 to 2100 are different numbers. */
export const UNITS_PER_S: readonly number[] = [1, 1e3, 1e6, 1e9];
const TIME_NAME = /(^|[^a-z])(time|date|datetime|timestamp|epoch|ts)([^a-z]|$)|(Time|Date|Timestamp|At|Ms)$|_(at|ms)$/;

/**
 * What kind of sequence the cells of a column are: an index counts up by one from row to row; a time lies between 1990 and 2100 as seconds,
 * or thousandths, millionths or billionths of them, and never falls or says so by its name. Undefined for all else. O(rows).
 */
export function sequenceOf(name: string, pieces: readonly Values[]): 'an index' | 'times' | undefined {
  const rows = pieces.reduce((sum, { length }) => sum + length, 0);
  if (rows < LEAST_ROWS) return undefined;
  if (every(pieces, (value, before) => before === undefined || isNext(value, before))) return 'an index';
  const isNamed = TIME_NAME.test(name);
  const isTime = UNITS_PER_S.some((units) =>
    every(pieces, (value, before) => {
      if (Number.isNaN(value)) return true;
      const inRange = value >= FIRST_S * units && value <= LAST_S * units;
      return inRange && (isNamed || before === undefined || Number.isNaN(before) || value >= before);
    }),
  );
  return isTime ? 'times' : undefined;
}

function isNext(value: number | bigint, before: number | bigint): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value) && value - 1 === before;
}

function every(
  pieces: readonly Values[],
  holds: (value: number | bigint, before: number | bigint | undefined) => boolean,
): boolean {
  let before: number | bigint | undefined;
  for (const piece of pieces) {
    for (let index = 0; index < piece.length; index += 1) {
      const value = piece[index] as number | bigint;
      if (!holds(value, before)) return false;
      before = value;
    }
  }
  return true;
}
