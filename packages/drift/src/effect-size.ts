import type { Reference } from './reference.ts';

/**
 * P(window > reference) + P(equal)/2 − 1/2, in [−0.5, 0.5]: exact from the bins.
 * @param counts values of the window per bin, length 2k + 1; @param windowSize their sum; 0 gives 0
 * Source: the probability of superiority, Mann and Whitney (1947). O(k).
 */
export function effectSize(reference: Reference, counts: ArrayLike<number>, windowSize: number): number {
  let below = 0;
  let score = 0;
  for (let i = 0; i <= reference.values.length; i += 1) {
    score += (counts[2 * i] as number) * below;
    if (i === reference.values.length) break;
    const tied = reference.counts[i] as number;
    score += (counts[2 * i + 1] as number) * (below + tied / 2);
    below += tied;
  }
  return windowSize === 0 ? 0 : score / (reference.m * windowSize) - 0.5;
}
