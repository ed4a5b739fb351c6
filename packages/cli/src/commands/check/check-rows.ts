/** Every row of a file through the same compiled table as the stream's events. */
import type { ViolationCode } from '@weir/anomaly/quality/codes';
import { RuleTable } from '@weir/anomaly/quality/rule-table';
import type { Rules } from '@weir/anomaly/quality/rules';
import { type Violation, violationsOf } from '@weir/anomaly/quality/violations';
import type { RowSource } from '../../tables/row-blocks.ts';
import { shown } from '../../tables/shown.ts';

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
  /** Faults of the file as a whole: columns that it lacks. */
  readonly faults: readonly Violation[];
  /** By column and rule. */
  readonly summaries: readonly ColumnSummary[];
}

/** As the stream's, and what stands in a cell that is no number; undefined for other cells. */
export interface FileViolation extends Violation {
  readonly cell: unknown;
}

/** Rows are counted from 1. */
export interface RowListener {
  readonly fault: (fault: Violation) => void;
  readonly violation: (row: number, violation: FileViolation) => void;
  /** After its violations; the arrays are those of the next row, too. */
  readonly row: (row: number, numbers: Float64Array, texts: readonly (string | null)[]) => void;
  /** After some thousand rows. */
  readonly pause: () => void;
}

/** One pass over the file. O(rows · columns) */
export async function checkRows(rules: Rules, source: RowSource, listener: RowListener): Promise<CheckResult> {
  const table = new RuleTable(rules);
  const faults = missingColumns(rules, source);
  for (const fault of faults) listener.fault(fault);
  const summaries = new Map<string, { -readonly [Key in keyof ColumnSummary]: ColumnSummary[Key] }>();
  const tell = (row: number, violation: FileViolation): void => {
    const { field: column, rule, bound } = violation;
    const known = summaries.get(`${rule} ${column}`);
    if (known === undefined)
      summaries.set(`${rule} ${column}`, { column, rule, rows: 1, first: { row, observed: seenIn(violation), bound } });
    else known.rows += 1;
    listener.violation(row, violation);
  };
  const numbers = new Float64Array(rules.numeric.length + rules.outputs.length);
  const texts: (string | null)[] = rules.categorical.map(() => null);
  const outputs = numbers.subarray(rules.numeric.length);
  const event = {
    numeric: numbers.subarray(0, rules.numeric.length),
    categorical: texts,
    ...(outputs.length > 0 ? { outputs } : {}),
  };
  let [row, violating] = [0, 0];
  for await (const block of source.blocks()) {
    for (let at = 0; at < block.rows; at += 1) {
      row += 1;
      block.load(at, numbers, texts);
      if (table.check(event) > 0) {
        // A column that is not there was told of once.
        const found = violationsOf(table, event).filter(({ field }) => field === 'event' || source.has(field));
        if (found.length > 0) violating += 1;
        for (const violation of found) tell(row, { ...violation, cell: block.unread(at, violation.field) });
      }
      listener.row(row, numbers, texts);
    }
    listener.pause();
  }
  return { rows: row, violating, faults, summaries: [...summaries.values()] };
}

/** For people: what is missing and what cannot be read are both NaN of an event, and two things in a file. */
export function seenIn({ rule, observed, cell }: FileViolation): string {
  if (rule !== 'MISSING') return observed;
  return cell === undefined ? 'missing' : `${shown(cell)}, no number`;
}

function missingColumns({ numeric, outputs, categorical }: Rules, { has }: RowSource): readonly Violation[] {
  return [...numeric, ...outputs, ...categorical]
    .filter(({ name }) => !has(name))
    .map(({ name: field }) => ({
      field,
      rule: 'SCHEMA_MISSING_FIELD',
      observed: 'absent',
      bound: 'a column of this name',
    }));
}
