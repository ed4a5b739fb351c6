import { expect, test } from 'vitest';
import { allocate, drawDesign, layerPairs } from '../src/kernel/coalitions.ts';
import { KernelExplainer } from '../src/kernel/kernel-explainer.ts';
import type { KernelOptions } from '../src/kernel/kernel-options.ts';
import { playersOf } from '../src/model/players.ts';
import { normalCdf, normalQuantile, studentQuantile } from '../src/normal.ts';
import { shapleyByEnumeration } from './enumeration.ts';
import { largestDifference } from './golden.ts';
import { normalDraw, seeded } from './random.ts';

const model = (x: ArrayLike<number>): number =>
  x[0]! + 2 * x[1]! * x[2]! + Math.sin(3 * x[3]!) * x[4]! + Math.max(0, x[5]! + x[6]!) - 0.5 * x[7]!;
const M = 8;
const uniform = seeded(7);
const draw = (): Float64Array => Float64Array.from({ length: M }, () => normalDraw(uniform));
const background = Array.from({ length: 60 }, draw);
const players = playersOf(Array.from({ length: M }, (_, j) => `f${j}`));

function exact(row: Float64Array): Float64Array {
  return shapleyByEnumeration(M, (coalition) => {
    let sum = 0;
    for (const other of background) sum += model(row.map((x, j) => (((coalition >> j) & 1) === 1 ? x : other[j]!)));
    return sum / background.length;
  });
}

function explainerOf(row: Float64Array, rest: Partial<KernelOptions>, seed: number): KernelExplainer {
  const options = {
    row,
    prediction: model(row),
    background,
    backgroundPredictions: background.map(model),
    players,
    maxCoalitions: 254,
    rowsPerPair: 'all' as const,
  };
  return new KernelExplainer({ ...options, ...rest }, seeded(seed));
}

function run(explainer: KernelExplainer): ReturnType<KernelExplainer['result']> {
  for (let rows = explainer.next(); rows !== undefined; rows = explainer.next()) explainer.accept(rows.map(model));
  return explainer.result();
}

test('with every coalition and every background row the attributions are exact, and their intervals have no width', () => {
  const row = draw();
  const found = run(explainerOf(row, {}, 1));
  expect(largestDifference(found.attributions, exact(row))).toBeLessThanOrEqual(1e-10);
  for (const [low, high] of found.intervals) expect(high - low).toBeLessThanOrEqual(1e-9);
  expect(found.flags).toEqual([]);
});

test('attributions add up to the prediction to 1e-9 and are finite at every budget', () => {
  for (let coalitions = 2; coalitions <= 64; coalitions += 2) {
    const row = draw();
    const { attributions, baseValue } = run(
      explainerOf(row, { maxCoalitions: coalitions, rowsPerPair: 3 }, coalitions),
    );
    const sum = attributions.reduce((a, b) => a + b, baseValue);
    expect(Math.abs(sum - model(row))).toBeLessThanOrEqual(1e-9);
  }
});

test('fewer coalitions than unknowns are flagged, with infinite intervals', () => {
  const found = run(explainerOf(draw(), { maxCoalitions: 8 }, 3));
  expect(found.flags).toContain('ridge');
  expect(found.intervals.every(([low, high]) => high - low === Number.POSITIVE_INFINITY)).toBe(true);
});

test('95 % intervals cover the exact value in 93 to 97 % of 1,200 cases', () => {
  let covered = 0;
  let total = 0;
  for (let round = 0; round < 150; round += 1) {
    const row = draw();
    const truth = exact(row);
    const { intervals } = run(explainerOf(row, { maxCoalitions: 96, rowsPerPair: 10 }, 100 + round));
    for (const [i, [low, high]] of intervals.entries()) {
      total += 1;
      if (truth[i]! >= low && truth[i]! <= high) covered += 1;
    }
  }
  expect(covered / total).toBeGreaterThanOrEqual(0.93);
  expect(covered / total).toBeLessThanOrEqual(0.97);
});

