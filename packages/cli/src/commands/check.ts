/** `weir check`: rules of data quality on a file. */
import { writeFileSync } from 'node:fs';
import { noWords, parseFlags } from '../flags.ts';
import { type Command, type CommandIo, UsageError } from '../output.ts';
import { READING_FLAGS, READING_HELP, readingOf } from '../tables/reading-flags.ts';
import type { Reading } from '../tables/table.ts';
import { type CheckResult, checkRows } from './rules/check-rows.ts';
import { readColumns } from './rules/file-columns.ts';
import { rulesOf } from './rules/infer-from-file.ts';
import { junitOf } from './rules/junit.ts';
import { readRules } from './rules/rules.ts';

const HELP = `weir check: which rows of a file break the rules of a reference

  weir check --rules RULES --current FILE       rules as weir rules infer wrote them and people edited them
  weir check --reference REF --current FILE     rules inferred from a file; the verdicts are those of the stream

  --json              one line of JSON for each violation, then one for each column and rule
  --junit FILE        a JUnit report: one test case for each column, for continuous integration
  --limit N           violations shown one by one without --json (default 20)
  --allow SHARE       share of violating rows that is no failure (default 0)

${READING_HELP}
CSV, NDJSON and Parquet files, told apart by what they hold; both files are read alike.
Exit code 0 when the file keeps the rules, 1 when it does not, 2 when a file or an argument cannot be used.
`;

const DEFAULT_LIMIT = 20;
const OPTIONS = {
  rules: { type: 'string' },
  reference: { type: 'string' },
  current: { type: 'string' },
  json: { type: 'boolean', default: false },
  junit: { type: 'string' },
  limit: { type: 'string', default: String(DEFAULT_LIMIT) },
  allow: { type: 'string', default: '0' },
  ...READING_FLAGS,
} as const;

export const check: Command = { help: HELP, options: OPTIONS, run };

interface Options {
  readonly rules: string | undefined;
  readonly reference: string | undefined;
  readonly current: string;
  readonly json: boolean;
  readonly junit: string | undefined;
  readonly limit: number;
  readonly allow: number;
  readonly reading: Reading;
}

async function run(args: readonly string[], io: CommandIo): Promise<number> {
  const { rules: rulesPath, reference, current, json, junit, limit, allow, reading } = parseOptions(args);
  const rules =
    rulesPath === undefined ? rulesOf(await readColumns(reference as string, reading)) : readRules(rulesPath);
  const file = await readColumns(current, reading, {
    numbers: [...rules.numeric, ...rules.outputs].map(({ name }) => name),
    texts: rules.categorical.map(({ name }) => name),
  });
  let told = 0;
  const result = checkRows(rules, file, (row, { rule, field, observed, bound }) => {
    told += 1;
    if (json) io.out(`${JSON.stringify({ row, rule, field, observed, bound })}\n`);
    else if (told <= limit) io.out(`row ${row}: ${rule}: ${field} is ${observed}, the rule allows ${bound}\n`);
  });
  if (!json && told > limit) io.out(`and ${told - limit} more; --json shows all\n`);
  for (const [column, { count }] of file.unreadable)
    io.err(`weir: ${current}: ${count} cells of ${column} are no numbers and count as missing\n`);
  summarise(result, json, io);
  if (junit !== undefined) write(junit, junitOf(rules, result));
  const isMissingColumn = result.summaries.some(({ rule }) => rule === 'SCHEMA_MISSING_FIELD');
  return isMissingColumn || result.violating > allow * result.rows ? 1 : 0;
}

function summarise({ rows, violating, summaries }: CheckResult, json: boolean, io: CommandIo): void {
  for (const each of summaries) {
    const { column, rule, rows: count, first } = each;
    if (json) io.out(`${JSON.stringify({ summary: each, share: count / Math.max(1, rows) })}\n`);
    else io.out(`${column}: ${rule} in ${count} of ${rows} rows, first in row ${first.row}: ${first.observed}\n`);
  }
  if (!json) io.out(`${violating} of ${rows} rows break a rule\n`);
}

function write(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    throw new UsageError(`cannot write ${path}: ${(error as NodeJS.ErrnoException).code ?? String(error)}`);
  }
}

function parseOptions(args: readonly string[]): Options {
  const { flags: values, words } = parseFlags('weir check', args, OPTIONS);
  noWords('weir check', words);
  const { rules, reference, current, json, junit } = values;
  if ((rules === undefined) === (reference === undefined))
    throw new UsageError('give one of --rules RULES and --reference REF; see weir check --help');
  if (current === undefined) throw new UsageError('--current FILE is needed; see weir check --help');
  const [limit, allow] = [Number(values.limit), Number(values.allow)];
  if (!Number.isInteger(limit) || limit < 0)
    throw new UsageError(`--limit is ${values.limit}; it must be a whole number of at least 0`);
  if (!(allow >= 0 && allow <= 1)) throw new UsageError(`--allow is ${values.allow}; it must be a share from 0 to 1`);
  return { rules, reference, current, json, junit, limit, allow, reading: readingOf(values) };
}
