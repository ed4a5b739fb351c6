import { expect, test } from 'vitest';
import { attribute } from '../../src/attribution/attribute.ts';
import { RollingForest, SMALL } from '../../src/forest/rolling-forest.ts';
import { drawsOf, normalRow } from '../streams.ts';

const D = 9;
const draws = drawsOf(1);
const forest = new RollingForest({ dimensions: D, seed: 1 });
const small = new RollingForest({ dimensions: D, seed: 1, ...SMALL });
for (let i = 0; i < 8_000; i += 1) {
  const row = normalRow(draws, D);
  forest.learn(row);
  small.learn(row);
}

test('a single feature eight standard deviations away is first in at least 97 of 100, with its direction', () => {
  let right = 0;
  for (let i = 0; i < 200; i += 1) {
    const row = normalRow(draws, D);
    const feature = i % D;
    const sign = i % 2 === 0 ? 1 : -1;
    row[feature] = (row[feature] as number) + sign * 8 * (1 + feature);
    const [first] = attribute(forest, row, 1).top;
    if (first?.feature === feature && first.direction === (sign > 0 ? 'high' : 'low')) right += 1;
  }
  process.stdout.write(`single-feature faults: ${right} of 200 right\n`);
  expect(right).toBeGreaterThanOrEqual(194);
});

test('a broken correlation is among the first two', () => {
  let right = 0;
  for (let i = 0; i < 200; i += 1) {
    const row = normalRow(draws, D);
    row[0] = 2;
    row[1] = 10 - 2;
    const top = attribute(forest, row, 2).top.map(({ feature }) => feature);
    if (top.includes(0) || top.includes(1)) right += 1;
  }
  process.stdout.write(`broken correlations: ${right} of 200 right\n`);
  expect(right).toBeGreaterThanOrEqual(170);
});

test('shares sum to 1, the expected range holds the median, and the counterfactual lowers the score', () => {
  for (let i = 0; i < 30; i += 1) {
    const feature = i % D;
    const row = normalRow(draws, D);
    row[feature] = (row[feature] as number) + 12 * (1 + feature);
    if (i % 7 === 0) row[(i + 1) % D] = Number.NaN;
    for (const model of [forest, small]) {
      const { shares, top } = attribute(model, row, D);
      expect(Math.abs(shares.reduce((sum, share) => sum + share, 0) - 1)).toBeLessThan(1e-9);
      const named = top.find((each) => each.feature === feature);
      expect(named?.share).toBe(shares[feature]);
      expect(named?.direction).toBe('high');
      expect(named?.counterfactual).toBeLessThan(model.score(row));
      expect(named?.expected[0]).toBeLessThan(10 * feature);
      expect(named?.expected[1]).toBeGreaterThan(10 * feature);
    }
  }
});

test('before anything is learnt the shares are equal', () => {
  const { shares } = attribute(new RollingForest({ dimensions: 4, seed: 1 }), [1, 2, 3, 4], 1);
  expect(shares).toEqual(Float64Array.of(0.25, 0.25, 0.25, 0.25));
});
