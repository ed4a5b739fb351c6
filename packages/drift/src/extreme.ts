/** Where two distribution functions are furthest apart, from the counts of a window in the bins of its reference. */
import type { Reference } from './reference.ts';

export interface Extreme {
  /** max|H|, H(x) = n #{reference ≤ x} − m #{window ≤ x}: a whole number, D·m·n. */
  readonly height: number;
  /** Index of the reference value at, or just below which, it is attained; k when only values above all of the reference could. */
  readonly leaf: number;
  /** +1: the window lies above the reference there, −1: below. */
  readonly direction: 1 | -1;
}

/** An extreme with the cut it is attained at. */
export interface Cut extends Extreme {
  /** Bins up to this one lie on the lower side. */
  readonly lastBin: number;
  /** Reference values on that side, a count. */
  readonly below: number;
}

/**
 * @param counts values of the window per bin, length 2k + 1; @param n their sum
 * O(k). Of several places the first; of equal heights in both directions the upward one.
 */
export function extremeOf({ values, counts: multiplicities, m }: Reference, counts: ArrayLike<number>, n: number): Cut {
  let h = 0;
  let below = 0;
  let up: Cut = { height: 0, leaf: 0, direction: 1, lastBin: 1, below: multiplicities[0] as number };
  let down: Cut = { height: 0, leaf: 0, direction: -1, lastBin: 0, below: 0 };
  for (let leaf = 0; leaf < values.length; leaf += 1) {
    h -= m * (counts[2 * leaf] as number);
    // Inside a gap H only falls: its lowest is just before the next value.
    if (-h > down.height) down = { height: -h, leaf, direction: -1, lastBin: 2 * leaf, below };
    const tied = multiplicities[leaf] as number;
    below += tied;
    h += n * tied - m * (counts[2 * leaf + 1] as number);
    if (h > up.height) up = { height: h, leaf, direction: 1, lastBin: 2 * leaf + 1, below };
    else if (-h > down.height) down = { height: -h, leaf, direction: -1, lastBin: 2 * leaf + 1, below };
  }
  return up.height >= down.height ? up : down;
}
