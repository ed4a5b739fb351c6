/** `weir scan drift`: the detector's kernel on files. */
import { parseArgs } from 'node:util';
import { binOf, DriftError, type Reference, referenceOf } from '@weir/drift/reference';
import { SlidingKs } from '@weir/drift/sliding-ks';
import { kolmogorovPValue } from '@weir/stats/kolmogorov-exact';
import { type Command, type CommandIo, UsageError } from '../output.ts';
import { openTable } from '../tables/open.ts';
import { requireColumns, type Table } from '../tables/table.ts';

const DEFAULT_WINDOW = 1_000;
const HELP = `weir scan drift --reference REF --current CUR [--column NAME …] [--window N] [--every K] [--json]

Compares the last N present values of each numeric column of CUR with that column in REF, by the exact two-sample
Kolmogorov–Smirnov distance D, every K rows of CUR. Files are CSV, NDJSON (both may be .gz) or Parquet.

  --reference REF   the sample to compare with
  --current CUR     the rows to scan, in order
  --column NAME     a column to scan; may be repeated (default: every numeric column that both files have)
  --window N        values in the window (default ${DEFAULT_WINDOW})
  --every K         rows between evaluations (default: N)
  --json            one NDJSON line per evaluation on stdout: row, column, d, at, p, n, m
  --quiet           no progress on stderr

A column is evaluated once its window is full, and at the last row if it never was. Empty cells, null and NaN are missing.
p is the p-value of a single look, exact where that takes less than a millisecond: over many looks small values are expected by chance.
Exit code 0 when the scan was done, whatever it found; 2 when an argument or a file is bad.

  weir scan drift --reference january.csv --current february.csv --column distance --window 5000
`;

interface Evaluation {
  readonly row: number;
  readonly column: string;
  readonly d: number;
  readonly at: number;
  readonly p: number;
  readonly n: number;
  readonly m: number;
}

interface Scan {
  readonly column: string;
  readonly reference: Reference;
  readonly ks: SlidingKs;
  /** p-values of the full window by height: few differ. */
  readonly pValues: Map<number, number>;
  evaluations: number;
  worst: Evaluation | undefined;
}

/** Cells of the exact law, about 3 ns each. */
const EXACT_CELLS = 200_000;

export const scanDrift: Command = { name: 'scan drift', summary: 'find drift between two files', help: HELP, run };

async function run(args: readonly string[], io: CommandIo): Promise<number> {
  const options = parse(args);
  const referenceTable = await openTable(options.reference);
  const currentTable = await openTable(options.current);
  const columns = await chooseColumns(options, referenceTable, currentTable);
  const scans = await Promise.all(columns.map(async (column) => await prepare(options, referenceTable, column)));
  const emit = (scan: Scan, row: number): void => {
    const { statistic, at, windowSize } = scan.ks.read();
    const { m } = scan.reference;
    const p = pValueOf(scan);
    const evaluation: Evaluation = { row, column: scan.column, d: statistic, at, p, n: windowSize, m };
    scan.evaluations += 1;
    if (scan.worst === undefined || statistic > scan.worst.d) scan.worst = evaluation;
    if (options.json) io.out(`${JSON.stringify(evaluation)}\n`);
  };

  let row = 0;
  const started = performance.now();
  for await (const piece of currentTable.pieces(columns)) {
    const values = scans.map(({ column }) => piece.columns.get(column) as Float64Array);
    for (let index = 0; index < piece.rows; index += 1) {
      row += 1;
      const due = row % options.every === 0;
      for (let at = 0; at < scans.length; at += 1) {
        const scan = scans[at] as Scan;
        const value = (values[at] as Float64Array)[index] as number;
        if (Number.isFinite(value)) scan.ks.pushBin(binOf(scan.reference, value));
        if (due && scan.ks.full) emit(scan, row);
      }
    }
    if (io.interactive && !options.quiet) progress(io, row, currentTable.rows, started);
  }
  for (const scan of scans) if (scan.evaluations === 0 && scan.ks.windowSize > 0) emit(scan, row);
  if (io.interactive && !options.quiet) io.err('\r\x1b[K');
  if (!options.json) io.out(report(scans, row));
  return 0;
}

interface Options {
  readonly reference: string;
  readonly current: string;
  readonly columns: readonly string[];
  readonly window: number;
  readonly every: number;
  readonly json: boolean;
  readonly quiet: boolean;
}

