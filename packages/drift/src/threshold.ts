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
