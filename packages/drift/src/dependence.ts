/** Whether the values of a column depend on those before them, which voids every promise about false alarms. */
import { type Dependence, dependenceOf } from '@weir/stats/serial-dependence';
import type { RecentValues } from './recent-values.ts';
import type { SlidingKs } from './sliding-ks.ts';

/** Share of a window beyond the range of its reference above which its bins say too little. */
const OUTSIDE = 0.05;

/** Values looked at: enough to see a correlation of .033, few enough to look again whenever views are published. */
const LOOKED_AT = 10_000;

/** Of the last values of a window, at most 10,000; `recent` has its raw values. O(n), and O(n log n) while many lie outside the reference. */
export function dependenceIn(window: SlidingKs, recent: RecentValues): Dependence {
  const n = Math.min(LOOKED_AT, window.windowSize);
  const bins = window.bins(n);
  const last = 2 * window.reference.values.length;
  const outside = bins.reduce((sum, bin) => sum + (bin === 0 || bin === last ? 1 : 0), 0);
  const sample = outside > OUTSIDE * n ? recent.last(n) : undefined;
  return dependenceOf(sample === undefined ? bins : ranksOf(sample));
}

/** Rank of each value among the distinct ones. */
function ranksOf(values: Float64Array): Uint32Array {
  const ranks = new Map([...new Set(values.toSorted())].map((value, rank) => [value, rank]));
  return Uint32Array.from(values, (value) => ranks.get(value) as number);
}
