/**
 * What an evaluation decides by, the same for the service, for `weir scan drift` and for simulators. A window raises when its statistic
 * reaches a threshold; what was raised resolves after a whole window below `resolveShare` of it, so that it does not flicker.
 */
import type { ThresholdRule } from './threshold.ts';

export interface EvaluationRule extends ThresholdRule {
  /** An open evaluation resolves when its statistic stays below this share of the threshold for a whole window, in (0, 1]. */
  readonly resolveShare: number;
}

export const EVALUATION_DEFAULTS: EvaluationRule = { readingsPerFalseAlarm: 1e9, minEffect: 0, resolveShare: 0.8 };

/** What a value, or a pane, changed. Escalated: the values have moved again since what is open was last told. */
export type Transition = 'raised' | 'escalated' | 'resolved';

/** Raised and not yet resolved. */
export interface OpenEvaluation {
  /** Time of the value that raised it, or the end of the pane that did, ms. */
  readonly raisedAtMs: number;
  /** When what it tells of most probably began, ms; of the last move when it escalated. */
  readonly sinceMs: number;
}

/** With how much of its recovery is behind it: values of a window by count in a row that were below the recovery level. */
export interface SavedOpenEvaluation extends OpenEvaluation {
  readonly recovered: number;
}
