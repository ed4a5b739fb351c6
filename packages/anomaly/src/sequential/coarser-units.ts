import { MOST_STEPS, type Resolution } from '../quality/resolution.ts';
import { isNearWhole } from './near-whole.ts';
import { UNIT_CHANGES, WHOLE_FACTORS } from './units.ts';

/** Probability with which values of the reference would be multiples of the coarser step by chance. */
const LEVEL = 1e-6;
/** Share of the window that must be multiples of the coarser step, and within the reference when it is carried back. */
const MOST = 0.98;

/**
 * Change of unit by a whole factor (its index in `UNIT_CHANGES`) under which a column of a known resolution is as coarse as its values are;
 * −1 = none is. Hours in hundredths that are sent as tenths of an hour are whole tenths, and no hour of the reference is so coarse for long. It
 * needs no earlier values, so it finds a change that begins while the column moves by its whole range. A column that is merely rounded
 * stays within its reference: the caller asks when values have left it.
 * @param sorted ascending; @param least and @param largest of the reference. O(factors · n)
 */
export function unitOfCoarser(sorted: Float64Array, resolution: Resolution, least: number, largest: number): number {
  const distinct = sorted.filter((value, at) => value !== sorted[at - 1]);
  for (const [place, change] of WHOLE_FACTORS.entries()) {
    const { factor } = change;
    const share = resolution.multiples[place] as number;
    // Several values that are equal tell as much as one.
    if (share ** (distinct.length - 1) > LEVEL) continue;
    const coarser = resolution.step * factor;
    const isMultiple = (value: number): boolean =>
      Math.abs(value / coarser) <= MOST_STEPS && isNearWhole(value / coarser);
    const isWithin = (value: number): boolean => value / factor >= least && value / factor <= largest;
    if (shareOf(sorted, isMultiple) >= MOST && shareOf(sorted, isWithin) >= MOST) return UNIT_CHANGES.indexOf(change);
  }
  return -1;
}

function shareOf(values: Float64Array, holds: (value: number) => boolean): number {
  let held = 0;
  for (const value of values) if (holds(value)) held += 1;
  return held / values.length;
}
