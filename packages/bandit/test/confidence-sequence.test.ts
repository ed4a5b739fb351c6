import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createEffectEstimate, estimateEffect, intervalOf } from '../src/confidence-sequence.ts';
import { harmWasDetectable, informationOf, oracleSamples } from '../src/samples-needed.ts';

const probability = fc.double({ min: 0.01, max: 0.99, noNaN: true });

test('the next pseudo-outcome has the effect as its mean, whatever happened before', () => {
  const past = fc.array(
    fc.record({ challenger: fc.boolean(), reward: fc.constantFrom(0, 1), propensity: probability }),
    {
      maxLength: 30,
    },
  );
  fc.assert(
    fc.property(past, probability, probability, probability, (outcomes, champion, challenger, propensity) => {
      let mean = 0;
      for (const arm of [true, false])
        for (const reward of [0, 1]) {
          const state = createEffectEstimate();
          for (const each of outcomes) estimateEffect(state, each.challenger, each.reward, each.propensity);
          const before = state.mean * state.outcomes;
          estimateEffect(state, arm, reward, propensity);
          const rate = arm ? challenger : champion;
          const weight = (arm ? propensity : 1 - propensity) * (reward === 1 ? rate : 1 - rate);
          mean += weight * (state.mean * state.outcomes - before);
        }
      expect(mean).toBeCloseTo(challenger - champion, 9);
    }),
    { seed: 31, numRuns: 200 },
  );
});

test('mean and spread are those of the pseudo-outcomes; the interval is the formula', () => {
  const state = createEffectEstimate();
  for (let i = 0; i < 1_000; i += 1) estimateEffect(state, i % 2 === 0, i % 3 === 0 ? 1 : 0, 0.5);
  const rate = (-2 * Math.log(0.05) + Math.log(1 - 2 * Math.log(0.05))) / 5_000;
  const { outcomes: n, mean, squares } = state;
  const half =
    Math.sqrt(squares / n) *
    Math.sqrt(((2 * (n * rate + 1)) / (n * n * rate)) * Math.log(Math.sqrt(n * rate + 1) / 0.05));
  const { lower, upper } = intervalOf(state, 0.05, 5_000);
  expect(lower).toBeCloseTo(mean - half, 12);
  expect(upper).toBeCloseTo(mean + half, 12);
  expect(upper - lower).toBeLessThan(0.21);
});

test('before the limit law can be trusted the interval is the whole range', () => {
  const state = createEffectEstimate();
  expect(intervalOf(state, 0.05, 5_000)).toEqual({ lower: -1, upper: 1 });
  for (let i = 0; i < 99; i += 1) estimateEffect(state, true, 1, 0.5);
  expect(intervalOf(state, 0.05, 5_000)).toEqual({ lower: -1, upper: 1 });
});

test('samples needed: the reference figures', () => {
  for (const [champion, challenger, samples] of [
    [0.7, 0.72, 18_961],
    [0.7, 0.73, 8_339],
    [0.7, 0.75, 2_935],
    [0.03, 0.036, 32_613],
  ] as const)
    expect(Math.round(oracleSamples(champion, challenger, 0.5, 0.01))).toBe(samples);
  expect(oracleSamples(0.7, 0.7, 0.5, 0.01)).toBe(Number.POSITIVE_INFINITY);
  expect(informationOf(0.7, 0.72, 0.5)).toBeGreaterThan(informationOf(0.7, 0.72, 0.05));
  expect(() => oracleSamples(0.7, 1.2, 0.5, 0.01)).toThrow(/challenger is 1.2; it must be above 0 and below 1; give/);
});

test('a harm becomes detectable with outcomes, later when it is small or the level strict', () => {
  const first = (harm: number, alpha: number): number => {
    let outcomes = 0;
    while (!harmWasDetectable(outcomes / 4, 0.7, harm, alpha)) outcomes += 50;
    return outcomes;
  };
  expect(first(0.04, 0.0125)).toBeGreaterThan(6_000);
  expect(first(0.04, 0.0125)).toBeLessThan(20_000);
  expect(first(0.02, 0.0125)).toBeGreaterThan(3 * first(0.04, 0.0125));
  expect(first(0.04, 0.001)).toBeGreaterThan(first(0.04, 0.0125));
});
