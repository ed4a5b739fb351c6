/** Everything that can change a verdict; written to the journal at each take-over, so that a replay uses the same. */
export interface DriftConfig {
  /** Sizes of the count windows, values. */
  readonly countWindows: readonly number[];
  /** Readings per expected false alarm under exchangeable events. */
  readonly readingsPerFalseAlarm: number;
  /** Distance too small to matter, in [0, 1). */
  readonly minEffect: number;
  /** An open alert resolves when D stays below this share of the threshold for a whole window. */
  readonly resolveShare: number;
}

export const DRIFT_DEFAULTS: DriftConfig = {
  countWindows: [1_000],
  readingsPerFalseAlarm: 1e9,
  minEffect: 0,
  resolveShare: 0.8,
};
