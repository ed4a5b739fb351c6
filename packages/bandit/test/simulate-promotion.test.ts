import { expect, test } from 'vitest';
import { parsePolicy } from '../src/parse-policy.ts';
import { type SimulatedWorld, simulatePromotion, whyItCannotFinish } from '../src/simulate-promotion.ts';

const DOCUMENT = {
  kind: 'PromotionPolicy',
  model: 'fraud',
  reward: { metric: 'label', window: '1d', missing: 'zero', unit: 'account' },
  approval: { required: 0 },
  duration: { min: '1d', max: '30d' },
  effect: { min: '1%' },
  exposure: 100,
};
const WORLD: SimulatedWorld = { baseRate: 0.7, outcomesPerDay: 2_000, runs: 20, seed: 1, mostOutcomes: 30_000 };

test('large effects are found: better is promoted, worse is rolled back with less exposure, and shares sum to 1', () => {
  const rows = simulatePromotion(parsePolicy(DOCUMENT), WORLD, [0.1, -0.1]);
  for (const { promoted, rolledBack, retired, undecided } of rows)
    expect(promoted + rolledBack + retired + undecided).toBeCloseTo(1, 12);
  expect(rows[0]?.promoted).toBeGreaterThanOrEqual(0.95);
  expect(rows[1]?.promoted).toBe(0);
  expect((rows[1]?.rolledBack ?? 0) + (rows[1]?.retired ?? 0)).toBeGreaterThanOrEqual(0.95);
  expect(rows[1]?.exposure).toBeLessThan(rows[0]?.exposure ?? 0);
  expect(rows[0]?.days).toBeCloseTo((rows[0]?.outcomes ?? 0) / 2_000, 12);
});

test('the same seed gives the same, another another', () => {
  const policy = parsePolicy(DOCUMENT);
  expect(simulatePromotion(policy, WORLD, [0.05])).toEqual(simulatePromotion(policy, WORLD, [0.05]));
  expect(simulatePromotion(policy, { ...WORLD, seed: 2 }, [0.05])).not.toEqual(
    simulatePromotion(policy, WORLD, [0.05]),
  );
});

test('a test that cannot finish says what it would take', () => {
  expect(whyItCannotFinish(parsePolicy(DOCUMENT), WORLD)).toMatch(
    /^effect.min is 0.01, which takes about \d+ outcomes/,
  );
  expect(whyItCannotFinish(parsePolicy({ ...DOCUMENT, effect: { min: '5%' } }), WORLD)).toBeUndefined();
  expect(whyItCannotFinish(parsePolicy({ ...DOCUMENT, exposure: 1e6 }), WORLD)).toMatch(/^exposure is 1000000/);
});

test('a world that cannot be is refused with its field', () => {
  const policy = parsePolicy(DOCUMENT);
  for (const [changed, said] of [
    [{ baseRate: 1 }, /baseRate is 1/],
    [{ runs: 0 }, /runs is 0/],
    [{ outcomesPerDay: Number.NaN }, /outcomesPerDay is NaN/],
    [{ seed: 0.5 }, /seed is 0.5/],
  ] as const)
    expect(() => simulatePromotion(policy, { ...WORLD, ...changed }, [0])).toThrow(said);
  expect(() => simulatePromotion(policy, WORLD, [0.4])).toThrow(/baseRate \+ effect/);
});
