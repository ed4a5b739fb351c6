import type { Reference } from '@weir/drift/reference';
import type { WindowState } from './state.ts';

/** Which test speaks: part of an alert's fingerprint and of addresses. */
export function ruleName(window: WindowState): string {
  return `ks-${window.ks.capacity}`;
}

export function missingRuleName(capacity: number): string {
  return `missing-${capacity}`;
}

export function timeRuleName(span: string): string {
  return `ks-${span}`;
}

/** P(window > reference) + P(equal)/2 − 1/2, in [−0.5, 0.5]: exact from the bins. O(k). */
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
