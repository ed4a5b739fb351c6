import type { Importance } from './state.ts';

/** Explanations between two false alarms of a version, on average, at least. */
export const AVERAGE_RUN_LENGTH = 2_000_000;

/** Weighted mean shares of the squared attributions over the first explanations; they sum to 1. */
export function referenceOf({ shares, sharesWeight }: Pick<Importance, 'shares' | 'sharesWeight'>): number[] {
  return Array.from(shares, (each) => each / sharesWeight);
}
