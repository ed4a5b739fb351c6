/** The columns that two files can be compared by, and why the others are left out. */
import { UsageError } from '../output.ts';
import { listed, requireColumns, type Table, type TableColumn } from './table.ts';

export interface SharedColumns {
  readonly names: readonly string[];
  /** Names left out, by reason. */
  readonly left: Map<string, string[]>;
}

/** Those that were asked for, or all that hold numbers in both files. @throws {UsageError} when there is none. */
export function sharedColumns(asked: readonly string[], reference: Table, current: Table): SharedColumns {
  const left = new Map<string, string[]>();
  if (asked.length > 0) {
    for (const { path, columns, late } of [reference, current]) {
      // Where rows bring their own names, only the last row tells whether a column is missing.
      if (late === undefined)
        requireColumns(
          path,
          columns.map(({ name }) => name),
          asked,
        );
    }
    return { names: [...new Set(asked)], left };
  }
  for (const { path, doubt } of [reference, current])
    if (doubt !== undefined) throw new UsageError(`${path}: ${doubt}, or name the columns with --column`);
  const names: string[] = [];
  const there = byName(reference);
  const here = byName(current);
  for (const name of new Set([...there.keys(), ...here.keys()])) {
    const reason = whyNot(there.get(name), here.get(name), reference, current);
    if (reason === undefined) names.push(name);
    else leaveOut(left, name, reason);
  }
  if (names.length === 0)
    throw new UsageError(
      `${reference.path} and ${current.path} share no column of numbers; they have ${reasons(left)}; name one with --column`,
    );
  return { names, left };
}

export function leaveOut(left: Map<string, string[]>, name: string, reason: string): void {
  const names = left.get(reason);
  if (names === undefined) left.set(reason, [name]);
  else names.push(name);
}

/** All reasons in one line. */
export function reasons(left: ReadonlyMap<string, readonly string[]>): string {
  return [...left].map(([reason, names]) => `${listed(names)} (${reason})`).join('; ');
}

function byName({ columns }: Table): ReadonlyMap<string, TableColumn> {
  return new Map(columns.map((column) => [column.name, column]));
}

function whyNot(
  there: TableColumn | undefined,
  here: TableColumn | undefined,
  reference: Table,
  current: Table,
): string | undefined {
  if (here === undefined) return `only in ${reference.path}`;
  if (there === undefined) return `only in ${current.path}`;
  for (const { holds } of [there, here]) if (typeof holds !== 'string') return holds.unfit;
  return there.holds === 'nothing' && here.holds === 'nothing'
    ? 'no values in the first rows; name it with --column'
    : undefined;
}
