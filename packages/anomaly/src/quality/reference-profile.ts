/** Profiles from counted values: what a reference of one column holds, which has lost the order in which its values came. */

import { PATTERNS } from './patterns.ts';
import { type CategoricalProfile, lawOf, MAX_KEPT_VALUES, type NumericProfile } from './profile.ts';

/** Of a reference with more values than this, evenly spread ranks stand for all: quantiles move by less than one in 100,000. */
const MAX_RANKS = 100_000;

/** What only the order of the values tells; see `SerialProfile`. */
export type NumericOrder = Pick<NumericProfile, 'repeats' | 'longestRun' | 'move' | 'strayShare'> & {
  readonly pairs: number;
};
export type CategoricalOrder = Pick<CategoricalProfile, 'windowDistinct' | 'windows'>;

/**
 * @param values distinct, finite, ascending; @param counts of each; @param missing values beside them
 * @param order undefined: not known, so neither a stuck value nor a change of unit or columns is told. O(values + ranks)
 */
export function numericReferenceProfile(
  name: string,
  values: ArrayLike<number>,
  counts: ArrayLike<number>,
  missing: number,
  order: NumericOrder | undefined,
): NumericProfile {
  let present = 0;
  let integers = 0;
  for (let i = 0; i < values.length; i += 1) {
    present += counts[i] as number;
    if (Number.isInteger(values[i])) integers += counts[i] as number;
  }
  const pairs = order === undefined || order.pairs === 0 ? undefined : order;
  return {
    name,
    rows: present + missing,
    present,
    infinite: 0,
    integers,
    ...lawOf(ranksOf(values, counts, present)),
    distinct: values.length,
    min: values[0] ?? 0,
    max: values[values.length - 1] ?? 0,
    // The share of repeats is what counts: of the pairs that were seen, brought to the size of the reference.
    repeats: Math.round((pairs === undefined ? 1 : pairs.repeats / pairs.pairs) * Math.max(0, present - 1)),
    longestRun: pairs?.longestRun ?? present,
    // Not known: no move is a jump, and so no change of unit and no shift is told.
    move: pairs?.move ?? Infinity,
    strayShare: pairs?.strayShare ?? 1,
  };
}

/** Ascending values at each rank, or at `MAX_RANKS` evenly spread ones. */
function ranksOf(values: ArrayLike<number>, counts: ArrayLike<number>, present: number): Float64Array {
  const kept = Math.min(present, MAX_RANKS);
  const sorted = new Float64Array(kept);
  let at = 0;
  let below = 0;
  for (let rank = 0; rank < kept; rank += 1) {
    const place = Math.floor(((rank + 0.5) * present) / kept);
    while (below + (counts[at] as number) <= place) {
      below += counts[at] as number;
      at += 1;
    }
    sorted[rank] = values[at] as number;
  }
  return sorted;
}

/** @param order undefined: not known, so the number of distinct values is not tested. O(values · log values) */
export function categoricalReferenceProfile(
  name: string,
  values: readonly string[],
  counts: ArrayLike<number>,
  missing: number,
  order: CategoricalOrder | undefined,
): CategoricalProfile {
  let present = 0;
  let [minLength, maxLength] = [Infinity, 0];
  for (const [i, value] of values.entries()) {
    present += counts[i] as number;
    minLength = Math.min(minLength, value.length);
    maxLength = Math.max(maxLength, value.length);
  }
  const pattern = PATTERNS.find(([, form]) => values.every((value) => form.test(value)));
  return {
    name,
    rows: present + missing,
    present,
    distinct: values.length,
    values: values
      .map((value, i) => ({ value, count: counts[i] as number }))
      .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
      .slice(0, MAX_KEPT_VALUES),
    minLength: present === 0 ? 0 : minLength,
    maxLength,
    pattern: present === 0 ? null : (pattern?.[0] ?? null),
    windowDistinct: order?.windowDistinct ?? 0,
    windows: order?.windows ?? 0,
  };
}
