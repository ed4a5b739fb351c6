import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { explain } from '../src/commands/explain.ts';

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

test('importance is the mean size, largest first', async () => {
  const { out } = await run(...FILES(), '--background', path('background.csv'));
  expect(out).toBe(
    'mean size of the attributions over 2 rows (interventional)\n  colour  5.000\n  x       2.000\n  y       2.000\n',
  );
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
