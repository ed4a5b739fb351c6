/**
 * What could be done about groups that are treated differently, from the counts of a monitor: a threshold per group, weights for retraining.
 * Proposals, adopted by nobody here. Groups below the smallest size are left out, and no figure of the others depends on them.
 */
import { COUNT, COUNT_FIELDS } from './counts.ts';
import { proposeThresholds, reweighing } from './mitigation.ts';
import type { FairnessMonitor } from './monitor.ts';
import { SCORE_BINS, SCORE_EDGES, SCORE_FIELDS } from './score-histogram.ts';

export interface GroupThreshold {
  readonly group: string;
  /** Select when the score is at least this; Infinity: none is nearest to the target. */
  readonly threshold: number;
  /** Today, and what the threshold would have given on the same events. */
  readonly rateNow: number;
  readonly rate: number;
}

export interface GroupWeights {
  readonly group: string;
  readonly labelZero: number;
  readonly labelOne: number;
}

export interface Proposal {
  readonly attributes: readonly string[];
  /** Thresholds that give every group the rate that all have together. Empty while fewer than two groups are large enough. */
  readonly selectionRate: readonly GroupThreshold[];
  /** The same among events with label 1: labels that are in. */
  readonly truePositiveRate: readonly GroupThreshold[];
  /** Weights that make label and group independent in training data like these events. */
  readonly reweighing: readonly GroupWeights[];
}

/** One proposal per grouping. Thresholds come in hundredths. O(groups · bins). */
export function proposalsOf(monitor: FairnessMonitor): Proposal[] {
  return monitor.groupings.map(({ attributes, groups }, grouping) => {
    const first = monitor.first[grouping]!;
    const indexed = groups.map((group, at) => ({ group, index: first + at }));
    return {
      attributes,
      selectionRate: thresholdsFor(monitor, indexed, 'selection-rate'),
      truePositiveRate: thresholdsFor(monitor, indexed, 'true-positive-rate'),
      reweighing: weightsFor(monitor, indexed),
    };
  });
}

interface Group {
  readonly group: string;
  readonly index: number;
}

function thresholdsFor(
  monitor: FairnessMonitor,
  groups: readonly Group[],
  criterion: 'selection-rate' | 'true-positive-rate',
): GroupThreshold[] {
  const isSelection = criterion === 'selection-rate';
  const large = groups.flatMap(({ group, index }) => {
    const from = index * SCORE_FIELDS + (isSelection ? 0 : SCORE_BINS);
    const counts = monitor.scores.subarray(from, from + SCORE_BINS);
    const field = (name: 'decisions' | 'selected' | 'truePositive' | 'falseNegative'): number =>
      monitor.counts[index * COUNT_FIELDS + COUNT[name]]!;
    const selected = field(isSelection ? 'selected' : 'truePositive');
    const events = isSelection ? field('decisions') : selected + field('falseNegative');
    const scored = counts.reduce((sum, count) => sum + count, 0);
    return Math.min(scored, events) < monitor.config.minGroupSize ? [] : { group, counts, selected, events };
  });
  const events = large.reduce((sum, each) => sum + each.events, 0);
  const target = large.reduce((sum, each) => sum + each.selected, 0) / events;
  if (large.length < 2 || !(target > 0 && target < 1)) return [];
  const { thresholds, rates } = proposeThresholds(
    large.map(({ counts }) => ({ scores: SCORE_EDGES, counts, labels: new Uint8Array(SCORE_BINS).fill(1) })),
    criterion,
    target,
  );
  return large.map(({ group, selected, events: all }, at) => ({
    group,
    threshold: thresholds[at]!,
    rateNow: selected / all,
    rate: rates[at]!,
  }));
}

function weightsFor({ counts, config }: FairnessMonitor, groups: readonly Group[]): GroupWeights[] {
  const labelled = groups.flatMap(({ group, index }) => {
    const field = (name: 'truePositive' | 'falsePositive' | 'trueNegative' | 'falseNegative'): number =>
      counts[index * COUNT_FIELDS + COUNT[name]]!;
    const zeros = field('falsePositive') + field('trueNegative');
    const ones = field('truePositive') + field('falseNegative');
    return zeros + ones < config.minGroupSize ? [] : { group, counts: [zeros, ones] as const };
  });
  if (labelled.length < 2) return [];
  const weights = reweighing(labelled.map((each) => each.counts));
  return labelled.map(({ group }, at) => ({ group, labelZero: weights[at]![0], labelOne: weights[at]![1] }));
}
