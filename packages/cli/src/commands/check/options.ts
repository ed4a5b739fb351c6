/** What `weir check` is told. */
import type { ParseArgsOptionsConfig } from 'node:util';
import { ANOMALY_DEFAULTS } from '@weir/anomaly-detector/config';
import { noWords, parseFlags } from '../../flags.ts';
import { UsageError } from '../../output.ts';
import { READING_FLAGS, READING_HELP, readingOf } from '../../tables/reading-flags.ts';
import { shown } from '../../tables/shown.ts';
import type { Reading } from '../../tables/table.ts';

const DEFAULT_ALPHA = 1 / ANOMALY_DEFAULTS.eventsPerAlarm;
const LEAST_ALPHA = 1e-6;
const LARGEST_ALPHA = 0.1;
/** Of as many odd rows under no change, from which on that is no chance. */
export const EXCESS_LEVEL = 0.01;

export const HELP: string = `weir check: which rows of a file break the rules of a reference, and which are odd

  weir check --rules RULES --current FILE       rules as weir rules infer wrote them and people edited them
  weir check --reference REF --current FILE     rules inferred from a file, and scores; the verdicts are those of the stream

  --json              one line of JSON for each violation (with "rule"; of a row, or with "file" of the file as a whole), each
                      row's score ("score", "pValue", "isOdd", of odd rows "features") and, at the end, each column and rule
                      ("summary") and the counts of odd rows ("scores")
  --junit FILE        a JUnit report: one test case for each column and one for the odd rows, for continuous integration
  --limit N           violations, and odd rows, shown one by one without --json (default 20)
  --allow SHARE       share of violating rows that is no failure (default 0)

Scores, with --reference: the anomaly detector's isolation forest learns the first ${ANOMALY_DEFAULTS.learnEvents} rows of REF that break no rule; the
scores of the next ${ANOMALY_DEFAULTS.heldOutEvents} are what rows of FILE are compared with. From a longer REF every second, third, … such row is taken,
from a shorter one about half for each, if that is enough for the level. REF is read in order: shuffle it if it is sorted. Each row is
compared with those of REF alone, never with others of FILE. A forest sees how soon a row stands apart and not how far: a number beyond all
that it has learnt makes a row odder, the more so the more columns are unusual with it, but no odder at −5,000,000 than at −50. A single
number out of range is what the rules find; a longer REF, or --alpha, makes the scores find more of them.
  --alpha P           rows with a p-value up to this are odd: at most so large a share of FILE under no change
                      (default ${DEFAULT_ALPHA}, as the detector; from ${LEAST_ALPHA} to ${LARGEST_ALPHA})
  --fail-on WHAT      odd: exit with 1 when a row is odd; excess: when more rows are odd than chance brings about in one of a
                      hundred files without a change (default: odd rows are told and do not fail)
  --model NAME        scores are bit for bit the detector's for the model of this name: the name is the forest's seed
  --output NAME       a column that is an output of the model, as the detector knows from its registration; may be repeated
  --no-scores         rules alone

${READING_HELP}
CSV, NDJSON and Parquet files, told apart by what they hold; both files are read alike. REF is held in memory, FILE is not.
Exit code 0 when the file keeps the rules, 1 when it does not or as --fail-on asks, 2 when a file or an argument cannot be
used, or when --fail-on asks for scores and REF has too few rows for them.
`;

const SPEC = {
  rules: { type: 'string' },
  reference: { type: 'string' },
  current: { type: 'string' },
  json: { type: 'boolean', default: false },
  junit: { type: 'string' },
  limit: { type: 'string', default: '20' },
  allow: { type: 'string', default: '0' },
  alpha: { type: 'string' },
  'fail-on': { type: 'string' },
  model: { type: 'string' },
  output: { type: 'string', multiple: true },
  'no-scores': { type: 'boolean' },
  ...READING_FLAGS,
} as const;
export const OPTIONS: ParseArgsOptionsConfig = SPEC;

export interface ScoreOptions {
  readonly alpha: number;
  readonly failOn: 'odd' | 'excess' | undefined;
  readonly model: string;
  /** Columns of numbers that are outputs of the model. */
  readonly outputs: readonly string[];
}

export interface Options {
  /** Rules from a file, or a file to infer them from. */
  readonly from: { readonly rules: string } | { readonly reference: string };
  readonly current: string;
  readonly json: boolean;
  readonly junit: string | undefined;
  readonly limit: number;
  readonly allow: number;
  /** Undefined where none are asked for. */
  readonly scores: ScoreOptions | undefined;
  readonly reading: Reading;
}

/** @throws {UsageError} naming the option, its value and its rule */
export function parseOptions(args: readonly string[]): Options {
  const { flags: values, words } = parseFlags('weir check', args, SPEC);
  noWords('weir check', words);
  const { rules, reference, current, json, junit } = values;
  if ((rules === undefined) === (reference === undefined))
    throw new UsageError('give one of --rules RULES and --reference REF; see weir check --help');
  if (current === undefined) throw new UsageError('--current FILE is needed; see weir check --help');
  const [limit, allow] = [Number(values.limit), Number(values.allow)];
  if (!Number.isInteger(limit) || limit < 0)
    throw new UsageError(`--limit is ${values.limit}; it must be a whole number of at least 0`);
  if (!(allow >= 0 && allow <= 1)) throw new UsageError(`--allow is ${values.allow}; it must be a share from 0 to 1`);
  const from = rules === undefined ? { reference: reference as string } : { rules };
  return { from, current, json, junit, limit, allow, scores: scoreOptions(values), reading: readingOf(values) };
}

interface ScoreFlags {
  readonly rules?: string | undefined;
  readonly alpha?: string | undefined;
  readonly 'fail-on'?: string | undefined;
  readonly model?: string | undefined;
  readonly output?: readonly string[] | undefined;
  readonly 'no-scores'?: boolean | undefined;
}

function scoreOptions(flags: ScoreFlags): ScoreOptions | undefined {
  const { rules, 'no-scores': isOff = false, 'fail-on': failOn, model = '', output: outputs = [] } = flags;
  if (rules !== undefined || isOff) {
    const idle = (['alpha', 'fail-on', 'model', 'output'] as const).find((name) => flags[name] !== undefined);
    if (idle !== undefined)
      throw new UsageError(`--${idle} is about scores; give it with --reference REF and without --no-scores`);
    return undefined;
  }
  if (failOn !== undefined && failOn !== 'odd' && failOn !== 'excess')
    throw new UsageError(`--fail-on is ${shown(failOn)}; it can be odd or excess`);
  const alpha = flags.alpha === undefined ? DEFAULT_ALPHA : Number(flags.alpha);
  if (!(alpha >= LEAST_ALPHA && alpha <= LARGEST_ALPHA))
    throw new UsageError(`--alpha is ${shown(flags.alpha)}; it must be from ${LEAST_ALPHA} to ${LARGEST_ALPHA}`);
  return { alpha, failOn, model, outputs };
}
