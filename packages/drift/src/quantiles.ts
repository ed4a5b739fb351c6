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
  const found: number[] = [];
  let below = 0;
  for (let i = 0; i < values.length && found.length < SHARES.length; i += 1) {
    below += counts[i] as number;
    while (found.length < SHARES.length && below >= Math.max(1, Math.ceil((SHARES[found.length] as number) * m)))
      found.push(values[i] as number);
  }
  return { low: found[0] as number, median: found[1] as number, high: found[2] as number };
}

/**
 * Of a window by its bins: a quantile inside a gap is the middle of the gap.
 * @param bins values of the window per bin, length 2k + 1, and their sum n
 * @returns undefined when the window is empty, or one of the three lies outside the range of the reference, where bins say nothing. O(k).
 */
export function binnedQuantiles(reference: Reference, bins: ArrayLike<number>, n: number): Quantiles | undefined {
  const { values } = reference;
  const found: number[] = [];
  let below = 0;
  for (let bin = 0; n > 0 && bin < bins.length && found.length < SHARES.length; bin += 1) {
    below += bins[bin] as number;
    // NaN at either end.
    const value = ((values[(bin - 1) >> 1] ?? Number.NaN) + (values[bin >> 1] ?? Number.NaN)) / 2;
    while (found.length < SHARES.length && below >= Math.max(1, Math.ceil((SHARES[found.length] as number) * n)))
      found.push(bin % 2 === 1 ? (values[bin >> 1] as number) : value);
  }
  if (found.length < SHARES.length || found.some((value) => Number.isNaN(value))) return undefined;
  return { low: found[0] as number, median: found[1] as number, high: found[2] as number };
}
