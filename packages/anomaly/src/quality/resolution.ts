import { isNearWhole } from '../sequential/near-whole.ts';
import { WHOLE_FACTORS } from '../sequential/units.ts';

/** Values beyond so many steps are not told from their neighbours by a 32-bit float. */
export const MOST_STEPS = 1e5;
/** Distinct values below which a column has no resolution: too few to tell one. */
const MIN_DISTINCT = 8;

/** All values of a column are whole multiples of one step, as of a column that is rounded to minutes, cents or hundredths. */
export interface Resolution {
  /** Greater than 0, in the unit of the column. */
  readonly step: number;
  /** By place in `WHOLE_FACTORS`, the share of the values that are multiples of `step` · factor. */
  readonly multiples: readonly number[];
}

/** @param sorted finite, ascending; undefined when the values have no common step of a whole number or of a whole part of 1. O(n) */
export function resolutionOf(sorted: Float64Array): Resolution | undefined {
  let gap = Infinity;
  let distinct = Math.min(1, sorted.length);
  for (let i = 1; i < sorted.length; i += 1) {
    const between = (sorted[i] as number) - (sorted[i - 1] as number);
    if (between === 0) continue;
    distinct += 1;
    if (between < gap) gap = between;
  }
  if (distinct < MIN_DISTINCT) return undefined;
  // What rounding left of the gap does not accumulate over the multiples.
  const step = gap >= 1 ? Math.round(gap) : 1 / Math.round(1 / gap);
  const farthest = Math.max(Math.abs(sorted[0] as number), Math.abs(sorted.at(-1) as number));
  if (!(farthest / step <= MOST_STEPS) || !sorted.every((value) => isNearWhole(value / step))) return undefined;
  return { step, multiples: WHOLE_FACTORS.map(({ factor }) => shareOfMultiples(sorted, factor * step)) };
}

function shareOfMultiples(sorted: Float64Array, step: number): number {
  let multiples = 0;
  for (const value of sorted) if (isNearWhole(value / step)) multiples += 1;
  return multiples / sorted.length;
}
