/** A line of JSON for each violation and each row, then one for each column and rule. */
import type { CheckReport, ReportOptions } from './report.ts';

export function jsonReport({ path, scores, out }: ReportOptions): CheckReport {
  let lines = '';
  const line = (value: unknown): void => void (lines += `${JSON.stringify(value)}\n`);
  const pause = (): void => {
    if (lines !== '') out(lines);
    lines = '';
  };
  return {
    pause,
    fault: ({ rule, field, observed, bound }) => line({ file: path, rule, field, observed, bound }),
    violation: (row, { rule, field, observed, bound, cell }) =>
      line({ row, rule, field, observed, bound, ...(cell === undefined ? {} : { cell }) }),
    row: (row, numbers, texts) => {
      if (scores === undefined) return;
      const { score, pValue, isOdd } = scores.add(numbers, texts);
      line({ row, score, pValue, isOdd, ...(isOdd ? { features: scores.featuresOf(numbers, texts) } : {}) });
    },
    end: ({ rows, faults, summaries }, counts) => {
      for (const { field: column, rule } of faults) line({ summary: { column, rule, file: path } });
      for (const each of summaries) line({ summary: each, share: each.rows / Math.max(1, rows) });
      if (counts !== undefined) line({ scores: counts });
      pause();
    },
  };
}
