/** `weir scan drift`: the detector's evaluation on files. */
import { statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Command, type CommandIo, UsageError } from '../output.ts';
import { openTable } from '../tables/open.ts';
import { type ReferenceSample, referenceSample } from '../tables/reference-sample.ts';
import { sequenceOf } from '../tables/sequence.ts';
import { leaveOut, reasons, sharedColumns } from '../tables/shared-columns.ts';
import { shown } from '../tables/shown.ts';
import type { Table, Values } from '../tables/table.ts';
import { described } from '../tables/unreadable.ts';
import { ColumnScan } from './scan-drift/column-scan.ts';
import { HELP } from './scan-drift/help.ts';
import { htmlReport } from './scan-drift/html.ts';
import { changeLine, evaluationLine, verdictLine } from './scan-drift/json-lines.ts';
import { OPTIONS, type Options, parseOptions } from './scan-drift/options.ts';
import { report, type Summary } from './scan-drift/report.ts';
import { verdictsOf } from './scan-drift/verdict.ts';

export const scanDrift: Command = { help: HELP, options: OPTIONS, run };

async function run(args: readonly string[], io: CommandIo): Promise<number> {
  const options = parseOptions(args);
  if (options.html !== undefined) checkFolder(options.html);
  const reference = await openTable(options.reference, options.reading);
  const current = await openTable(options.current, options.reading);
  const scans = await prepared(options, reference, current, io);
  tellUnreadable(reference, io);

  const isWatched = io.interactive && !options.quiet;
  const rows = await scan(current, scans, options, io, (row, started) => {
    if (isWatched) progress(io, row, current.rows, started);
  });
  if (isWatched) io.err('\r\x1b[K');
  for (const { name, present } of scans)
    if (present === 0 && options.columns.length > 0 && current.unreadable.has(name)) throw withoutValues(current, name);
  tellUnreadable(current, io);
  note(io, options, reference, current, scans);

  const { window, alpha, rule } = options;
  const verdicts = verdictsOf(scans, alpha, rule.minEffect);
  const worst = new Map(scans.map((each) => [each.name, each.worst]));
  const summary: Summary = { verdicts, worst, window, alpha, minEffect: rule.minEffect, rows };
  if (options.json) for (const each of verdicts) io.out(verdictLine(each, unreadableIn(current, each.column)));
  else io.out(report(summary));
  if (options.html !== undefined) write(options.html, htmlReport(options, scans, summary));
  return options.failOnDrift && verdicts.some(({ drifted }) => drifted) ? 1 : 0;
}

/** What is to be scanned, after a pass over the reference; says what is left out. @throws {UsageError} when nothing remains. */
async function prepared(
  options: Options,
  reference: Table,
  current: Table,
  io: CommandIo,
): Promise<readonly ColumnScan[]> {
  const { names, left } = sharedColumns(options.columns, reference, current);
  const isAsked = options.columns.length > 0;
  const scans: ColumnScan[] = [];
  for (const [column, pieces] of await columnsOf(reference, names)) {
    const sample = referenceSample(pieces);
    const sequence = isAsked || sample === undefined ? undefined : sequenceOf(column, pieces);
    if (sequence !== undefined) leaveOut(left, column, `${sequence}; name it with --column to scan it`);
    else if (sample !== undefined) scans.push(scanOf(options, column, sample));
    else if (!isAsked) leaveOut(left, column, `no values in ${reference.path}`);
    else throw withoutValues(reference, column);
  }
  if (scans.length === 0) throw new UsageError(`${options.reference} has no values to compare with: ${reasons(left)}`);
  if (left.size > 0) io.err(`weir: not scanned: ${reasons(left)}\n`);
  return scans;
}

/** One pass over the file for all columns. */
async function columnsOf(table: Table, names: readonly string[]): Promise<ReadonlyMap<string, readonly Values[]>> {
  const pieces = new Map(names.map((name) => [name, [] as Values[]]));
  for await (const { columns } of table.pieces(names))
    for (const [name, values] of columns) (pieces.get(name) as Values[]).push(values);
  return pieces;
}

