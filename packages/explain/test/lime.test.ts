import { expect, test } from 'vitest';
import { binIndex, discretise, valueAt } from '../src/lime/discretiser.ts';
import { LimeExplainer, type LimeExplanation } from '../src/lime/lime-explainer.ts';
import { scrambledSobol } from '../src/lime/sobol.ts';
import { normalDraw, seeded } from './random.ts';

const uniform = seeded(11);
const M = 6;
const rows = Array.from({ length: 400 }, () =>
  Float64Array.from({ length: M }, (_, j) => (j === 5 ? Math.floor(uniform() * 3) : normalDraw(uniform))),
);
const features = discretise(rows, [5]);
const model = (x: ArrayLike<number>): number =>
  1 / (1 + Math.exp(-(2 * x[0]! - x[1]! + 0.5 * x[2]! + (x[5] === 2 ? 1 : 0))));

function explain(row: Float64Array, calls: number, seed: number): LimeExplanation {
  const explainer = new LimeExplainer({ row, features, calls, seed });
  for (let batch = explainer.next(); batch !== undefined; batch = explainer.next()) explainer.accept(batch.map(model));
  return explainer.result();
}

function largestOf(phi: Float64Array): number {
  return Math.max(...phi.map(Math.abs));
}

test('each dimension of a Sobol net of 2^k points has one point in each of 2^k intervals, scrambled or not', () => {
  for (const seed of [1, 2, 0xffffffff]) {
    const point = scrambledSobol(40, seed);
    const out = new Float64Array(40);
    const seen = Array.from({ length: 40 }, () => new Set<number>());
    for (let index = 0; index < 256; index += 1) {
      point(index, out);
      for (const [d, x] of out.entries()) seen[d]!.add(Math.floor(x * 256));
    }
    for (const intervals of seen) expect(intervals.size).toBe(256);
  }
});

test('two dimensions fill every elementary box of a net', () => {
  const point = scrambledSobol(2, 5);
  const out = new Float64Array(2);
  for (const [a, b] of [
    [4, 4],
    [2, 6],
    [6, 2],
  ] as const) {
    const boxes = new Set<number>();
    for (let index = 0; index < 256; index += 1) {
      point(index, out);
      boxes.add(Math.floor(out[0]! * 2 ** a) * 256 + Math.floor(out[1]! * 2 ** b));
    }
    expect(boxes.size).toBe(2 ** (a + b));
  }
});

test('values fall into their bins, and bins into the shares of training', () => {
  for (const [j, feature] of features.entries()) {
    const counts = feature.bins.map(() => 0);
    for (let at = 0; at < 1000; at += 1) {
      const { bin, value } = valueAt(feature, (at + 0.5) / 1000);
      expect(binIndex(feature, value), `feature ${j}`).toBe(bin);
      counts[bin]! += 1;
    }
    for (const [bin, count] of counts.entries())
      expect(Math.abs(count / 1000 - feature.bins[bin]!.share)).toBeLessThan(0.002);
  }
});

test('4,096 calls agree with 16,384 within 5 % of the largest coefficient, and name the same feature first', () => {
  for (const row of rows.slice(0, 3)) {
    const few = explain(row, 4096, 3);
    const many = explain(row, 16_384, 4);
    const largest = largestOf(many.attributions);
    for (const [j, phi] of few.attributions.entries())
      expect(Math.abs(phi - many.attributions[j]!)).toBeLessThan(0.05 * largest);
    const top = (phi: Float64Array): number => phi.map(Math.abs).indexOf(largestOf(phi));
    expect(top(few.attributions)).toBe(top(many.attributions));
  }
});

test('intervals hold the coefficients of a long run, more often than they promise', () => {
  const row = rows[0]!;
  const truth = explain(row, 16_384, 1).attributions;
  let covered = 0;
  for (let seed = 0; seed < 60; seed += 1) {
    for (const [j, [low, high]] of explain(row, 256, 1000 + seed).intervals.entries())
      if (truth[j]! >= low - 0.003 && truth[j]! <= high + 0.003) covered += 1;
  }
  expect(covered / (60 * M)).toBeGreaterThan(0.93);
});

test('a seed gives the same bits again; few calls are flagged unstable where many are not', () => {
  const row = rows[2]!;
  expect(explain(row, 512, 7)).toEqual(explain(row, 512, 7));
  expect(explain(row, 16, 7).flags).toContain('unstable');
});

test('a value that training did not have and rows of another width are refused or binned as stated', () => {
  expect(binIndex(features[5]!, 9)).toBe(-1);
  expect(() => discretise([[Number.NaN]])).toThrow('feature 0 has a value that is not finite');
  expect(() => new LimeExplainer({ row: new Float64Array(2), features, calls: 100, seed: 1 })).toThrow(
    'the row has 2 features',
  );
});
