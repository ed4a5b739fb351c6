import type { NumericProfile } from '../quality/profile.ts';

/** Reference distribution function as two arrays. */
export interface Grid {
  readonly values: Float64Array;
  readonly shares: Float64Array;
  /** Values that it was taken from. */
  readonly size: number;
}

export function gridFrom(profile: Pick<NumericProfile, 'grid' | 'present' | 'infinite'>): Grid {
  return {
    values: Float64Array.from(profile.grid, ({ value }) => value),
    shares: Float64Array.from(profile.grid, ({ share }) => share),
    size: profile.present - profile.infinite,
  };
}

/**
 * Largest distance, at the reference's grid, between its distribution function and that of `sorted` (the first n, ascending) after the
 * reference has been carried over by value·factor + offset, factor > 0. A lower bound of the Kolmogorov–Smirnov distance. O(n + grid).
 * Values within a billionth of a grid point count as equal to it, since a conversion rounds.
 */
export function gridDistance(grid: Grid, sorted: Float64Array, n: number, factor: number, offset: number): number {
  let largest = 0;
  let below = 0;
  for (let point = 0; point < grid.values.length; point += 1) {
    const value = (grid.values[point] as number) * factor + offset;
    const limit = value + Math.abs(value) * 1e-9;
    while (below < n && (sorted[below] as number) <= limit) below += 1;
    largest = Math.max(largest, Math.abs(below / n - (grid.shares[point] as number)));
  }
  return largest;
}

/**
 * Distance that n values of the reference's own law pass with probability at most `level`, a reference of m values being itself a sample.
 * Source: Dvoretzky, Kiefer & Wolfowitz (1956), Massart (1990); the two-sample form by Wei & Dudley (2012).
 */
export function distanceLimit(n: number, m: number, level: number): number {
  return Math.sqrt((Math.log(2 / Math.min(1, level)) / 2) * (1 / n + 1 / Math.max(1, m)));
}