test('a surrogate that equals the model leaves no error; a linear one leaves less of it', () => {
  const row = draw();
  const truth = exact(row);
  const baseValue = background.map(model).reduce((a, b) => a + b, 0) / background.length;
  const perfect = run(
    explainerOf(
      row,
      { maxCoalitions: 16, rowsPerPair: 2, surrogate: { predict: model, attributions: truth, baseValue } },
      5,
    ),
  );
  expect(largestDifference(perfect.attributions, truth)).toBeLessThanOrEqual(1e-9);
  // A linear surrogate, exact in itself.
  const mean = (j: number): number => background.reduce((sum, other) => sum + other[j]!, 0) / background.length;
  const weights = [1, 0, 0, 0, 0, 0.5, 0.5, -0.5];
  const predict = (x: Float64Array): number => weights.reduce((sum, w, j) => sum + w * x[j]!, 0);
  const attributions = weights.map((w, j) => w * (row[j]! - mean(j)));
  let errorWith = 0;
  let errorWithout = 0;
  for (let seed = 0; seed < 40; seed += 1) {
    const rest = { maxCoalitions: 48, rowsPerPair: 5 };
    const helped = run(
      explainerOf(row, { ...rest, surrogate: { predict, attributions, baseValue: 0 } }, seed),
    ).attributions;
    const alone = run(explainerOf(row, rest, seed)).attributions;
    for (let i = 0; i < M; i += 1) {
      errorWith += (helped[i]! - truth[i]!) ** 2;
      errorWithout += (alone[i]! - truth[i]!) ** 2;
    }
  }
  expect(errorWith).toBeLessThan(errorWithout);
});

test('the search stops once the top feature is certain, and the same seed asks for the same rows', () => {
  const row = Float64Array.of(0, 3, 3, 0, 0, 0, 0, 0);
  const first = run(explainerOf(row, { topK: 2, rowsPerPair: 10 }, 9));
  expect(first.certifiedTopK).toBe(true);
  expect(first.coalitions).toBeLessThan(254);
  expect(run(explainerOf(row, { topK: 2, rowsPerPair: 10 }, 9))).toEqual(first);
});

test('identical rows are scored once, and the explained row not at all', () => {
  const row = background[0]!.slice();
  const explainer = explainerOf(row, { background: [row, row], backgroundPredictions: [model(row), model(row)] }, 1);
  expect(explainer.next()).toEqual([]);
});

test('designs are distinct pairs, complete in small layers, and sum to the budget', () => {
  for (const [players, pairs] of [
    [8, 60],
    [9, 40],
    [12, 192],
    [60, 300],
    [2, 1],
    [3, 3],
  ] as const) {
    const design = drawDesign(players, pairs, seeded(pairs));
    const possible = allocate(players, pairs).reduce((a, b) => a + b, 0);
    expect(design.length).toBe(Math.min(pairs, possible));
    expect(new Set(design.map(({ members }) => members.join())).size).toBe(design.length);
    const counts = allocate(players, pairs);
    for (const [layer, count] of counts.entries()) {
      expect(design.filter((pair) => pair.layer === layer).length).toBe(count);
      expect(count).toBeLessThanOrEqual(layerPairs(players, layer));
    }
  }
});

test('quantiles: normal to 1e-12 against known values, Student to 1 %', () => {
  expect(Math.abs(normalQuantile(0.975) - 1.959963984540054)).toBeLessThan(1e-12);
  expect(Math.abs(normalQuantile(1e-10) + 6.361340902404056)).toBeLessThan(1e-9);
  expect(Math.abs(normalCdf(1) - 0.8413447460685429)).toBeLessThan(1e-15);
  for (const [degrees, known] of [
    [1, 12.706],
    [2, 4.303],
    [4, 2.776],
    [10, 2.228],
    [100, 1.984],
  ] as const) {
    expect(Math.abs(studentQuantile(0.975, degrees) / known - 1)).toBeLessThan(0.01);
  }
});

test('answers out of turn, of the wrong number or not finite are refused', () => {
  const explainer = explainerOf(draw(), {}, 1);
  expect(() => explainer.accept([])).toThrow('call next first');
  const rows = explainer.next()!;
  expect(() => explainer.next()).toThrow('call accept first');
  expect(() => explainer.accept([1])).toThrow(`1 predictions for ${rows.length} rows`);
  expect(() => explainer.accept(rows.map(() => Number.NaN))).toThrow('prediction 0 is NaN');
});