function withoutValues({ path, unreadable }: Table, column: string): UsageError {
  const tally = unreadable.get(column);
  return new UsageError(
    tally === undefined
      ? `${path}: column ${shown(column)} has no values; take it from a period with data`
      : `${described(path, column, tally)}, or choose other columns with --column; none of its cells is a number`,
  );
}

function scanOf(options: Options, column: string, sample: ReferenceSample): ColumnScan {
  try {
    return new ColumnScan(column, sample, options.window, options.rule);
  } catch (error) {
    if (error instanceof RangeError)
      throw new UsageError(`${options.reference}, column ${shown(column)}: ${error.message}`);
    throw error;
  }
}

/** Feeds the rows of `current`, evaluates when it is due and at the last row, and says how many rows there were. */
async function scan(
  current: Table,
  scans: readonly ColumnScan[],
  { every, json }: Options,
  io: CommandIo,
  onPiece: (row: number, started: number) => void,
): Promise<number> {
  const started = performance.now();
  let row = 0;
  let lines = '';
  const evaluate = (isLast: boolean): void => {
    for (const each of scans) {
      const evaluation = each.evaluate(row, isLast);
      if (evaluation !== undefined && json) lines += evaluationLine(evaluation);
    }
  };
  for await (const piece of current.pieces(scans.map(({ name }) => name))) {
    for (let start = 0; start < piece.rows; ) {
      const end = Math.min(piece.rows, start + every - (row % every));
      for (const each of scans) {
        each.add(piece.columns.get(each.name) as Values, start, end, row + 1, (change) => {
          if (json) lines += changeLine(each.name, change);
        });
      }
      row += end - start;
      start = end;
      if (row % every === 0) evaluate(false);
    }
    if (lines !== '') io.out(lines);
    lines = '';
    onPiece(row, started);
  }
  evaluate(true);
  if (lines !== '') io.out(lines);
  return row;
}

function progress(io: CommandIo, row: number, rows: number | undefined, started: number): void {
  const perSecond = row / ((performance.now() - started) / 1_000);
  const left = rows === undefined ? '' : ` of ${rows}, ${Math.ceil((rows - row) / perSecond)} s left`;
  io.err(`\r\x1b[K${row} rows${left}`);
}

function tellUnreadable({ path, unreadable }: Table, io: CommandIo): void {
  for (const [column, tally] of unreadable) io.err(`weir: ${described(path, column, tally)}\n`);
}

function unreadableIn({ unreadable }: Table, column: string): number {
  return unreadable.get(column)?.count ?? 0;
}

/** Says what the results do not: columns without values, columns that came late, infinite values. */
function note(io: CommandIo, options: Options, reference: Table, current: Table, scans: readonly ColumnScan[]): void {
  const left = new Map<string, string[]>();
  for (const { name, present } of scans) if (present === 0) leaveOut(left, name, `no values in ${current.path}`);
  const late = options.columns.length === 0 ? [...(reference.late ?? []), ...(current.late ?? [])] : [];
  for (const name of new Set(late)) leaveOut(left, name, 'not in the first rows; name it with --column');
  if (left.size > 0) io.err(`weir: not scanned: ${reasons(left)}\n`);
  const infinite = new Map<string, string[]>();
  for (const each of scans) if (each.infinite > 0) leaveOut(infinite, each.name, String(each.infinite));
  if (infinite.size > 0)
    io.err(
      `weir: infinite values count as the largest or smallest; a service counts them as missing: ${reasons(infinite)}\n`,
    );
}

/** Before the scan, which may take long. */
function checkFolder(path: string): void {
  if (statSync(dirname(path), { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new UsageError(`--html is ${shown(path)}; its folder does not exist`);
}

function write(path: string, content: string): void {
  try {
    writeFileSync(path, content);
  } catch (error) {
    throw new UsageError(`cannot write ${path}: ${(error as NodeJS.ErrnoException).code ?? String(error)}`);
  }
}
