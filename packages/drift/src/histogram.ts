/** A window beside its reference as people look at it: shares per group, and the two distribution functions where groups end. */
import type { Reference } from './reference.ts';

export interface Histogram {
  /** Upper ends of the groups but the last, reference values, ascending: a group holds what is above the edge before and not above its own. */
  readonly edges: readonly number[];
  /** Share of the reference and of the window in each group, in [0, 1]; one more than edges. */
  readonly reference: readonly number[];
  readonly window: readonly number[];
  /** Share at or below each edge. */
  readonly referenceCdf: readonly number[];
  readonly windowCdf: readonly number[];
}

/**
 * Groups by quantiles of the reference, never of the window, so that the same value is always in the same group.
 * @param bins counts per bin as `SlidingKs.counts` gives them, length 2k + 1
 * @param windowSize their sum; 0 gives shares of 0
 * @param groups at least 1; fewer come out when the reference has fewer distinct values. O(k).
 */
export function histogramOf(
  reference: Reference,
  bins: ArrayLike<number>,
  windowSize: number,
  groups: number,
): Histogram {
  const { values, counts, m } = reference;
  const edges: number[] = [];
  const referenceShares: number[] = [];
  const windowShares: number[] = [];
  const referenceCdf: number[] = [];
  const windowCdf: number[] = [];
  const share = (count: number): number => (windowSize === 0 ? 0 : count / windowSize);
  let below = 0;
  let windowBelow = 0;
  let groupStart = 0;
  let windowStart = 0;
  for (let i = 0; i < values.length; i += 1) {
    below += counts[i] as number;
    windowBelow += (bins[2 * i] as number) + (bins[2 * i + 1] as number);
    // The last group stays open: what lies above every reference value belongs to it.
    if (i === values.length - 1 || below < ((edges.length + 1) * m) / groups) continue;
    edges.push(values[i] as number);
    referenceShares.push((below - groupStart) / m);
    windowShares.push(share(windowBelow - windowStart));
    referenceCdf.push(below / m);
    windowCdf.push(share(windowBelow));
    groupStart = below;
    windowStart = windowBelow;
  }
  referenceShares.push((m - groupStart) / m);
  windowShares.push(share(windowSize - windowStart));
  return { edges, reference: referenceShares, window: windowShares, referenceCdf, windowCdf };
}
