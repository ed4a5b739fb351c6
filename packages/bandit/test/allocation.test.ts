import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bestProbabilities } from '../src/best-probability.ts';
import { philox, uniformOf } from '../src/counter-rng.ts';
import { nodes, partial, weights } from '../src/gauss-legendre.ts';
import { cappedThompson } from '../src/policies/capped-thompson.ts';
import { fixed } from '../src/policies/fixed.ts';
import { DEFAULT_LADDER, ladder } from '../src/policies/ladder.ts';
import { topTwo, topTwoOf, transportCost } from '../src/policies/top-two.ts';
import { DEFAULT_BOUNDS, DEFAULT_PACE, nextLook, paced, pairPropensity, WHOLE, weightsOf } from '../src/weights.ts';

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
const arm = (outcomes: number, rewards: number) => ({ outcomes, rewards });

interface Golden {
  readonly cases: readonly {
    readonly arms: readonly (readonly [number, number])[];
    readonly best: readonly string[];
  }[];
}

test('best probabilities agree with SciPy', () => {
  const { cases } = JSON.parse(
    readFileSync(join(import.meta.dirname, 'golden/best_probability.json'), 'utf8'),
  ) as Golden;
  expect(cases.length).toBeGreaterThan(8);
  for (const { arms, best } of cases) {
    const found = bestProbabilities(arms.map(([outcomes, rewards]) => arm(outcomes, rewards)));
    found.forEach((probability, index) => expect(Math.abs(probability - Number(best[index]))).toBeLessThan(1e-9));
  }
});

test('eight nodes integrate degree 15 exactly, and degree 7 up to every node', () => {
  for (let degree = 0; degree <= 15; degree += 1) {
    const whole = sumOf(nodes.map((x, k) => (weights[k] as number) * x ** degree));
    expect(whole).toBeCloseTo(degree % 2 === 0 ? 2 / (degree + 1) : 0, 13);
  }
  for (let degree = 0; degree <= 7; degree += 1)
    nodes.forEach((to, k) => {
      const part = sumOf(nodes.map((x, l) => (partial[k * nodes.length + l] as number) * x ** degree));
      expect(part).toBeCloseTo((to ** (degree + 1) - (-1) ** (degree + 1)) / (degree + 1), 13);
    });
});

const shares = fc
  .array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 2, maxLength: 8 })
  .filter((raw) => sumOf(raw) > 0.01)
  .map((raw) => raw.map((each) => each / sumOf(raw)));

test('weights are whole, sum to a million and keep floor and cap', () => {
  fc.assert(
    fc.property(shares, (wanted) => {
      const found = weightsOf(wanted, DEFAULT_BOUNDS);
      expect(sumOf(found)).toBe(WHOLE);
      found.forEach((weight, index) => {
        expect(Number.isInteger(weight)).toBe(true);
        expect(weight).toBeGreaterThanOrEqual(DEFAULT_BOUNDS.floor);
        expect(weight).toBeLessThanOrEqual(index === 0 ? WHOLE : DEFAULT_BOUNDS.cap);
      });
    }),
    { seed: 51, numRuns: 500 },
  );
});

test('shares inside the bounds stay as they are; those outside move to the bounds', () => {
  expect(weightsOf([0.7, 0.3], DEFAULT_BOUNDS)).toEqual([700_000, 300_000]);
  expect(weightsOf([0.001, 0.999], DEFAULT_BOUNDS)).toEqual([500_000, 500_000]);
  expect(weightsOf([1, 0], DEFAULT_BOUNDS)).toEqual([950_000, 50_000]);
  expect(weightsOf([1 / 3, 1 / 3, 1 / 3], DEFAULT_BOUNDS)).toEqual([333_334, 333_333, 333_333]);
});

test('bounds and shares that cannot be kept are refused', () => {
  expect(() => weightsOf([0.5, 0.5], { floor: 600_000, cap: 700_000 })).toThrow(/floor is 600000 with 2 arms/);
  expect(() => weightsOf([0.5, 0.5], { floor: 100, cap: 50 })).toThrow(/cap is 50; .* from the floor 100/);
  expect(() => weightsOf([0.5, 0.6], DEFAULT_BOUNDS)).toThrow(/sum to 1; divide/);
  expect(() => weightsOf([Number.NaN, 1], DEFAULT_BOUNDS)).toThrow(/shares are NaN, 1/);
});

