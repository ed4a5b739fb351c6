import { expect, test } from 'vitest';
import { drawDesign, MAX_KRIGED_PAIRS } from '../src/kernel/coalitions.ts';
import { krige } from '../src/kernel/kriging.ts';
import { oddCovariance, shapleyCovariance, shapleyVariance } from '../src/kernel/odd-covariance.ts';
import { type PairValue, regress } from '../src/kernel/regression.ts';
import { seeded } from './random.ts';

/** Odd sets of three and more players, as lists. */
function oddSets(players: number): number[][] {
  return Array.from({ length: 2 ** players }, (_, mask) =>
    Array.from({ length: players }, (__, i) => i).filter((i) => ((mask >> i) & 1) === 1),
  ).filter(({ length }) => length >= 3 && length % 2 === 1);
}

test('covariances are the sums over odd sets of their definition', () => {
  const uniform = seeded(1);
  const M = 6;
  const rho = Float64Array.from({ length: M }, () => 0.1 + uniform());
  const signs = Float64Array.from({ length: 4 * M }, () => (uniform() < 0.5 ? -1 : 1));
  const sets = oddSets(M);
  const of = (set: readonly number[], row: number): number => set.reduce((x, i) => x * signs[row * M + i]!, 1);
  const variance = (set: readonly number[]): number => set.reduce((x, i) => x * rho[i]!, 1);
  const covariance = oddCovariance(signs, M, rho);
  const withShapley = shapleyCovariance(signs, M, rho);
  const ofShapley = shapleyVariance(M, rho);
  for (let a = 0; a < 4; a += 1) {
    for (let b = 0; b < 4; b += 1)
      expect(covariance[a * 4 + b]).toBeCloseTo(
        sets.reduce((sum, set) => sum + variance(set) * of(set, a) * of(set, b), 0),
        10,
      );
    for (let i = 0; i < M; i += 1)
      expect(withShapley[i * 4 + a]).toBeCloseTo(
        sets.reduce((sum, set) => sum + (set.includes(i) ? (variance(set) * of(set, a) * 2) / set.length : 0), 0),
        10,
      );
  }
  for (let i = 0; i < M; i += 1)
    expect(ofShapley[i]).toBeCloseTo(
      sets.reduce((sum, set) => sum + (set.includes(i) ? (variance(set) * 4) / set.length ** 2 : 0), 0),
      10,
    );
});

/** A random game of 10 players: slopes, and interactions of three among the first six. */
function game(seed: number): {
  readonly pairs: (count: number) => PairValue[];
  readonly truth: Float64Array;
  readonly split: number;
} {
  const uniform = seeded(seed);
  const M = 10;
  const slopes = Float64Array.from({ length: M }, () => uniform() - 0.3);
  const triples = Array.from({ length: 12 }, () => [0, 1, 2].map(() => Math.floor(6 * uniform())))
    .filter((set) => new Set(set).size === 3)
    .map((set) => ({ set, weight: 0.4 * (uniform() - 0.5) }));
  const odd = (signs: ArrayLike<number>): number =>
    slopes.reduce((sum, slope, i) => sum + slope * signs[i]!, 0) +
    triples.reduce((sum, { set, weight }) => sum + weight * set.reduce((x, i) => x * signs[i]!, 1), 0);
  const split = (2 * odd(new Float64Array(M).fill(1))) / M;
  const truth = slopes.map(
    (slope, i) =>
      2 * slope + triples.reduce((sum, { set, weight }) => sum + (set.includes(i) ? (2 / 3) * weight : 0), 0) - split,
  );
  const pairs = (count: number): PairValue[] =>
    drawDesign(M, count, uniform).map(({ members, layer }) => {
      const signs = Array.from(members, (member) => (member === 1 ? 1 : -1));
      const size = members.reduce((sum, member) => sum + member, 0);
      return { members, layer, target: odd(signs) - ((2 * size - M) / 2) * split, variance: 0 };
    });
  return { pairs, truth, split };
}

test('it errs less than the regression on games with interactions, and its standard errors are those it errs by', () => {
  let [ours, theirs, covered, total] = [0, 0, 0, 0];
  for (let seed = 0; seed < 60; seed += 1) {
    const { pairs, truth, split } = game(seed);
    const design = pairs(40);
    const kriged = krige(10, design, split);
    const fitted = regress(10, design);
    for (const [i, each] of truth.entries()) {
      ours += (kriged.solution[i]! - each) ** 2;
      theirs += (fitted.solution[i]! - each) ** 2;
      total += 1;
      if (Math.abs(kriged.solution[i]! - each) <= 2.04 * kriged.standardErrors[i]!) covered += 1;
    }
    expect(Math.abs(kriged.solution.reduce((a, b) => a + b, 0))).toBeLessThan(1e-12);
  }
  expect(ours).toBeLessThan(0.85 * theirs);
  expect(covered / total).toBeGreaterThan(0.9);
});

test('an additive game is exact; beyond the bound and below the number of players it is the regression', () => {
  const uniform = seeded(4);
  const slopes = Float64Array.from({ length: 12 }, () => uniform());
  const additive = (count: number): PairValue[] =>
    drawDesign(12, count, uniform).map(({ members, layer }) => ({
      members,
      layer,
      target: members.reduce((sum, member, i) => sum + (member === 1 ? 1 : -1) * slopes[i]!, 0),
      variance: 0,
    }));
  // The targets deviate from an equal split of nothing, so the slopes must sum to 0.
  const mean = slopes.reduce((a, b) => a + b, 0) / 12;
  for (let i = 0; i < 12; i += 1) slopes[i]! -= mean;
  const { solution, standardErrors } = krige(12, additive(30), 0);
  for (const [i, each] of solution.entries()) expect(each).toBeCloseTo(2 * slopes[i]!, 12);
  for (const error of standardErrors) expect(error).toBeLessThan(1e-9);
  for (const count of [6, MAX_KRIGED_PAIRS + 1]) {
    const pairs = additive(count);
    expect(krige(12, pairs, 0)).toEqual(regress(12, pairs));
  }
});
