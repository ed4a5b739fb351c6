import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeAnswers, encodeLoad, encodeRequest } from '@weir/explanation-sampler/explain-request';
import { ModelHost } from '@weir/explanation-sampler/models/model-host';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readGolden, rowsOf } from '../../explain/test/golden.ts';
import { explain } from '../src/commands/explain/explain.ts';

let folder: string;
const path = (name: string): string => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'weir-'));
  const model = {
    format: 'weir.sklearn-linear/1',
    features: 3,
    feature_names: ['x', 'y', 'colour=red'],
    link: 'identity',
    weights: [[2, -1, 10]],
    intercepts: [1],
  };
  writeFileSync(path('model.json'), JSON.stringify(model));
  writeFileSync(path('data.csv'), 'y,colour,x\n4,red,3\n0,blue,\n0,blue,1\n');
  writeFileSync(path('background.csv'), 'x,y,colour\n0,0,red\n2,2,blue\n');
  writeFileSync(path('other.csv'), 'x,colour\n0,red\n');
});
afterAll(() => rmSync(folder, { recursive: true }));

async function run(...args: readonly string[]): Promise<{ readonly out: string; readonly err: string }> {
  const said = { out: '', err: '' };
  const io = {
    out: (text: string) => void (said.out += text),
    err: (text: string) => void (said.err += text),
    interactive: false,
  };
  expect(await explain.run(args, io)).toBe(0);
  return said;
}

const FILES = (): string[] => ['--model', path('model.json'), '--data', path('data.csv')];

test('rows are explained against the background, columns found by name and dummies by value', async () => {
  const { out, err } = await run(...FILES(), '--background', path('background.csv'), '--json');
  const lines = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as object);
  // Means: x 1, y 1, colour=red 1/2.
  expect(lines[0]).toEqual({
    row: 1,
    game: 'interventional-raw',
    base: 7,
    prediction: 13,
    output: 13,
    attributions: { x: 4, y: -3, colour: 5 },
  });
  expect(lines[1]).toMatchObject({ row: 2, error: expect.stringContaining('missing') });
  expect(err).toMatch(/1 rows are not explained; row 2/);
});

test('columns with spaces, for which LightGBM writes underscores, keep their names', async () => {
  const model = JSON.parse(readFileSync(path('model.json'), 'utf8')) as object;
  writeFileSync(path('spaces.json'), JSON.stringify({ ...model, feature_names: ['mean_x', 'y', 'hair_colour=red'] }));
  writeFileSync(path('spaces.csv'), 'mean x,y,hair colour\n0,0,red\n2,2,blue\n');
  const files = ['--model', path('spaces.json'), '--data', path('spaces.csv'), '--background', path('spaces.csv')];
  const { out } = await run(...files, '--json');
  expect(JSON.parse(out.split('\n')[0] as string)).toMatchObject({
    attributions: { 'mean x': -2, y: 1, 'hair colour': 5 },
  });
});

test('importance is the mean size, largest first', async () => {
  const { out } = await run(...FILES(), '--background', path('background.csv'));
  expect(out).toBe(
    'mean size of the attributions over 2 rows (interventional)\n  colour  5.000\n  x       2.000\n  y       2.000\n',
  );
});

test('as Parquet, with the reason of a row that is not explained', async () => {
  const file = path('explained.parquet');
  const { err } = await run(...FILES(), '--background', path('background.csv'), '--parquet', file);
  expect(err).toMatch(/1 rows are not explained; row 2/);
  const rows = await parquetReadObjects({ file: await asyncBufferFromFile(file) });
  expect(rows).toHaveLength(3);
  expect(rows[0]).toEqual({
    row: 1,
    error: null,
    game: 'interventional-raw',
    base: 7,
    prediction: 13,
    output: 13,
    attribution_x: 4,
    attribution_y: -3,
    attribution_colour: 5,
  });
  expect(rows[1]).toMatchObject({ row: 2, error: expect.stringContaining('missing'), base: null, attribution_x: null });
  await expect(
    run(...FILES(), '--background', path('background.csv'), '--parquet', path('none/x.parquet')),
  ).rejects.toThrow(/cannot be written \(ENOENT\)/);
  expect(readdirSync(folder).filter((name) => name.endsWith('.partial'))).toEqual([]);
});

