import { expect, test } from 'vitest';
import { depthWithBoxes, depthWithoutBoxes } from '../../src/forest/depth.ts';
import { depthWithMissing } from '../../src/forest/depth-missing.ts';
import { meanPathLength } from '../../src/forest/path-length.ts';
import { type ForestSettings, RollingForest, SMALL } from '../../src/forest/rolling-forest.ts';
import { auc, drawsOf, normalRow } from '../streams.ts';

function grown(events: number, settings: ForestSettings): RollingForest {
  const draws = drawsOf(1);
  const forest = new RollingForest(settings);
  for (let i = 0; i < events; i += 1) forest.learn(normalRow(draws, settings.dimensions));
  return forest;
}

function sumOf(walk: typeof depthWithBoxes, forest: RollingForest, point: Float64Array): number {
  const out = new Float64Array(1);
  walk(forest.trees, point, 100, out);
  return out[0] as number;
}

test('c(n) is the value of the paper', () => {
  expect([0, 1, 2].map(meanPathLength)).toEqual([0, 0, 1]);
  expect(meanPathLength(256)).toBeCloseTo(10.2448, 4);
});

test('the first score is ½ with confidence 0, and confidence reaches 1 with the reservoir', () => {
  const forest = new RollingForest({ dimensions: 2, seed: 1, reservoirRows: 100, meanAge: 100 });
  expect([forest.observe([1, 2]), forest.confidence]).toEqual([0.5, 0.01]);
  for (let i = 0; i < 99; i += 1) forest.learn([i, -i]);
  expect(forest.confidence).toBe(1);
});

test.each([
  ['standard', {}],
  ['small', SMALL],
  ['with the second family', { rangeShare: 0.3 }],
])('%s: rows far from all others score highest, and all scores lie in (0, 1)', (_name, profile) => {
  const draws = drawsOf(2);
  const forest = new RollingForest({ dimensions: 5, seed: 3, ...profile });
  const scores: number[] = [];
  const anomalies = new Set<number>();
  for (let i = 0; i < 6_000; i += 1) {
    const row = normalRow(draws, 5);
    if (i > 500 && i % 50 === 0) {
      anomalies.add(i);
      row[i % 5] = (row[i % 5] as number) + 8 * (1 + (i % 5));
    }
    scores.push(forest.observe(row));
  }
  expect(auc(scores, (i) => anomalies.has(i))).toBeGreaterThan(0.97);
  expect(Math.min(...scores)).toBeGreaterThan(0);
  expect(Math.max(...scores)).toBeLessThan(1);
});

test('every leaf mass counts, duplicates included, and no tree outgrows its arrays', () => {
  const draws = drawsOf(3);
  const forest = new RollingForest({ dimensions: 3, seed: 3 });
  for (let i = 0; i < 3_000; i += 1) forest.learn(i % 3 === 0 ? normalRow(draws, 3) : [1, 1, 1]);
  const { trees } = forest;
  for (let tree = 0; tree < trees.count; tree += 1) {
    const first = tree * trees.leafSpan;
    const leaves = trees.leaves.subarray(first, first + (trees.inner[tree] as number) + 1);
    expect(leaves.reduce((sum, byte) => sum + byte + 1, 0)).toBe(trees.mass[tree]);
  }
  expect(forest.score([1, 1, 1])).toBeLessThan(forest.score([1.5, 1, 1]));
});

test('the fast walks equal the walk that follows missing values, on points without any', () => {
  const draws = drawsOf(4);
  const boxed = grown(3_000, { dimensions: 6, seed: 5 });
  const plain = grown(3_000, { dimensions: 6, seed: 5, boxes: false });
  for (let i = 0; i < 200; i += 1) {
    const point = normalRow(draws, 6).map((value) => Math.fround(value * (i % 3 === 0 ? 4 : 1)));
    expect(sumOf(depthWithoutBoxes, plain, point)).toBeCloseTo(sumOf(depthWithMissing, plain, point), 9);
    // A path is left where less than 0.02 of it remains: at most 0.02 · (c(256) + height) / c(256) of a tree.
    const exact = sumOf(depthWithMissing, boxed, point);
    expect(Math.abs(sumOf(depthWithBoxes, boxed, point) - exact)).toBeLessThan(0.04 * 100);
  }
});

test('a missing value is not imputed: the score lies within those of the values that it could have', () => {
  const draws = drawsOf(5);
  const forest = grown(4_000, { dimensions: 4, seed: 6, boxes: false });
  for (let i = 0; i < 50; i += 1) {
    const row = normalRow(draws, 4);
    const scores: number[] = [];
    for (let value = -60; value < 120; value += 0.5) scores.push(forest.score(row.with(2, value)));
    const missing = forest.score(row.with(2, Number.NaN));
    expect(missing).toBeGreaterThanOrEqual(Math.min(...scores));
    expect(missing).toBeLessThanOrEqual(Math.max(...scores));
  }
});