function parse(args: readonly string[]): Options {
  const spec = {
    reference: { type: 'string' },
    current: { type: 'string' },
    column: { type: 'string', multiple: true },
    window: { type: 'string' },
    every: { type: 'string' },
    json: { type: 'boolean' },
    quiet: { type: 'boolean' },
  } as const;
  let values: ReturnType<typeof parseArgs<{ options: typeof spec; allowPositionals: true }>>['values'];
  let positionals: string[];
  try {
    ({ values, positionals } = parseArgs({ args: [...args], options: spec, allowPositionals: true }));
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}; see weir scan drift --help`);
  }
  // `--column a b c`: words that follow belong to the option that takes several.
  if (positionals.length > 0 && values.column === undefined)
    throw new UsageError(`"${positionals[0]}" belongs to no option; see weir scan drift --help`);
  if (values.reference === undefined || values.current === undefined)
    throw new UsageError('--reference REF and --current CUR are both needed; see weir scan drift --help');
  const window = count('--window', values.window, DEFAULT_WINDOW);
  return {
    reference: values.reference,
    current: values.current,
    columns: [...(values.column ?? []), ...positionals],
    window,
    every: count('--every', values.every, window),
    json: values.json ?? false,
    quiet: values.quiet ?? false,
  };
}

function count(name: string, text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 1e8)
    throw new UsageError(`${name} is ${JSON.stringify(text)}; it must be a whole number from 1 to 100000000`);
  return value;
}

async function chooseColumns(options: Options, reference: Table, current: Table): Promise<readonly string[]> {
  if (options.columns.length > 0) {
    requireColumns(options.reference, reference.names, options.columns);
    requireColumns(options.current, current.names, options.columns);
    return [...new Set(options.columns)];
  }
  const there = await reference.numeric();
  const shared = (await current.numeric()).filter((name) => there.includes(name));
  if (shared.length === 0)
    throw new UsageError(`${options.reference} and ${options.current} share no numeric column; name one with --column`);
  return shared;
}

async function prepare(options: Options, table: Table, column: string): Promise<Scan> {
  const values: number[] = [];
  for await (const piece of table.pieces([column]))
    for (const value of piece.columns.get(column) as Float64Array) values.push(value);
  try {
    const reference = referenceOf(values);
    return {
      column,
      reference,
      ks: new SlidingKs(reference, options.window),
      pValues: new Map(),
      evaluations: 0,
      worst: undefined,
    };
  } catch (error) {
    if (error instanceof DriftError || error instanceof RangeError)
      throw new UsageError(`${options.reference}, column ${JSON.stringify(column)}: ${error.message}`);
    throw error;
  }
}

function progress(io: CommandIo, row: number, rows: number | undefined, started: number): void {
  const perSecond = row / ((performance.now() - started) / 1_000);
  const left = rows === undefined ? '' : ` of ${rows}, ${Math.ceil((rows - row) / perSecond)} s left`;
  io.err(`\r\x1b[K${row} rows${left}`);
}

function report(scans: readonly Scan[], rows: number): string {
  const cells = scans.map(({ column, worst, evaluations }) =>
    worst === undefined
      ? [column, 'no values', '', '', '', '', '']
      : [
          column,
          worst.d.toFixed(4),
          String(worst.at),
          String(worst.row),
          worst.p.toExponential(1),
          `${worst.n} / ${worst.m}`,
          String(evaluations),
        ],
  );
  const table = [['column', 'largest D', 'at value', 'at row', 'p, single look', 'n / m', 'looks'], ...cells];
  const widths = (table[0] as string[]).map((_, at) => Math.max(...table.map((line) => (line[at] as string).length)));
  const lines = table.map((line) =>
    line
      .map((cell, at) => cell.padEnd(widths[at] as number))
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n${rows} rows scanned. p is for a single look; the largest of many looks is small by chance too.\n`;
}

function pValueOf({ ks, reference: { m }, pValues }: Scan): number {
  const { height, windowSize } = ks;
  const known = ks.full ? pValues.get(height) : undefined;
  if (known !== undefined) return known;
  const p = kolmogorovPValue(m, windowSize, height, EXACT_CELLS);
  if (ks.full) pValues.set(height, p);
  return p;
}
