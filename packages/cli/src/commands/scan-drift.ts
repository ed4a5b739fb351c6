/** `weir scan drift`: the detector's kernel on files. */
import { parseArgs } from 'node:util';
import { SlidingKs } from '@weir/drift/sliding-ks';
import { kolmogorovPValue } from '@weir/stats/kolmogorov-exact';
import { type Command, type CommandIo, UsageError } from '../output.ts';
import { openTable } from '../tables/open.ts';
import { type ReferenceSample, referenceSample } from '../tables/reference-sample.ts';
import { leaveOut, reasons, sharedColumns } from '../tables/shared-columns.ts';
import { shown } from '../tables/shown.ts';
import type { Reading, Table, Values } from '../tables/table.ts';

const DEFAULT_WINDOW = 1_000;
const HELP = `weir scan drift --reference REF --current CUR [--column NAME …] [--window N] [--every K] [--json]

Compares the last N present values of each numeric column of CUR with that column in REF, by the exact two-sample
Kolmogorov–Smirnov distance D, every K rows of CUR. Files are CSV, NDJSON (both may be gzipped) or Parquet.

  --reference REF   the sample to compare with
  --current CUR     the rows to scan, in order
  --column NAME …   the columns to scan (default: the numeric columns that both files have; stderr names the others)
  --window N        values in the window (default ${DEFAULT_WINDOW})
  --every K         rows between evaluations (default: N)
  --missing TEXT …  words or numbers that stand for a missing value too: --missing absent, --missing=-999
  --json            one NDJSON line per evaluation on stdout: row, column, d, at, p, n, m
  --quiet           no progress on stderr

For CSV files:
  --delimiter C     what stands between cells, \\t for a tab (default: found from the first rows; , ; tab | or blanks)
  --no-header       the first row is data; the columns are named c1, c2, …

Missing are empty cells, null, NaN, and in a column of numbers the words ? - . NA N/A #N/A #NA <NA> nan null none \\N.
A row without a value counts as a row, a blank line does not. Numbers are float64, but whole numbers beyond 2^53 are not
rounded; infinite values are the smallest and the largest. Parquet's dates and times are scanned only when named, as
nanoseconds since 1970.

A column is evaluated once its window is full, and at the last row if it never was.
p is the p-value of a single look, exact where that takes less than a millisecond: over many looks small values are
expected by chance.
Exit code 0 when the scan was done, whatever it found; 2 when an argument or a file is bad.

  weir scan drift --reference january.csv --current february.csv --column distance --window 5000
`;

interface Evaluation {
  readonly row: number;
  readonly column: string;
  readonly d: number;
  /** In JSON null where it is infinite. */
  readonly at: number;
  readonly p: number;
  readonly n: number;
  readonly m: number;
}

interface Scan {
  readonly column: string;
  readonly sample: ReferenceSample;
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
  const reference = await openTable(options.reference, options.reading);
  const current = await openTable(options.current, options.reading);
  const { names, left } = sharedColumns(options.columns, reference, current);
  const scans: Scan[] = [];
  for (const [column, sample] of await samplesOf(reference, names)) {
    if (sample !== undefined) scans.push(prepare(options, column, sample));
    else if (options.columns.length === 0) leaveOut(left, column, `no values in ${reference.path}`);
    else
      throw new UsageError(`${reference.path}: column ${shown(column)} has no values; take it from a period with data`);
  }
  if (scans.length === 0) throw new UsageError(`${options.reference} has no values to compare with: ${reasons(left)}`);
  if (left.size > 0) io.err(`weir: not scanned: ${reasons(left)}\n`);

  const isWatched = io.interactive && !options.quiet;
  const rows = await scan(current, scans, options, io, (row, started) => {
    if (isWatched) progress(io, row, current.rows, started);
  });
  if (isWatched) io.err('\r\x1b[K');
  note(io, options, reference, current, scans);
  if (!options.json) io.out(report(scans, rows));
  return 0;
}

/** Feeds the rows of `current`, evaluates when it is due, and says how many rows there were. */
async function scan(
  current: Table,
  scans: readonly Scan[],
  { every, json }: Options,
  io: CommandIo,
  onPiece: (row: number, started: number) => void,
): Promise<number> {
  const started = performance.now();
  let row = 0;
  let lines = '';
  const evaluate = (each: Scan): void => {
    const evaluation = evaluationOf(each, row);
    each.evaluations += 1;
    if (each.worst === undefined || evaluation.d > each.worst.d) each.worst = evaluation;
    if (json) lines += `${JSON.stringify(evaluation)}\n`;
  };
  for await (const piece of current.pieces(scans.map(({ column }) => column))) {
    for (let start = 0; start < piece.rows; ) {
      const end = Math.min(piece.rows, start + every - (row % every));
      for (const each of scans) push(each, piece.columns.get(each.column) as Values, start, end);
      row += end - start;
      start = end;
      if (row % every === 0) for (const each of scans) if (each.ks.full) evaluate(each);
    }
    if (lines !== '') io.out(lines);
    lines = '';
    onPiece(row, started);
  }
  for (const each of scans) if (each.evaluations === 0 && each.ks.windowSize > 0) evaluate(each);
  if (lines !== '') io.out(lines);
  return row;
}

