/** `weir explain`: the attributions that the explanation sampler would give, of the rows of a file. */
import { readFileSync } from 'node:fs';
import { ExplainError } from '@weir/explain/errors';
import type { Column, RowAnswer, Rows } from '@weir/explanation-sampler/explain-request';
import { prepare } from '@weir/explanation-sampler/models/exact';
import { parseModel } from '@weir/explanation-sampler/models/parse';
import { needed, noWords, parseFlags } from '../../flags.ts';
import { type Command, type CommandIo, UsageError } from '../../output.ts';
import { READING_FLAGS, READING_HELP, readingOf } from '../../tables/reading-flags.ts';
import { columnsOf, rowsOf } from './file-rows.ts';
import { writeParquet } from './parquet.ts';

const HELP = `weir explain --model FILE --data FILE [--background FILE] [--output K] [--json] [--parquet FILE]

Attributions of a model's answers, row by row, and the importance of its columns: the values that the explanation sampler gives.

  --model FILE        LightGBM text or JSON, XGBoost JSON, or what packages/explain/python/export_sklearn.py writes
  --data FILE         CSV, JSON lines or Parquet; features are found by name, dummies as column=value
  --background FILE   rows that attributions are relative to. Needed by linear models; tree models use their training counts
                      without it (the path-dependent game), which are other values
  --output K          output that is explained, from 1; 1 without it. Of a classifier with an output for each class these are its classes
                      in order
  --json              a line for each row, with base, prediction, the model's output and the attribution of each column
  --parquet FILE      the same as a Parquet file: row, error, game, base, prediction, output and an attribution_COLUMN for each
                      column; numbers are null in a row that has an error
${READING_HELP}
Exit codes: 0 done, 2 a file or an argument cannot be used.
`;

const OPTIONS = {
  model: { type: 'string' },
  data: { type: 'string' },
  background: { type: 'string' },
  output: { type: 'string' },
  json: { type: 'boolean', default: false },
  parquet: { type: 'string' },
  ...READING_FLAGS,
} as const;

export const explain: Command = { help: HELP, options: OPTIONS, run };

async function run(args: readonly string[], io: CommandIo): Promise<number> {
  const { flags, words } = parseFlags('weir explain', args, OPTIONS);
  noWords('weir explain', words);
  const reading = readingOf(flags);
  const modelFile = needed('--model', flags.model, 'the file of a model');
  const dataFile = needed('--data', flags.data, 'a file of rows');
  const model = usable(modelFile, () => parseModel(readFileSync(modelFile, 'utf8')));
  if (model.type === 'linear' && flags.background === undefined)
    throw new UsageError('--background is not given; a linear model needs rows that its attributions are relative to');
  const columns = await columnsOf(model, dataFile, reading);
  const rows = await rowsOf(dataFile, columns, reading);
  const background = flags.background === undefined ? EMPTY : await rowsOf(flags.background, columns, reading);
  const treeGame = flags.background === undefined ? 'path-dependent' : 'interventional';
  const access = { kind: 'file', location: modelFile };
  const outputs = model.type === 'linear' ? model.linear.outputs : model.ensemble.outputs;
  const output = outputOf(flags.output, outputs);
  const request = {
    access,
    columns,
    outputs,
    hash: '',
    treeGame,
    remoteExplainer: 'kernel',
    backgroundId: '',
    background,
    rows,
    seeds: [],
  } as const;
  const { encoder, explain: explainRow } = usable(modelFile, () => prepare(model, request, output - 1));
  const answers = Array.from({ length: rows.count }, (_, index) => explainRow(encoder.row(rows, index)));
  if (flags.json)
    for (const [index, answer] of answers.entries()) io.out(`${JSON.stringify(shownRow(index, columns, answer))}\n`);
  if (flags.parquet !== undefined)
    writeParquet(needed('--parquet', flags.parquet, 'a file to write'), columns, answers);
  const failed = answers.findIndex((answer) => 'error' in answer);
  const explained = answers.flatMap((answer) => ('error' in answer ? [] : [answer]));
  const failure = answers[failed];
  if (failure !== undefined && 'error' in failure)
    io.err(`weir: ${rows.count - explained.length} rows are not explained; row ${failed + 1}: ${failure.error}\n`);
  if (!flags.json)
    io.out(importance(columns, explained, outputs === 1 ? treeGame : `${treeGame}, output ${output} of ${outputs}`));
  return 0;
}

const EMPTY: Rows = { count: 0, numeric: new Float64Array(0), categorical: [] };

/** From 1. */
function outputOf(given: string | undefined, outputs: number): number {
  const output = Number(given ?? 1);
  if (Number.isInteger(output) && output >= 1 && output <= outputs) return output;
  throw new UsageError(
    `--output is ${JSON.stringify(given)}; the model has ${outputs}, so give a whole number from 1 to ${outputs}`,
  );
}

function usable<Value>(file: string, make: () => Value): Value {
  try {
    return make();
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (isMissing) throw new UsageError(`${file} does not exist; correct the path`);
    if (error instanceof ExplainError) throw new UsageError(`${file}: ${error.message}`);
    throw error;
  }
}

function shownRow(index: number, columns: readonly Column[], answer: RowAnswer): object {
  if ('error' in answer) return { row: index + 1, error: answer.error };
  const { game, base, prediction, output, attributions } = answer;
  const byColumn = Object.fromEntries(columns.map(({ name }, at) => [name, attributions[at]]));
  return { row: index + 1, game, base, prediction, output, attributions: byColumn };
}

function importance(
  columns: readonly Column[],
  explained: readonly Exclude<RowAnswer, { readonly error: string }>[],
  game: string,
): string {
  const width = Math.max(...columns.map(({ name }) => name.length));
  const lines = columns
    .map(({ name }, at) => {
      let sum = 0;
      for (const { attributions } of explained) sum += Math.abs(attributions[at] as number);
      return { name, mean: sum / Math.max(1, explained.length) };
    })
    .sort((a, b) => b.mean - a.mean)
    .map(({ name, mean }) => `  ${name.padEnd(width)}  ${mean.toPrecision(4)}`);
  return `mean size of the attributions over ${explained.length} rows (${game})\n${lines.join('\n')}\n`;
}
