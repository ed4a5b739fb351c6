/** `weir check`: rules of data quality and scores of oddness on a file. */
import { writeFileSync } from 'node:fs';
import type { Rules } from '@weir/anomaly/quality/rules';
import { type Command, type CommandIo, UsageError } from '../output.ts';
import { openRows } from '../tables/row-blocks.ts';
import { shown } from '../tables/shown.ts';
import { listed } from '../tables/table.ts';
import { described } from '../tables/unreadable.ts';
import { checkRows } from './check/check-rows.ts';
import { jsonReport } from './check/json-report.ts';
import { junitOf, type ScoreCase } from './check/junit.ts';
import { EXCESS_LEVEL, HELP, OPTIONS, type Options, parseOptions } from './check/options.ts';
import { RowScores, type ScoreCounts } from './check/row-scores.ts';
import { countsText, textReport } from './check/text-report.ts';
import { type FileColumns, readColumns } from './rules/file-columns.ts';
import { rulesOf } from './rules/infer-from-file.ts';
import { readRules } from './rules/rules.ts';

export const check: Command = { help: HELP, options: OPTIONS, run };

async function run(args: readonly string[], io: CommandIo): Promise<number> {
  const options = parseOptions(args);
  const { current, json, junit, limit, allow, reading } = options;
  const { rules, scores } = await prepared(options, io);
  const source = await openRows(current, reading, {
    numbers: [...rules.numeric, ...rules.outputs].map(({ name }) => name),
    texts: rules.categorical.map(({ name }) => name),
  });
  const toReport = { path: current, scores: typeof scores === 'string' ? undefined : scores, out: io.out };
  const report = json ? jsonReport(toReport) : textReport(toReport, limit);
  const result = await checkRows(rules, source, report);
  for (const [column, tally] of source.unreadable) io.err(`weir: ${described(current, column, tally)}\n`);
  const counts = toReport.scores?.counts;
  report.end(result, counts);
  const isTooOdd = counts !== undefined && failsOn(options.scores?.failOn, counts);
  if (junit !== undefined) write(junit, junitOf(rules, result, scoreCase(scores, counts, isTooOdd)));
  return result.faults.length > 0 || result.violating > allow * result.rows || isTooOdd ? 1 : 0;
}

/** Rules, and scores where they are asked for: the reason, where there can be none. */
async function prepared(
  { from, scores: asked, reading }: Options,
  io: CommandIo,
): Promise<{ readonly rules: Rules; readonly scores: RowScores | string | undefined }> {
  if ('rules' in from) return { rules: readRules(from.rules), scores: undefined };
  const reference = outputsLast(await readColumns(from.reference, reading), asked?.outputs ?? []);
  const rules = rulesOf(reference);
  if (asked === undefined) return { rules, scores: undefined };
  const scores = RowScores.of(reference, rules, asked);
  if (typeof scores === 'string') {
    if (asked.failOn !== undefined) throw new UsageError(`--fail-on ${asked.failOn} needs scores: ${scores}`);
    io.err(`weir: no scores: ${scores}\n`);
  } else if (scores.dependence.isDependent)
    io.err(
      `weir: ${from.reference}: scores depend on those of the rows before (lag-1 rank autocorrelation ${scores.dependence.lagOne.toFixed(2)}): odd rows come in clusters, and p-values promise no rate of them; shuffle the file if the order of its rows means nothing\n`,
    );
  return { rules, scores };
}

/** In the order in which the detector has the numbers of an event. @throws {UsageError} naming an output that is no column of numbers */
function outputsLast(columns: FileColumns, outputs: readonly string[]): FileColumns {
  const { path, numbers } = columns;
  const strange = outputs.find((name) => !numbers.has(name));
  if (strange !== undefined)
    throw new UsageError(
      `--output is ${shown(strange)}; ${path} has the columns of numbers ${listed([...numbers.keys()])}`,
    );
  const isOutput = new Set(outputs);
  const features = [...numbers].filter(([name]) => !isOutput.has(name));
  return { ...columns, numbers: new Map([...features, ...[...numbers].filter(([name]) => isOutput.has(name))]) };
}

function failsOn(failOn: 'odd' | 'excess' | undefined, { odd, chance }: ScoreCounts): boolean {
  if (failOn === 'odd') return odd > 0;
  return failOn === 'excess' && odd > 0 && chance <= EXCESS_LEVEL;
}

function scoreCase(
  scores: RowScores | string | undefined,
  counts: ScoreCounts | undefined,
  isTooOdd: boolean,
): ScoreCase | undefined {
  if (typeof scores === 'string') return { text: scores, outcome: 'skipped' };
  return counts === undefined ? undefined : { text: countsText(counts), outcome: isTooOdd ? 'failed' : 'passed' };
}

function write(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    throw new UsageError(`cannot write ${path}: ${(error as NodeJS.ErrnoException).code ?? String(error)}`);
  }
}