test('the same bits as the service gives, with and without a background', async () => {
  const golden = readGolden<{ text: string; rows: (number | null)[][] }>('lightgbm').models[0]!;
  const rows = rowsOf(golden.rows);
  const features = rows[0]!.length;
  const names = Array.from({ length: features }, (_, at) => `Column_${at}`);
  const columns = names.map((name) => ({ name, type: 'numeric' as const }));
  writeFileSync(path('lightgbm.txt'), golden.text);
  const shown = rows.map((row) => Array.from(row, (value) => (Number.isNaN(value) ? '' : value)).join(','));
  writeFileSync(path('golden.csv'), `${[names.join(','), ...shown].join('\n')}\n`);
  const numeric = Float64Array.from(rows.flatMap((row) => [...row]));
  const table = { count: rows.length, numeric, categorical: rows.map(() => []) };
  const host = new ModelHost({ directory: folder, maxBytes: 1e8, urls: [] });
  for (const treeGame of ['interventional', 'path-dependent'] as const) {
    const load = { access: { kind: 'file', location: 'lightgbm.txt' }, columns, outputs: 1 };
    const { hash } = JSON.parse(Buffer.from(await host.load(encodeLoad(load))).toString()) as { hash: string };
    const seeds = rows.map(() => '');
    const asked = {
      ...load,
      hash,
      treeGame,
      remoteExplainer: 'kernel' as const,
      backgroundId: treeGame,
      background: table,
      rows: table,
      seeds,
    };
    const expected = decodeAnswers(await host.explain(encodeRequest(asked)));
    const file = path(`${treeGame}.parquet`);
    const background = treeGame === 'interventional' ? ['--background', path('golden.csv')] : [];
    await run('--model', path('lightgbm.txt'), '--data', path('golden.csv'), ...background, '--parquet', file);
    const written = await parquetReadObjects({ file: await asyncBufferFromFile(file) });
    expect(written).toHaveLength(rows.length);
    for (const [at, answer] of expected.entries()) {
      if ('error' in answer) throw new Error(answer.error);
      expect(names.map((name) => written[at]![`attribution_${name}`])).toEqual([...answer.attributions]);
      expect(written[at]).toMatchObject({ game: answer.game, base: answer.base, prediction: answer.prediction });
    }
  }
});

test('what cannot be used is named', async () => {
  await expect(run(...FILES())).rejects.toThrow(/--background is not given; a linear model needs rows/);
  await expect(run('--data', path('data.csv'))).rejects.toThrow(/--model is not given/);
  await expect(run('--model', path('none'), '--data', path('data.csv'))).rejects.toThrow(/does not exist/);
  await expect(run('--model', path('data.csv'), '--data', path('data.csv'))).rejects.toThrow(
    /the model begins with "y,colour/,
  );
  const other = ['--model', path('model.json'), '--data', path('other.csv'), '--background', path('other.csv')];
  await expect(run(...other)).rejects.toThrow(/has no column "y"/);
});

