/** What programs read on stdout: one JSON object a line, its kind in `type`. */
import type { Change, Evaluation } from './column-scan.ts';
import type { Verdict } from './verdict.ts';

export function evaluationLine(evaluation: Evaluation): string {
  return line({ type: 'evaluation', ...evaluation });
}

export function changeLine(column: string, { transition, row, alert }: Change): string {
  const { rule, raisedRow, sinceRow } = alert;
  return line({ type: transition, row, column, rule, sinceRow, ...(transition === 'resolved' ? { raisedRow } : {}) });
}

export function verdictLine(verdict: Verdict, unreadable: number): string {
  const { column, drifted, d, at, direction, effect, n, m, distribution, missing, alerts } = verdict;
  return line({
    type: 'verdict',
    column,
    verdict: drifted ? 'drift' : n === 0 ? 'no values' : 'no drift',
    d,
    at,
    direction,
    effect,
    n,
    m,
    p: distribution?.p ?? null,
    pHolm: distribution?.pHolm ?? null,
    missing: {
      reference: verdict.missingReference,
      current: verdict.missingCurrent,
      p: missing?.p ?? null,
      pHolm: missing?.pHolm ?? null,
    },
    unreadable,
    alerts,
  });
}

function line(object: object): string {
  return `${JSON.stringify(object)}\n`;
}
