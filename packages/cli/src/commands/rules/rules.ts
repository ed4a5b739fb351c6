/** `weir rules`: rules of data quality as a file that people read and edit. */
import { readFileSync } from 'node:fs';
import { AnomalyError } from '@weir/anomaly/anomaly-error';
import { jsonSchemaOf } from '@weir/anomaly/quality/json-schema';
import { lintRules, parseRules } from '@weir/anomaly/quality/lint';
import type { Rules } from '@weir/anomaly/quality/rules';
import { noWords, parseFlags } from '../../flags.ts';
import { type Command, type CommandIo, UsageError } from '../../output.ts';
import { READING_FLAGS, READING_HELP, readingOf } from '../../tables/reading-flags.ts';
import { shown } from '../../tables/shown.ts';
import { readColumns } from './file-columns.ts';
import { rulesOf } from './infer-from-file.ts';
import { rulesText } from './rules-text.ts';

const HELP = `weir rules: rules of data quality, inferred from a reference and made to be edited

  weir rules infer --reference FILE   rules of a CSV, NDJSON or Parquet file, as JSON on standard output
  weir rules lint RULES               every fault of an edited rule file, with field, value and rule
  weir rules show RULES               the rules for people, every bound with its reason
  weir rules schema RULES             the rules on single values as JSON Schema 2020-12

Options of infer:
${READING_HELP}
Exit code 0, 1 when lint finds a fault, 2 when a file or an argument cannot be used.
`;

const OPTIONS = { reference: { type: 'string' }, ...READING_FLAGS } as const;

export const rules: Command = { help: HELP, options: OPTIONS, run };

const SUBCOMMANDS = ['infer', 'lint', 'show', 'schema'];

async function run(args: readonly string[], io: CommandIo): Promise<number> {
  const [name = '', ...rest] = args;
  if (!SUBCOMMANDS.includes(name))
    throw new UsageError(`weir rules ${shown(name)}: it is one of ${SUBCOMMANDS.join(', ')}; see weir rules --help`);
  if (name === 'infer') return await infer(rest, io);
  const [path, ...more] = rest;
  if (path === undefined || more.length > 0) throw new UsageError(`weir rules ${name} takes one rule file`);
  if (name === 'lint') return lint(path, io);
  const found = readRules(path);
  io.out(name === 'show' ? rulesText(found) : `${JSON.stringify(jsonSchemaOf(found), null, 2)}\n`);
  return 0;
}

async function infer(args: readonly string[], io: CommandIo): Promise<number> {
  const { flags, words } = parseFlags('weir rules', args, OPTIONS);
  noWords('weir rules', words);
  const { reference } = flags;
  if (reference === undefined) throw new UsageError('--reference FILE is needed; see weir rules --help');
  io.out(`${JSON.stringify(rulesOf(await readColumns(reference, readingOf(flags))), null, 2)}\n`);
  return 0;
}

function lint(path: string, io: CommandIo): number {
  let found: unknown;
  try {
    found = JSON.parse(textOf(path));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${path} is not JSON: ${(error as Error).message}`);
  }
  const faults = lintRules(found);
  for (const { field, value, rule } of faults) io.out(`${field} is ${JSON.stringify(value) ?? 'absent'}; ${rule}\n`);
  if (faults.length === 0) io.out(`${path}: no fault\n`);
  return faults.length === 0 ? 0 : 1;
}

/** @throws {UsageError} naming every fault of the file */
export function readRules(path: string): Rules {
  try {
    return parseRules(textOf(path));
  } catch (error) {
    if (error instanceof AnomalyError) throw new UsageError(`${path}: ${error.message}`);
    throw error;
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`cannot read ${path}: ${(error as NodeJS.ErrnoException).code ?? String(error)}`);
  }
}
