/**
 * How far apart false alarms were when nothing had changed, by simulation. The level of a rule bounds single readings: readings that pass it
 * come in clusters, of which only the first raises, so alarms are further apart than what was asked for.
 */
import { FALSE_ALARMS } from './false-alarms-table.ts';
import { PANES } from './paned-window.ts';

export type RuleKind = 'count' | 'time' | 'missing';

export interface FalseAlarmRow {
  readonly rule: RuleKind;
  /** Values in the window; of a time window on average. */
  readonly windowSize: number;
  readonly referenceSize: number;
  /** `readingsPerFalseAlarm`. */
  readonly asked: number;
  readonly alarms: number;
  /** Events simulated. */
  readonly events: number;
  /** Events between false alarms, lower 95 % bound. */
  readonly atLeast: number;
}

/**
 * The row that is nearest in window and reference, on a scale of factors; of its rates the greatest that is not beyond the one asked for,
 * because further apart than it simulates is not known. O(rows).
 */
export function simulatedFalseAlarms(
  wanted: Pick<FalseAlarmRow, 'rule' | 'windowSize' | 'referenceSize' | 'asked'>,
): FalseAlarmRow {
  const rows = FALSE_ALARMS.filter(({ rule }) => rule === wanted.rule);
  const least = Math.min(...rows.map(({ asked }) => asked));
  const distance = ({ windowSize, referenceSize, asked }: FalseAlarmRow): number => {
    const away =
      Math.abs(Math.log(windowSize / wanted.windowSize)) + Math.abs(Math.log(referenceSize / wanted.referenceSize));
    // Window and reference come first: the rates of a row differ by less.
    return 1e3 * away + Math.log(wanted.asked / asked);
  };
  return rows
    .filter(({ asked }) => asked <= Math.max(wanted.asked, least))
    .reduce((a, b) => (distance(b) < distance(a) ? b : a));
}

/**
 * Events between false alarms on average, at least: the union bound over readings, for exchangeable values. A time window is read once a
 * pane, whatever the number of its values.
 */
export function eventsBetweenFalseAlarms(rule: RuleKind, readingsPerFalseAlarm: number, windowSize: number): number {
  return readingsPerFalseAlarm * (rule === 'time' ? Math.max(1, windowSize / PANES) : 1);
}
