import { MOST_STEPS } from '../quality/resolution.ts';
import { isNearWhole } from './near-whole.ts';
import { UNIT_CHANGES } from './units.ts';

/** Broken values that are needed, and how many of them must differ: a value that stands still says nothing of its unit. */
const MIN_BROKEN = 20;
const MIN_DISTINCT = 8;
/** Share of the broken values that must be whole in the reference's unit. */
const MOST = 0.98;

/**
 * Change of unit (its index in `UNIT_CHANGES`) under which the broken values of a column of whole numbers are whole again; −1 = none is.
 * Chance makes 20 broken values whole with probability below 1e-20, so this needs no comparison of laws, and finds a change within the window
 * in which it begins. Divisors of 1 are left out: every value with a decimal is whole in tenths.
 * @param sorted ascending. O(n) without broken values, else O(changes · n).
 */
export function unitOfWholes(sorted: Float64Array): number {
  const broken = sorted.filter((value) => Number.isFinite(value) && !Number.isInteger(value));
  if (broken.length < MIN_BROKEN || new Set(broken).size < MIN_DISTINCT) return -1;
  return UNIT_CHANGES.findIndex(({ factor, offset }) => {
    if (isNearWhole(1 / factor) && offset === 0) return false;
    let whole = 0;
    for (const value of broken) {
      const before = (value - offset) / factor;
      // Next to 0 everything is nearly whole, and 0 in either unit is not broken.
      if (Math.abs(before) <= MOST_STEPS && isNearWhole(before) && Math.round(before) !== 0) whole += 1;
    }
    return whole >= MOST * broken.length;
  });
}