test('values of pandas categories are read as the model knows them, by its text and by its dump', async () => {
  interface Pandas {
    readonly text: string;
    readonly dump: object;
    readonly features: readonly string[];
    readonly rows: readonly Readonly<Record<string, string | number | boolean | null>>[];
    readonly contributions: readonly (readonly number[])[];
  }
  const golden = JSON.parse(
    readFileSync(new URL('../../explain/test/golden/lightgbm-pandas.json', import.meta.url), 'utf8'),
  ) as Pandas;
  const cell = (value: string | number | boolean | null | undefined): string =>
    value === true ? 'True' : value === false ? 'False' : `${value ?? ''}`;
  const lines = golden.rows.map((row) => golden.features.map((name) => cell(row[name])).join(','));
  writeFileSync(path('pandas.csv'), `${[golden.features.join(','), ...lines].join('\n')}\n`);
  writeFileSync(path('pandas.txt'), golden.text);
  writeFileSync(path('pandas.json'), JSON.stringify(golden.dump));
  for (const model of ['pandas.txt', 'pandas.json']) {
    const { out } = await run('--model', path(model), '--data', path('pandas.csv'), '--json');
    for (const [at, line] of out.trim().split('\n').entries()) {
      const { attributions, base } = JSON.parse(line) as {
        readonly attributions: Readonly<Record<string, number>>;
        readonly base: number;
      };
      const expected = golden.contributions[at] ?? [];
      expect(base).toBeCloseTo(expected.at(-1) ?? Number.NaN, 11);
      for (const [j, name] of golden.features.entries())
        expect(attributions[name]).toBeCloseTo(expected[j] ?? Number.NaN, 11);
    }
  }
});

test('text where the model takes a number is refused, not taken for missing', async () => {
  writeFileSync(path('words.csv'), 'x,y,colour\n1,high,red\n');
  await expect(
    run('--model', path('model.json'), '--data', path('words.csv'), '--background', path('background.csv')),
  ).rejects.toThrow(/column y has 1 cells that are no numbers, the first "high" in row 1/);
});

test('any output of a model with several is explained, and which one is said', async () => {
  const several = {
    format: 'weir.sklearn-linear/1',
    features: 2,
    feature_names: ['x', 'y'],
    link: 'softmax',
    weights: [
      [1, 0],
      [0, 3],
      [5, 5],
    ],
    intercepts: [0, 1, 2],
  };
  writeFileSync(path('several.json'), JSON.stringify(several));
  writeFileSync(path('points.csv'), 'x,y\n2,1\n0,0\n');
  const files = ['--model', path('several.json'), '--data', path('points.csv'), '--background', path('points.csv')];
  const lines = (await run(...files, '--output', '2', '--json')).out.trim().split('\n');
  // Means: x 1, y 1/2.
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ base: 2.5, prediction: 4, attributions: { x: 0, y: 1.5 } });
  expect((await run(...files, '--output', '3')).out).toMatch(/output 3 of 3/);
  await expect(run(...files, '--output', '4')).rejects.toThrow(
    /--output is "4"; the model has 3, so give a whole number from 1 to 3/,
  );
});

test('the gap between groups of a column of the data is split between columns, without small groups', async () => {
  const lines = Array.from({ length: 101 }, (_, at) => {
    const group = at === 100 ? 'few' : at % 2 === 0 ? 'F' : 'M';
    return `${at % 5},${group === 'F' ? 3 : 1},${at % 3 === 0 ? 'red' : 'blue'},${group}`;
  });
  writeFileSync(path('grouped.csv'), `x,y,colour,sex\n${lines.join('\n')}\n`);
  const files = ['--model', path('model.json'), '--data', path('grouped.csv'), '--background', path('grouped.csv')];
  const { out } = await run(...files, '--gap', 'sex');
  // y has weight −1 and is larger by 2; x is alike to the last digit.
  const [, women] = /sex=F, 50 rows: (.*?)\n {2}sex=M/s.exec(out) ?? [];
  expect(women).toMatch(/ y {2}-2\.000 \[-2\.000, -2\.000\]/);
  expect(women).toMatch(/ x {2}-?0\.000|e-1\d/);
  expect(out).toMatch(/1 smaller groups are left out/);
  expect(out).not.toMatch(/sex=few/);
  await expect(run(...files, '--gap', 'race')).rejects.toThrow(/has no column "race"/);
  await expect(run(...files, '--gap', 'sex', '--json')).rejects.toThrow(/give one of them/);
});
