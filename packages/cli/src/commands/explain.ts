/** `weir explain`: the attributions that the explanation sampler would give, of the rows of a file. */
import { readFileSync } from 'node:fs';
import { ExplainError } from '@weir/explain/errors';
import type { Column, RowAnswer, Rows } from '@weir/explanation-sampler/explain-request';
import { prepare } from '@weir/explanation-sampler/models/exact';
import { type Model, parseModel } from '@weir/explanation-sampler/models/parse';
import { needed, noWords, parseFlags } from '../flags.ts';
import { type Command, type CommandIo, UsageError } from '../output.ts';
import { openTable } from '../tables/open.ts';
import { type Reading, requireColumns } from '../tables/table.ts';

const HELP = `weir explain --model FILE --data FILE [--background FILE] [--json]

Attributions of a model's answers, row by row, and the importance of its columns: the values that the explanation sampler gives.

  --model FILE        LightGBM text or JSON, XGBoost JSON, or what packages/explain/python/export_sklearn.py writes
  --data FILE         CSV, JSON lines or Parquet; features are found by name, dummies as column=value
  --background FILE   rows that attributions are relative to. Needed by linear models; tree models use their training counts
                      without it (the path-dependent game), which are other values
  --json              a line for each row, with base, prediction, the model's output and the attribution of each column

Exit codes: 0 done, 2 a file or an argument cannot be used.
`;

const OPTIONS = {
  model: { type: 'string' },
  data: { type: 'string' },
  background: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const;
const READING: Reading = { delimiter: undefined, header: true, decimalComma: false, missing: [] };

export const explain: Command = { help: HELP, run };

async function run(args: readonly string[], io: CommandIo): Promise<number> {
  const { flags, words } = parseFlags('weir explain', args, OPTIONS);
  noWords('weir explain', words);
  const modelFile = needed('--model', flags.model, 'the file of a model');
  const dataFile = needed('--data', flags.data, 'a file of rows');
  const model = usable(modelFile, () => parseModel(readFileSync(modelFile, 'utf8')));
  if (model.type === 'linear' && flags.background === undefined)
    throw new UsageError('--background is not given; a linear model needs rows that its attributions are relative to');
  const columns = await columnsOf(model, dataFile);
  const rows = await rowsOf(dataFile, columns);
  const background = flags.background === undefined ? EMPTY : await rowsOf(flags.background, columns);
  const treeGame = flags.background === undefined ? 'path-dependent' : 'interventional';
  const access = { kind: 'file', location: modelFile };
  const outputs = model.type === 'linear' ? model.linear.outputs : model.ensemble.outputs;
  const request = {
    access,
    columns,
    outputs,
    hash: '',
    treeGame,
    backgroundId: '',
    background,
    rows,
    seeds: [],
  } as const;
  const { encoder, explain: explainRow } = usable(modelFile, () => prepare(model, request));
  const sums = new Float64Array(columns.length);
  let explained = 0;
  let first: string | undefined;
  for (let index = 0; index < rows.count; index += 1) {
    const answer = explainRow(encoder.row(rows, index));
    if (flags.json) io.out(`${JSON.stringify(shownRow(index, columns, answer))}\n`);
    if ('error' in answer) {
      first ??= `row ${index + 1}: ${answer.error}`;
      continue;
    }
    explained += 1;
    for (const [at, value] of answer.attributions.entries()) sums[at] = (sums[at] as number) + Math.abs(value);
  }
  if (first !== undefined) io.err(`weir: ${rows.count - explained} rows are not explained; ${first}\n`);
  if (!flags.json) io.out(importance(columns, sums, explained, treeGame));
  return 0;
}

const EMPTY: Rows = { count: 0, numeric: new Float64Array(0), categorical: [] };

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

/** Columns of the file that the model's features name, numeric ones first. */
async function columnsOf(model: Model, file: string): Promise<readonly Column[]> {
  const { featureNames } = model.type === 'linear' ? model.linear : model.ensemble;
  const names = new Set((await openTable(file, READING)).columns.map(({ name }) => name));
  const numeric = featureNames.filter((name) => names.has(name));
  const categorical = featureNames.flatMap((name) => {
    if (names.has(name)) return [];
    const column = name.slice(0, name.lastIndexOf('='));
    if (!names.has(column)) requireColumns(file, [...names], [name]);
    return column;
  });
  return [
    ...numeric.map((name): Column => ({ name, type: 'numeric' })),
    ...[...new Set(categorical)].map((name): Column => ({ name, type: 'categorical' })),
  ];
}

async function rowsOf(file: string, columns: readonly Column[]): Promise<Rows> {
  const named = (type: Column['type']): string[] =>
    columns.filter((each) => each.type === type).map(({ name }) => name);
  const [numbers, texts] = [named('numeric'), named('categorical')];
  const numeric: number[] = [];
  const categorical: (string | null)[][] = [];
  let count = 0;
  if (numbers.length > 0)
    for await (const piece of (await openTable(file, READING)).pieces(numbers)) {
      const cells = numbers.map((name) => piece.columns.get(name));
      for (let row = 0; row < piece.rows; row += 1) for (const each of cells) numeric.push(Number(each?.[row]));
      count += piece.rows;
    }
  if (texts.length > 0)
    for await (const piece of (await openTable(file, READING)).texts(texts)) {
      const cells = texts.map((name) => piece.columns.get(name));
      for (let row = 0; row < piece.rows; row += 1) categorical.push(cells.map((each) => each?.[row] ?? null));
    }
  return { count: Math.max(count, categorical.length), numeric: Float64Array.from(numeric), categorical };
}

function shownRow(index: number, columns: readonly Column[], answer: RowAnswer): object {
  if ('error' in answer) return { row: index + 1, error: answer.error };
  const { game, base, prediction, output, attributions } = answer;
  const byColumn = Object.fromEntries(columns.map(({ name }, at) => [name, attributions[at]]));
  return { row: index + 1, game, base, prediction, output, attributions: byColumn };
}

function importance(columns: readonly Column[], sums: Float64Array, rows: number, game: string): string {
  const width = Math.max(...columns.map(({ name }) => name.length));
  const lines = columns
    .map(({ name }, at) => ({ name, mean: (sums[at] as number) / Math.max(1, rows) }))
    .sort((a, b) => b.mean - a.mean)
    .map(({ name, mean }) => `  ${name.padEnd(width)}  ${mean.toPrecision(4)}`);
  return `mean size of the attributions over ${rows} rows (${game})\n${lines.join('\n')}\n`;
}
