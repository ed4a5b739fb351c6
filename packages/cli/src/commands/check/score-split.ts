/** How many rows of a reference file the forest learns, and how many it is calibrated on. */
import { MIN_SCORES } from '@weir/anomaly/calibration/reference';
import { ANOMALY_DEFAULTS } from '@weir/anomaly-detector/config';

export interface ScoreSplit {
  readonly learn: number;
  readonly heldOut: number;
  /** One of so many clean rows is taken, so that a long file is read over its whole length. */
  readonly stride: number;
}

/** As the detector's setting WEIR_ANOMALY_LEARN_EVENTS allows. */
const LEAST_LEARNT = 256;
/** Expected number of held-out scores beyond the level. The detector's defaults have 0.4: its p-values go 2.5 times beyond the largest score. */
const BEYOND = ANOMALY_DEFAULTS.heldOutEvents / ANOMALY_DEFAULTS.eventsPerAlarm;

/** Fewest clean rows for scores at a level. */
export function leastRows(alpha: number): number {
  return LEAST_LEARNT + leastHeldOut(alpha);
}

function leastHeldOut(alpha: number): number {
  // 0.4/0.0001 is 4000 and no more.
  return Math.max(MIN_SCORES, Math.ceil(BEYOND / alpha - 1e-6));
}

/** The detector's own split where there are rows enough; of fewer rows about half, but no fewer than the level needs. Undefined for too few. */
export function splitOf(cleanRows: number, alpha: number): ScoreSplit | undefined {
  const { learnEvents, heldOutEvents } = ANOMALY_DEFAULTS;
  const least = leastHeldOut(alpha);
  const wanted = Math.max(heldOutEvents, least);
  if (cleanRows >= learnEvents + wanted)
    return { learn: learnEvents, heldOut: wanted, stride: Math.floor(cleanRows / (learnEvents + wanted)) };
  if (cleanRows < leastRows(alpha)) return undefined;
  const share = heldOutEvents / (learnEvents + heldOutEvents);
  const heldOut = Math.min(cleanRows - LEAST_LEARNT, Math.max(least, Math.floor(share * cleanRows)));
  return { learn: Math.min(learnEvents, cleanRows - heldOut), heldOut, stride: 1 };
}

/** The finest level, of one digit, that so many clean rows allow; undefined for too few. */
export function finestLevel(cleanRows: number): number | undefined {
  const heldOut = cleanRows - LEAST_LEARNT;
  if (heldOut < MIN_SCORES) return undefined;
  const digit = 10 ** Math.floor(Math.log10(BEYOND / heldOut));
  return Number((Math.ceil(BEYOND / heldOut / digit) * digit).toPrecision(1));
}
