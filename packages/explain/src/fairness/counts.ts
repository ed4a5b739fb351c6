/** Counts of one group: all rates follow from them, so a revision subtracts and adds and the order of labels does not matter. */

export const CALIBRATION_BINS = 10;
/** Numbers per group in a Float64Array. */
export const COUNT_FIELDS: number = 9 + 3 * CALIBRATION_BINS;
export const COUNT = {
  decisions: 0,
  selected: 1,
  truePositive: 2,
  falsePositive: 3,
  trueNegative: 4,
  falseNegative: 5,
  /** Labelled events with a score, Σ (label − score), Σ (label − score)². */
  scored: 6,
  errorSum: 7,
  brierSum: 8,
  /** Per bin of the score: events, Σ score, positives. */
  bins: 9,
} as const;

export function countDecision(counts: Float64Array, at: number, selected: boolean): void {
  counts[at + COUNT.decisions]! += 1;
  if (selected) counts[at + COUNT.selected]! += 1;
}

/** @param times 1 adds a label, −1 takes it back. @param score NaN = none. */
export function countLabel(
  counts: Float64Array,
  at: number,
  selected: boolean,
  label: number,
  score: number,
  times: 1 | -1,
): void {
  const positive = label === 1;
  const cell = selected
    ? positive
      ? COUNT.truePositive
      : COUNT.falsePositive
    : positive
      ? COUNT.falseNegative
      : COUNT.trueNegative;
  counts[at + cell]! += times;
  if (Number.isNaN(score)) return;
  const error = label - score;
  counts[at + COUNT.scored]! += times;
  counts[at + COUNT.errorSum]! += times * error;
  counts[at + COUNT.brierSum]! += times * error * error;
  const bin = at + COUNT.bins + 3 * Math.min(CALIBRATION_BINS - 1, Math.floor(score * CALIBRATION_BINS));
  counts[bin]! += times;
  counts[bin + 1]! += times * score;
  counts[bin + 2]! += times * label;
}

/** The events that a rate is taken over and how many of them count. */
export interface Rate {
  readonly positives: number;
  readonly count: number;
}

export type RateMetric = 'selection-rate' | 'true-positive-rate' | 'false-positive-rate' | 'positive-predictive-value';

/** O(1). */
export function rateOf(counts: Float64Array, at: number, metric: RateMetric): Rate {
  const field = (name: Exclude<keyof typeof COUNT, 'bins'>): number => counts[at + COUNT[name]]!;
  if (metric === 'selection-rate') return { positives: field('selected'), count: field('decisions') };
  if (metric === 'true-positive-rate')
    return { positives: field('truePositive'), count: field('truePositive') + field('falseNegative') };
  if (metric === 'false-positive-rate')
    return { positives: field('falsePositive'), count: field('falsePositive') + field('trueNegative') };
  return { positives: field('truePositive'), count: field('truePositive') + field('falsePositive') };
}

/**
 * Smallest and largest value that a rate can take once the labels still missing are in, whatever they are: what delayed and selective labels
 * leave open. The selection rate needs no label. O(1).
 */
export function rateBounds(counts: Float64Array, at: number, metric: RateMetric): readonly [low: number, high: number] {
  const { positives, count } = rateOf(counts, at, metric);
  if (metric === 'selection-rate') return [positives / count, positives / count];
  const labelledSelected = counts[at + COUNT.truePositive]! + counts[at + COUNT.falsePositive]!;
  const labelledRejected = counts[at + COUNT.trueNegative]! + counts[at + COUNT.falseNegative]!;
  const selected = counts[at + COUNT.selected]! - labelledSelected;
  const rejected = counts[at + COUNT.decisions]! - counts[at + COUNT.selected]! - labelledRejected;
  const over = (part: number, whole: number): number => (whole === 0 ? Number.NaN : part / whole);
  if (metric === 'positive-predictive-value')
    return [over(positives, count + selected), over(positives + selected, count + selected)];
  return [over(positives, count + rejected), over(positives + selected, count + selected)];
}

/** Expected calibration error over the bins: Σ |positives − Σ score| / events. NaN without labels. O(bins). */
export function calibrationError(counts: Float64Array, at: number): number {
  let gap = 0;
  for (let bin = 0; bin < CALIBRATION_BINS; bin += 1) {
    const from = at + COUNT.bins + 3 * bin;
    gap += Math.abs(counts[from + 2]! - counts[from + 1]!);
  }
  const scored = counts[at + COUNT.scored]!;
  return scored === 0 ? Number.NaN : gap / scored;
}