function push({ ks, sample }: Scan, values: Values, start: number, end: number): void {
  for (let index = start; index < end; index += 1) {
    const value = values[index] as number | bigint;
    if (!Number.isNaN(value)) ks.pushBin(sample.binOf(value));
  }
}

interface Options {
  readonly reference: string;
  readonly current: string;
  readonly columns: readonly string[];
  readonly window: number;
  readonly every: number;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly reading: Reading;
}

const SPEC = {
  reference: { type: 'string' },
  current: { type: 'string' },
  column: { type: 'string', multiple: true },
  window: { type: 'string' },
  every: { type: 'string' },
  json: { type: 'boolean' },
  quiet: { type: 'boolean' },
  delimiter: { type: 'string' },
  'no-header': { type: 'boolean' },
  missing: { type: 'string', multiple: true },
} as const;

function parse(args: readonly string[]): Options {
  const several = { column: [] as string[], missing: [] as string[] };
  const { values, tokens } = parsed(args);
  // `--column a b c`: words that follow belong to the option that takes several.
  let last = '';
  for (const token of tokens) {
    if (token.kind === 'option') last = token.name;
    if (token.kind === 'option-terminator' || token.value === undefined) continue;
    if (last === 'column' || last === 'missing') several[last].push(token.value);
    else if (token.kind === 'positional')
      throw new UsageError(`${shown(token.value)} belongs to no option; see weir scan drift --help`);
  }
  if (values.reference === undefined || values.current === undefined)
    throw new UsageError('--reference REF and --current CUR are both needed; see weir scan drift --help');
  const delimiter = values.delimiter === '\\t' ? '\t' : values.delimiter;
  if (delimiter !== undefined && !/^[^"\r\n]$/.test(delimiter))
    throw new UsageError(`--delimiter is ${shown(delimiter)}; it must be one character (\\t for a tab), and no quote`);
  const window = count('--window', values.window, DEFAULT_WINDOW);
  return {
    reference: values.reference,
    current: values.current,
    columns: several.column,
    window,
    every: count('--every', values.every, window),
    json: values.json ?? false,
    quiet: values.quiet ?? false,
    reading: { delimiter, header: values['no-header'] !== true, missing: several.missing },
  };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: SPEC, allowPositionals: true, tokens: true });
  } catch (error) {
    const reason = error instanceof Error ? error.message.replaceAll(/\s+/g, ' ') : String(error);
    throw new UsageError(`${reason}; see weir scan drift --help`);
  }
}

function count(name: string, text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 1e8)
    throw new UsageError(`${name} is ${JSON.stringify(text)}; it must be a whole number from 1 to 100000000`);
  return value;
}

/** One pass over the file for all columns. */
async function samplesOf(
  table: Table,
  names: readonly string[],
): Promise<ReadonlyMap<string, ReferenceSample | undefined>> {
  const pieces = new Map(names.map((name) => [name, [] as Values[]]));
  for await (const { columns } of table.pieces(names))
    for (const [name, values] of columns) (pieces.get(name) as Values[]).push(values);
  return new Map([...pieces].map(([name, values]) => [name, referenceSample(values)]));
}

function prepare(options: Options, column: string, sample: ReferenceSample): Scan {
  try {
    const ks = new SlidingKs(sample.reference, options.window);
    return { column, sample, ks, pValues: new Map(), evaluations: 0, worst: undefined };
  } catch (error) {
    if (error instanceof RangeError)
      throw new UsageError(`${options.reference}, column ${shown(column)}: ${error.message}`);
    throw error;
  }
}

function evaluationOf({ column, sample, ks, pValues }: Scan, row: number): Evaluation {
  const { statistic, at, windowSize } = ks.read();
  const { m } = sample.reference;
  const { height, full } = ks;
  let p = full ? pValues.get(height) : undefined;
  if (p === undefined) {
    p = kolmogorovPValue(m, windowSize, height, EXACT_CELLS);
    if (full) pValues.set(height, p);
  }
  return { row, column, d: statistic, at: sample.valueOf(at), p, n: windowSize, m };
}

function progress(io: CommandIo, row: number, rows: number | undefined, started: number): void {
  const perSecond = row / ((performance.now() - started) / 1_000);
  const left = rows === undefined ? '' : ` of ${rows}, ${Math.ceil((rows - row) / perSecond)} s left`;
  io.err(`\r\x1b[K${row} rows${left}`);
}

/** Says what the results do not: columns without an evaluation. */
function note(io: CommandIo, options: Options, reference: Table, current: Table, scans: readonly Scan[]): void {
  const left = new Map<string, string[]>();
  for (const { column, evaluations } of scans)
    if (evaluations === 0) leaveOut(left, column, `no values in ${current.path}`);
  const late = options.columns.length === 0 ? [...(reference.late ?? []), ...(current.late ?? [])] : [];
  for (const name of new Set(late)) leaveOut(left, name, 'not in the first rows; name it with --column');
  if (left.size > 0) io.err(`weir: not scanned: ${reasons(left)}\n`);
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
