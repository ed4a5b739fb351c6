/** What `weir check` says on the way through a file and at its end. */
import type { CheckResult, RowListener } from './check-rows.ts';
import type { RowScores, ScoreCounts } from './row-scores.ts';

export interface CheckReport extends RowListener {
  /** @param counts undefined without scores */
  readonly end: (result: CheckResult, counts: ScoreCounts | undefined) => void;
}

export interface ReportOptions {
  /** Of the checked file. */
  readonly path: string;
  /** Undefined without scores. */
  readonly scores: RowScores | undefined;
  readonly out: (text: string) => void;
}
