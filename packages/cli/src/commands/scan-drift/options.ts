import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { EVALUATION_DEFAULTS, type EvaluationRule } from '@weir/drift/evaluation';
import { parseFault } from '../../flags.ts';
import { UsageError } from '../../output.ts';
import { READING_FLAGS, readingOf } from '../../tables/reading-flags.ts';
import { shown } from '../../tables/shown.ts';
import type { Reading } from '../../tables/table.ts';

export const DEFAULT_WINDOW = 1_000;
export const DEFAULT_ALPHA = 0.01;

export interface Options {
  readonly reference: string;
  readonly current: string;
  readonly columns: readonly string[];
  readonly window: number;
  readonly every: number;
  /** When the windows raise and resolve, as in a service. */
  readonly rule: EvaluationRule;
  /** Of the whole files: chance that any column is said to have drifted though none has. */
  readonly alpha: number;
  readonly json: boolean;
  readonly html: string | undefined;
  readonly failOnDrift: boolean;
  readonly quiet: boolean;
  readonly reading: Reading;
}

const SPEC = {
  reference: { type: 'string' },
  current: { type: 'string' },
  column: { type: 'string', multiple: true },
  window: { type: 'string' },
  every: { type: 'string' },
  alpha: { type: 'string' },
  'min-effect': { type: 'string' },
  'resolve-share': { type: 'string' },
  'readings-per-false-alarm': { type: 'string' },
  json: { type: 'boolean' },
  html: { type: 'string' },
  'fail-on': { type: 'string' },
  quiet: { type: 'boolean' },
  ...READING_FLAGS,
} as const;
export const OPTIONS: ParseArgsOptionsConfig = SPEC;

/** @throws {UsageError} naming the option, its value and its rule. */
export function parseOptions(args: readonly string[]): Options {
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
  if (values['fail-on'] !== undefined && values['fail-on'] !== 'drift')
    throw new UsageError(`--fail-on is ${shown(values['fail-on'])}; it can be drift`);
  const window = count('--window', values.window, DEFAULT_WINDOW);
  const { minEffect, resolveShare, readingsPerFalseAlarm } = EVALUATION_DEFAULTS;
  return {
    reference: values.reference,
    current: values.current,
    columns: several.column,
    window,
    every: count('--every', values.every, window),
    rule: {
      minEffect: number('--min-effect', values['min-effect'], minEffect, MIN_EFFECT),
      resolveShare: number('--resolve-share', values['resolve-share'], resolveShare, RESOLVE_SHARE),
      readingsPerFalseAlarm: number(
        '--readings-per-false-alarm',
        values['readings-per-false-alarm'],
        readingsPerFalseAlarm,
        READINGS,
      ),
    },
    alpha: number('--alpha', values.alpha, DEFAULT_ALPHA, ALPHA),
    json: values.json ?? false,
    html: values.html,
    failOnDrift: values['fail-on'] === 'drift',
    quiet: values.quiet ?? false,
    reading: readingOf({ ...values, missing: several.missing }),
  };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: SPEC, allowPositionals: true, tokens: true });
  } catch (error) {
    throw new UsageError(`${parseFault(error)}; see weir scan drift --help`);
  }
}

function count(name: string, text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 1e8)
    throw new UsageError(`${name} is ${JSON.stringify(text)}; it must be a whole number from 1 to 100000000`);
  return value;
}

interface Range {
  readonly said: string;
  readonly holds: (value: number) => boolean;
}
const MIN_EFFECT: Range = { said: 'at least 0 and below 1', holds: (value) => value >= 0 && value < 1 };
const RESOLVE_SHARE: Range = { said: 'above 0 and at most 1', holds: (value) => value > 0 && value <= 1 };
const READINGS: Range = { said: 'from 10 to 1e15', holds: (value) => value >= 10 && value <= 1e15 };
const ALPHA: Range = { said: 'above 0 and below 1', holds: (value) => value > 0 && value < 1 };

function number(name: string, text: string | undefined, fallback: number, { said, holds }: Range): number {
  if (text === undefined) return fallback;
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (!holds(value)) throw new UsageError(`${name} is ${JSON.stringify(text)}; it must be a number ${said}`);
  return value;
}
