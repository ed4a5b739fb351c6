/** Scores of one group by hundredths, for all decisions and for those whose label is 1: what thresholds are proposed from. */

export const SCORE_BINS = 100;
/** Numbers per group in a Float64Array: decisions per bin, then labels 1 per bin. */
export const SCORE_FIELDS: number = 2 * SCORE_BINS;

/** Lower ends of the bins. */
export const SCORE_EDGES: readonly number[] = Array.from({ length: SCORE_BINS }, (_, bin) => bin / SCORE_BINS);

/** @param score in [0, 1]; NaN = none. O(1). */
export function countScore(scores: Float64Array, at: number, score: number): void {
  if (!Number.isNaN(score)) scores[at + binOf(score)]! += 1;
}

/** A label 1. @param times 1 adds it, −1 takes it back. O(1). */
export function countPositive(scores: Float64Array, at: number, score: number, times: 1 | -1): void {
  if (!Number.isNaN(score)) scores[at + SCORE_BINS + binOf(score)]! += times;
}

/** 0.57 · 100 is a little less than 57 in binary: a score that is printed as an edge belongs above it. */
function binOf(score: number): number {
  return Math.min(SCORE_BINS - 1, Math.floor(score * SCORE_BINS + 1e-9));
}
