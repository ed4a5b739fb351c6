/** Every row of a file through the same compiled table as the stream's events. */
import type { ViolationCode } from '@weir/anomaly/quality/codes';
import { RuleTable } from '@weir/anomaly/quality/rule-table';
import type { Rules } from '@weir/anomaly/quality/rules';
import { type Violation, violationsOf } from '@weir/anomaly/quality/violations';
import type { FileColumns } from './file-columns.ts';

export interface ColumnSummary {
  readonly column: string;
  readonly rule: ViolationCode;
  readonly rows: number;
  readonly first: { readonly row: number; readonly observed: string; readonly bound: string };
}

export interface CheckResult {
  readonly rows: number;
  /** Rows that broke a rule. */
  readonly violating: number;
  /** By column and rule. */
  readonly summaries: readonly ColumnSummary[];
}

/** @param onViolation each violation with its row, from 1. O(rows · columns) */
export function checkRows(
  rules: Rules,
  file: FileColumns,
  onViolation: (row: number, violation: Violation) => void,
): CheckResult {
  const table = new RuleTable(rules);
  const numbers = [...rules.numeric, ...rules.outputs].map(({ name }) => file.numbers.get(name));
  const texts = rules.categorical.map(({ name }) => file.texts.get(name));
  const summaries = new Map<string, { -readonly [Key in keyof ColumnSummary]: ColumnSummary[Key] }>();
  const tell = (row: number, violation: Violation): void => {
    const { field: column, rule, observed, bound } = violation;
    const known = summaries.get(`${rule} ${column}`);
    if (known === undefined)
      summaries.set(`${rule} ${column}`, { column, rule, rows: 1, first: { row, observed, bound } });
    else known.rows += 1;
    onViolation(row, violation);
  };
  for (const column of missingColumns(rules, file))
    tell(0, { field: column, rule: 'SCHEMA_MISSING_FIELD', observed: 'absent', bound: 'a column of this name' });
  const numeric = new Float64Array(rules.numeric.length);
  const outputs = new Float64Array(rules.outputs.length);
  const categorical: (string | null)[] = texts.map(() => null);
  let violating = 0;
  for (let row = 0; row < file.rows; row += 1) {
    for (const [i, column] of numbers.entries()) {
      const value = column?.[row] ?? Number.NaN;
      if (i < numeric.length) numeric[i] = value;
      else outputs[i - numeric.length] = value;
    }
    for (const [i, column] of texts.entries()) categorical[i] = column?.[row] ?? null;
    const event = { numeric, categorical, ...(outputs.length > 0 ? { outputs } : {}) };
    if (table.check(event) === 0) continue;
    // A column that is not there was told of once.
    const found = violationsOf(table, event).filter(({ field }) => isThere(file, field));
    if (found.length > 0) violating += 1;
    for (const violation of found) tell(row + 1, violation);
  }
  return { rows: file.rows, violating, summaries: [...summaries.values()] };
}

function isThere({ numbers, texts }: FileColumns, field: string): boolean {
  return field === 'event' || numbers.has(field) || texts.has(field);
}

function missingColumns({ numeric, outputs, categorical }: Rules, file: FileColumns): readonly string[] {
  return [...numeric, ...outputs, ...categorical].map(({ name }) => name).filter((name) => !isThere(file, name));
}