test('pace: small moves wait, large ones are taken in part, and every epoch sums to a million', () => {
  const slow = { ...DEFAULT_PACE, mostMove: 250_000 };
  expect(paced([500_000, 500_000], [515_000, 485_000], slow)).toEqual([500_000, 500_000]);
  expect(paced([500_000, 500_000], [600_000, 400_000], slow)).toEqual([600_000, 400_000]);
  expect(paced([500_000, 500_000], [950_000, 50_000], slow)).toEqual([750_000, 250_000]);
  fc.assert(
    fc.property(shares, fc.infiniteStream(fc.double({ min: 0.01, max: 1, noNaN: true })), (from, stream) => {
      const raw = from.map(() => stream.next().value as number);
      const current = weightsOf(from, DEFAULT_BOUNDS);
      const wanted = weightsOf(
        raw.map((each) => each / sumOf(raw)),
        DEFAULT_BOUNDS,
      );
      const next = paced(current, wanted, slow);
      expect(sumOf(next)).toBe(WHOLE);
      next.forEach((weight, index) => {
        expect(Math.abs(weight - (current[index] as number))).toBeLessThanOrEqual(slow.mostMove + 1);
        expect(weight).toBeGreaterThanOrEqual(DEFAULT_BOUNDS.floor);
      });
    }),
    { seed: 52, numRuns: 300 },
  );
});

test('capped Thompson: even at first, to the cap for a winner, to the floor for a loser', () => {
  expect(cappedThompson([arm(0, 0), arm(0, 0)], DEFAULT_BOUNDS)).toEqual([500_000, 500_000]);
  expect(cappedThompson([arm(2_000, 1_400), arm(2_000, 1_600)], DEFAULT_BOUNDS)).toEqual([500_000, 500_000]);
  expect(cappedThompson([arm(2_000, 1_400), arm(2_000, 1_200)], DEFAULT_BOUNDS)).toEqual([950_000, 50_000]);
  const [, challenger] = cappedThompson([arm(200, 140), arm(200, 136)], DEFAULT_BOUNDS);
  expect(challenger).toBeGreaterThan(200_000);
  expect(challenger).toBeLessThan(450_000);
});

test('fixed and ladder', () => {
  expect(fixed(2, 0.5, DEFAULT_BOUNDS)).toEqual([500_000, 500_000]);
  expect(fixed(3, 0.2, DEFAULT_BOUNDS)).toEqual([600_000, 200_000, 200_000]);
  const shareAt = (outcomes: number) => ladder(DEFAULT_LADDER, outcomes, DEFAULT_BOUNDS)[1];
  expect([0, 499, 500, 1_000, 1_500, 9e9].map(shareAt)).toEqual([50_000, 50_000, 100_000, 250_000, 500_000, 500_000]);
  expect(() => ladder({ steps: [0.2, 0.1], outcomesPerStep: 1 }, 0, DEFAULT_BOUNDS)).toThrow(/steps\[1\] of 2 is 0.1/);
  expect(() => ladder({ steps: [], outcomesPerStep: 1 }, 0, DEFAULT_BOUNDS)).toThrow(/of 0/);
  expect(() => ladder({ steps: [0.2], outcomesPerStep: 0 }, 0, DEFAULT_BOUNDS)).toThrow(/outcomesPerStep is 0/);
});

test('top two: leader and the arm that is hardest to tell from it share the traffic', () => {
  const arms = [arm(1_000, 700), arm(1_000, 680), arm(1_000, 640), arm(1_000, 600)];
  const { leader, rival, cost } = topTwoOf(arms);
  expect([leader, rival]).toEqual([0, 1]);
  expect(cost).toBe(transportCost(arm(1_000, 700), arm(1_000, 680)));
  expect(topTwo(arms, DEFAULT_BOUNDS)).toEqual([450_000, 450_000, 50_000, 50_000]);
  // An arm that was hardly tried is a rival even when its mean is far: the logarithm of its outcomes is low.
  expect(topTwoOf([arm(1_000, 700), arm(1_000, 650), arm(4, 2)]).rival).toBe(2);
  expect(transportCost(arm(0, 0), arm(0, 0))).toBe(0);
  expect(transportCost(arm(10, 0), arm(10, 0))).toBe(0);
});

test('looks of the policy: every 50 outcomes at first, then after every twentieth more', () => {
  expect([0, 50, 990, 1_020, 10_000].map((outcomes) => nextLook(outcomes, DEFAULT_PACE))).toEqual([
    50, 100, 1_040, 1_071, 10_500,
  ]);
});

test('a pair of arms among others has its own propensity', () => {
  expect(pairPropensity([600_000, 200_000, 200_000], 2)).toBe(0.25);
});

test('Philox gives the known answers of its authors', () => {
  const words = new Uint32Array(4);
  for (const [counter, key, answer] of [
    ['00000000 00000000 00000000 00000000', '00000000 00000000', '6627e8d5 e169c58d bc57ac4c 9b00dbd8'],
    ['ffffffff ffffffff ffffffff ffffffff', 'ffffffff ffffffff', '408f276d 41c83b0e a20bc7c6 6d5451fd'],
    ['243f6a88 85a308d3 13198a2e 03707344', 'a4093822 299f31d0', 'd16cfe09 94fdcceb 5001e420 24126ea1'],
  ] as const) {
    const parse = (text: string): number[] => text.split(' ').map((word) => Number.parseInt(word, 16));
    philox(parse(key), parse(counter), words);
    expect([...words].map((word) => word.toString(16).padStart(8, '0')).join(' ')).toBe(answer);
  }
  expect(uniformOf(0)).toBe(0);
  expect(uniformOf(0xffffffff)).toBeLessThan(1);
});
