/** What a window shows, in numbers: the same for an alert of the service, for its views and for a scan of files. */
import { binomialTailBound } from '@weir/stats/binomial';
import { kolmogorovPValue } from '@weir/stats/kolmogorov-exact';
import type { CountEvaluation } from './count-evaluation.ts';
import { effectSize } from './effect-size.ts';
import type { MissingEvaluation } from './missing-evaluation.ts';
import { binnedQuantiles, type Quantiles, quantilesOf } from './quantiles.ts';
import type { RecentValues } from './recent-values.ts';
import type { Reference } from './reference.ts';
import type { KsReading } from './sliding-ks.ts';
import type { TimeEvaluation } from './time-evaluation.ts';

export interface Figures {
  /** D, or a share of missing values, in [0, 1]. */
  readonly statistic: number;
  /** What the statistic must reach to raise; above 1 nothing can. */
  readonly threshold: number;
  /** Reference value near which D is attained, in the column's unit; null for missing values. */
  readonly at: number | null;
  /** +1: the window lies above its reference there, −1: below. */
  readonly direction: 1 | -1;
  /** Of one look at this window, in [0, 1]. */
  readonly pValueSingleLook: number;
  /** P(window > reference) + P(equal)/2 − 1/2; of missing values the share above the expected one. */
  readonly effectSize: number;
  /** The statistic (of missing values: above the expected share), or what is certain of the values since a time where that is more. */
  readonly effect: number;
  /** Of the values since that time, or of the whole window; null where they are not known. */
  readonly after: Quantiles | null;
  readonly window: { readonly size: number; readonly fromMs: number; readonly toMs: number };
}

/** An exact p-value may cost 60 µs and no more: figures of all windows are shown twice a second. */
const EXACT_CELLS = 20_000;

/** Half the width of a 95 % band around a distribution function: Dvoretzky–Kiefer–Wolfowitz with Massart's constant. */
function bandOf(size: number): number {
  return Math.sqrt(Math.log(2 / 0.05) / (2 * size));
}

/** @param sinceMs when the change began; undefined: all of the window is shown, its quantiles to the gap. O(k + W log W). */
export function countFigures(evaluation: CountEvaluation, recent: RecentValues, sinceMs?: number): Figures {
  const { ks, threshold, fromMs = 0, toMs = 0 } = evaluation;
  const { windowSize, reference } = ks;
  const { size, distance } = sinceMs === undefined ? { size: 0, distance: 0 } : evaluation.since(sinceMs);
  const certain = size === 0 ? 0 : distance - bandOf((reference.m * size) / (reference.m + size));
  const counts = ks.counts();
  // All windows are shown twice a second, and a sort is dear: bins serve as long as they hold the quantiles.
  const binned = size === 0 ? binnedQuantiles(reference, counts, windowSize) : undefined;
  const sample = binned === undefined ? recent.last(size === 0 ? windowSize : size) : undefined;
  const figures = distanceFigures(reference, ks, counts);
  return {
    ...figures,
    threshold,
    effect: Math.max(figures.statistic, certain),
    after: binned ?? (sample === undefined || sample.length === 0 ? null : quantilesOf(sample)),
    window: { size: windowSize, fromMs, toMs },
  };
}

/** As of the last close. O(k). */
export function timeFigures({ window, threshold }: TimeEvaluation): Figures {
  const { reference, windowSize, endMs, spanMs } = window;
  const counts = window.counts();
  const figures = distanceFigures(reference, window, counts);
  return {
    ...figures,
    threshold,
    effect: figures.statistic,
    after: binnedQuantiles(reference, counts, windowSize) ?? null,
    window: { size: windowSize, fromMs: endMs - spanMs, toMs: endMs },
  };
}

function distanceFigures(reference: Reference, window: { read(): KsReading }, counts: Uint32Array) {
  const { statistic, at, direction, windowSize } = window.read();
  const height = Math.round(statistic * reference.m * windowSize);
  return {
    statistic,
    at,
    direction,
    pValueSingleLook: kolmogorovPValue(reference.m, windowSize, height, EXACT_CELLS),
    effectSize: effectSize(reference, counts, windowSize),
  };
}

/**
 * @param position of the last value of the column, and @param nowMs its time
 * @param sinceMs as of `countFigures`. O(missing).
 */
export function missingFigures(
  evaluation: MissingEvaluation,
  position: number,
  nowMs: number,
  sinceMs?: number,
): Figures {
  const { missing, expectedShare, raiseCount } = evaluation;
  const size = Math.min(position, missing.capacity);
  const count = missing.countAt(position);
  const statistic = size === 0 ? 0 : count / size;
  const since = sinceMs === undefined ? { size: 0, share: 0 } : evaluation.since(sinceMs, position);
  const certain = since.size === 0 ? 0 : since.share - bandOf(since.size);
  return {
    statistic,
    threshold: raiseCount / missing.capacity,
    at: null,
    direction: statistic > expectedShare ? 1 : -1,
    pValueSingleLook: size === 0 ? 1 : binomialTailBound(size, expectedShare, count),
    effectSize: statistic - expectedShare,
    effect: Math.max(statistic, certain) - expectedShare,
    after: null,
    window: { size, fromMs: missing.oldestMsAt(position) ?? nowMs, toMs: nowMs },
  };
}
