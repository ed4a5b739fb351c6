/**
 * When a distance is worth an alarm. For a window read at every event the chance that any one reading passes the threshold is bounded by
 * α under exchangeable events, so that at most α alarms are expected per event, whatever the dependence between overlapping windows:
 * at most one false reading in 1/α events on average, by the union bound. Dependent events (bursts, seasons) void this; `minEffect`
 * keeps differences too small to matter from being called drift.
 */
import { kolmogorovQuantile } from '@weir/stats/kolmogorov';

export interface ThresholdRule {
  /** Readings per expected false alarm, at least 10. */
  readonly readingsPerFalseAlarm: number;
  /** Distance that is of no interest however certain it is, in [0, 1). */
  readonly minEffect: number;
}

/**
 * Smallest D that raises: minEffect + the level whose single-look probability is 1/readingsPerFalseAlarm.
 * @param m reference size, n window size. Asymptotic in mn/(m+n), conservative under ties; above 1 nothing can raise.
 */
export function threshold(m: number, n: number, rule: ThresholdRule): number {
  return rule.minEffect + kolmogorovQuantile(1 / rule.readingsPerFalseAlarm) * Math.sqrt((m + n) / (m * n));
}

/**
 * Smallest reference with which a window can raise at all, that is with a threshold of at most 1; Infinity where none is large enough.
 * @param n window size
 */
export function leastReference(n: number, rule: ThresholdRule): number {
  const level = kolmogorovQuantile(1 / rule.readingsPerFalseAlarm) / (1 - rule.minEffect);
  const square = level * level;
  if (n <= square) return Number.POSITIVE_INFINITY;
  const least = Math.max(1, Math.ceil((square * n) / (n - square)));
  // Rounding may be off by one; the threshold itself decides.
  return threshold(least, n, rule) <= 1 ? least : least + 1;
}
