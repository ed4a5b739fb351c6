/** Where the middle nine tenths of a sample lie, in its unit. */
import type { Reference } from './reference.ts';

export interface Quantiles {
  /** 5 %, 50 % and 95 % quantile: the smallest value at or below which lies at least that share of the sample. */
  readonly low: number;
  readonly median: number;
  readonly high: number;
}

const SHARES = [0.05, 0.5, 0.95] as const;

/** The inverse of the distribution function, as NumPy's `inverted_cdf`. @param sample not empty, finite. O(n log n). */
export function quantilesOf(sample: Float64Array): Quantiles {
  const sorted = sample.toSorted();
  const at = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] as number;
  return { low: at(SHARES[0]), median: at(SHARES[1]), high: at(SHARES[2]) };
}

/** As `quantilesOf`, of the sample that a reference holds. O(k). */
export function referenceQuantiles({ values, counts, m }: Reference): Quantiles {
  const [low, median, high] = placesOf(counts, m).map((place) => values[place] as number);
  return { low: low as number, median: median as number, high: high as number };
}

/**
 * Of a window by its bins: a quantile inside a gap is the middle of the gap.
 * @param bins values of the window per bin, length 2k + 1, and their sum n
 * @returns undefined when the window is empty, or one of the three lies outside the range of the reference, where bins say nothing. O(k).
 */
export function binnedQuantiles({ values }: Reference, bins: ArrayLike<number>, n: number): Quantiles | undefined {
  const places = n === 0 ? [] : placesOf(bins, n);
  if (places.length === 0 || places.some((bin) => bin === 0 || bin === bins.length - 1)) return undefined;
  const [low, median, high] = places.map((bin) => {
    const above = values[bin >> 1] as number;
    return bin % 2 === 1 ? above : ((values[(bin >> 1) - 1] as number) + above) / 2;
  });
  return { low: low as number, median: median as number, high: high as number };
}

/** Indices at which the running sum of counts reaches each share of their total, at least 1. */
function placesOf(counts: ArrayLike<number>, total: number): readonly number[] {
  const places: number[] = [];
  let at = -1;
  let below = 0;
  for (const share of SHARES) {
    const wanted = Math.max(1, Math.ceil(share * total));
    while (below < wanted) {
      at += 1;
      below += counts[at] as number;
    }
    places.push(at);
  }
  return places;
}