test('rows with missing values are learnt, a feature that is always missing is never split on', () => {
  const draws = drawsOf(6);
  const forest = new RollingForest({ dimensions: 3, seed: 1 });
  for (let i = 0; i < 3_000; i += 1) {
    const row = normalRow(draws, 3);
    row[2] = Number.NaN;
    if (i % 4 === 0) row[0] = Number.NaN;
    expect(forest.observe(row)).toBeGreaterThan(0);
  }
  const row = [0, 10, 5];
  expect(forest.score(row)).toBe(forest.score([0, 10, 1e9]));
  expect(forest.score([50, 10, Number.NaN])).toBeGreaterThan(forest.score([0, 10, Number.NaN]));
});

test('scores do not depend on the scale of a feature', () => {
  const draws = drawsOf(7);
  const [one, other] = [new RollingForest({ dimensions: 3, seed: 2 }), new RollingForest({ dimensions: 3, seed: 2 })];
  for (let i = 0; i < 3_000; i += 1) {
    const row = normalRow(draws, 3);
    // A power of two leaves every float32 significand as it is, so that equality is exact.
    expect(other.observe(row.with(1, (row[1] as number) * 2 ** 30))).toBe(one.observe(row));
  }
});

test('extreme values give finite scores: 1e15, denormals, −0, ±Infinity, 2^53 + 1, all missing', () => {
  const values = [1e15, 5e-324, -0, 0, Infinity, -Infinity, 2 ** 53 + 1, Number.NaN, 3.5e38, 1, -1e300];
  const draws = drawsOf(8);
  const forest = new RollingForest({ dimensions: 3, seed: 2 });
  for (let i = 0; i < 4_000; i += 1) {
    const row = [0, 0, 0].map(() => values[draws.below(values.length)] as number);
    const score = forest.observe(row);
    expect(score > 0 && score <= 1, `${row.join()} scores ${score}`).toBe(true);
    expect(forest.score(row)).toBe(forest.score(row.map(Math.fround)));
  }
});

test('a change of a feature that was constant is finite, and not the highest score', () => {
  const draws = drawsOf(9);
  const forest = new RollingForest({ dimensions: 2, seed: 2 });
  for (let i = 0; i < 3_000; i += 1) forest.learn([draws.normal(), 7]);
  for (let i = 0; i < 300; i += 1) {
    forest.observe([draws.normal(), 8]);
    expect(forest.score([0, 8])).toBeLessThan(forest.score([30, 7]));
  }
});

test.each([0.07, 0.3])('anomalies at a share of %d, spread or in one clump, do not turn the ranking round', (share) => {
  for (const clump of [false, true]) {
    const draws = drawsOf(10);
    const forest = new RollingForest({ dimensions: 4, seed: 2 });
    const scores: number[] = [];
    const isAnomaly = (i: number): boolean =>
      clump ? i >= 5_000 && i < 5_000 + share * 10_000 : i > 1_000 && i % 100 < share * 100;
    for (let i = 0; i < 10_000; i += 1) {
      const row = normalRow(draws, 4);
      scores.push(
        forest.observe(isAnomaly(i) ? row.map((value, k) => value + 6 * (k + 1) * (1 + draws.uniform())) : row),
      );
    }
    expect(auc(scores, isAnomaly)).toBeGreaterThan(0.8);
  }
});

test('two seeds are two random streams', () => {
  const [one, other] = [grown(500, { dimensions: 2, seed: 1 }), grown(500, { dimensions: 2, seed: 2 })];
  expect(one.trees.reals).not.toEqual(other.trees.reals);
});

test('memory is fixed at construction: under 640 KB at d = 9, under 256 KB small', () => {
  const standard = new RollingForest({ dimensions: 9, seed: 1 });
  const small = new RollingForest({ dimensions: 9, seed: 1, ...SMALL });
  expect(standard.bytes).toBeLessThan(640_000);
  expect(small.bytes).toBeLessThan(256_000);
});

test('a setting or a row that cannot be is refused with name, value, rule and cure', () => {
  expect(() => new RollingForest({ dimensions: 0, seed: 1 })).toThrow(
    'dimensions is 0; it must be a whole number from 1 to 4096',
  );
  expect(() => new RollingForest({ dimensions: 2, seed: 1, meanAge: 5 })).toThrow('meanAge is 5; it must be');
  expect(() => new RollingForest({ dimensions: 2, seed: 1 }).observe([1])).toThrow('row has 1 values');
});
