import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Comparison, type ComparisonSettings, createComparison, observe } from '../src/comparison.ts';
import { HARM_GRID, PROMOTE_GRID } from '../src/default-grids.ts';
import { betOnHigher, createEProcess, eValueOf, logEValueOf } from '../src/e-process.ts';
import { loadComparison, saveComparison } from '../src/saved-comparison.ts';

const SETTINGS: ComparisonSettings = { promote: PROMOTE_GRID, harm: HARM_GRID, segments: 1, margin: 0, tolerance: 0 };
const RELATIVE = { ...PROMOTE_GRID, unit: 'relative' as const };

interface Outcome {
  readonly segment: number;
  readonly challenger: boolean;
  readonly reward: number;
  readonly propensity: number;
}

const outcome = (segments: number): fc.Arbitrary<Outcome> =>
  fc.record({
    segment: fc.integer({ min: 0, max: segments - 1 }),
    challenger: fc.boolean(),
    reward: fc.oneof(fc.constantFrom(0, 1), fc.double({ min: 0, max: 1, noNaN: true })),
    propensity: fc.double({ min: 0.001, max: 0.999, noNaN: true }),
  });

function folded(settings: ComparisonSettings, outcomes: readonly Outcome[]): Comparison {
  const comparison = createComparison(settings);
  for (const { segment, challenger, reward, propensity } of outcomes)
    observe(comparison, segment, challenger, reward, propensity);
  return comparison;
}

/** Mean of a direction's next e-value over both arms and both rewards, divided by its present one: from copies, so exactly the fold's own. */
function expectedFactor(
  settings: ComparisonSettings,
  past: readonly Outcome[],
  direction: 'promote' | 'harm',
  rates: { readonly challenger: number; readonly champion: number },
  propensity: number,
): number {
  let mean = 0;
  for (const challenger of [true, false])
    for (const reward of [0, 1]) {
      const rate = challenger ? rates.challenger : rates.champion;
      const probability = (challenger ? propensity : 1 - propensity) * (reward === 1 ? rate : 1 - rate);
      const next = folded(settings, [...past, { segment: 0, challenger, reward, propensity }]);
      mean += probability * eValueOf(next[direction]);
    }
  return mean / eValueOf(folded(settings, past)[direction]);
}

const history = fc.array(outcome(1), { maxLength: 40 });
const rate = fc.double({ min: 0, max: 1, noNaN: true });
const propensity = fc.double({ min: 0.001, max: 0.999, noNaN: true });

test('equal laws: the expected factor is 1, whatever happened before', () => {
  fc.assert(
    fc.property(history, rate, propensity, fc.constantFrom(PROMOTE_GRID, RELATIVE), (past, theta, pi, promote) => {
      const settings = { ...SETTINGS, promote };
      const rates = { challenger: theta, champion: theta };
      expect(expectedFactor(settings, past, 'promote', rates, pi)).toBeCloseTo(1, 12);
      expect(expectedFactor(settings, past, 'harm', rates, pi)).toBeCloseTo(1, 12);
    }),
    { seed: 25, numRuns: 300 },
  );
});

test('a challenger on the side of the null never gains in expectation, and one beyond it does', () => {
  fc.assert(
    fc.property(history, rate, rate, propensity, (past, one, other, pi) => {
      fc.pre(Math.abs(one - other) > 1e-6);
      const worse = { challenger: Math.min(one, other), champion: Math.max(one, other) };
      expect(expectedFactor(SETTINGS, past, 'promote', worse, pi)).toBeLessThanOrEqual(1 + 1e-12);
      expect(expectedFactor(SETTINGS, past, 'harm', worse, pi)).toBeGreaterThan(1);
    }),
    { seed: 26, numRuns: 300 },
  );
});

test('margin and tolerance move the null: 1 exactly at its edge', () => {
  fc.assert(
    fc.property(history, fc.double({ min: 0.1, max: 0.9, noNaN: true }), propensity, (past, champion, pi) => {
      const settings = { ...SETTINGS, margin: 0.02, tolerance: 0.05 };
      const edge = (gap: number) => ({ challenger: champion - gap, champion });
      expect(expectedFactor(settings, past, 'promote', edge(0.02), pi)).toBeCloseTo(1, 12);
      expect(expectedFactor(settings, past, 'promote', edge(0), pi)).toBeGreaterThan(1);
      expect(expectedFactor(settings, past, 'harm', edge(0.05), pi)).toBeCloseTo(1, 12);
      expect(expectedFactor(settings, past, 'harm', edge(0.02), pi)).toBeLessThan(1);
    }),
    { seed: 27, numRuns: 200 },
  );
});

test('a factor is the likelihood ratio of two Bernoulli laws against their mixture', () => {
  const past: Outcome[] = [1, 1, 0, 1].map((reward) => ({ segment: 0, challenger: true, reward, propensity: 0.5 }));
  const mean = 3.5 / 5;
  const pi = 0.3;
  const only = { ...SETTINGS, promote: { unit: 'relative' as const, sizes: [0.1] } };
  const before = eValueOf(folded(only, past).promote);
  for (const challenger of [true, false])
    for (const reward of [0, 1]) {
      const success = challenger ? mean + 0.1 * mean * (1 - pi) : mean - 0.1 * mean * pi;
      const ratio = reward === 1 ? success / mean : (1 - success) / (1 - mean);
      const after = eValueOf(folded(only, [...past, { segment: 0, challenger, reward, propensity: pi }]).promote);
      expect(after / before).toBeCloseTo(ratio, 14);
    }
});

test('a reward between 0 and 1 earns the mean of the two factors', () => {
  const value = (reward: number): number =>
    eValueOf(folded(SETTINGS, [{ segment: 0, challenger: true, reward, propensity: 0.4 }]).promote);
  expect(value(0.25)).toBeCloseTo(0.25 * value(1) + 0.75 * value(0), 14);
});

test('segments: the total is the product, per size, of what each segment alone would have', () => {
  fc.assert(
    fc.property(fc.array(outcome(3), { minLength: 1, maxLength: 60 }), (outcomes) => {
      const total = folded({ ...SETTINGS, segments: 3 }, outcomes);
      const alone = [0, 1, 2].map((segment) =>
        folded(
          SETTINGS,
          outcomes.filter((each) => each.segment === segment).map((each) => ({ ...each, segment: 0 })),
        ),
      );
      const weight = 1 / HARM_GRID.sizes.length;
      HARM_GRID.sizes.forEach((_, g) => {
        const product = alone.reduce((value, { harm }) => value * ((harm.wealth[g] as number) / weight), weight);
        expect(total.harm.wealth[g] as number).toBeCloseTo(product, 10);
      });
      total.segments.forEach(({ harm }, segment) => expect(harm).toEqual(alone[segment]?.harm));
    }),
    { seed: 28, numRuns: 100 },
  );
});

test('restored at any cut, it goes on as if never stopped', () => {
  fc.assert(
    fc.property(fc.array(outcome(2), { maxLength: 50 }), fc.nat(50), (outcomes, at) => {
      const settings = { ...SETTINGS, segments: 2 };
      const restored = loadComparison(saveComparison(folded(settings, outcomes.slice(0, at))), settings);
      for (const { segment, challenger, reward, propensity: pi } of outcomes.slice(at))
        observe(restored, segment, challenger, reward, pi);
      expect(saveComparison(restored)).toEqual(saveComparison(folded(settings, outcomes)));
    }),
    { seed: 29, numRuns: 100 },
  );
});

test('state of another version, shape or without sense is refused with the cure', () => {
  const bytes = saveComparison(createComparison(SETTINGS));
  const other = bytes.slice();
  other[0] = 9;
  expect(() => loadComparison(other, SETTINGS)).toThrow(/version is 9; it must be 1; restore/);
  expect(() => loadComparison(new Uint8Array(), SETTINGS)).toThrow(/version is missing/);
  expect(() => loadComparison(bytes.subarray(0, 40), SETTINGS)).toThrow(/40 bytes/);
  expect(() => loadComparison(bytes, { ...SETTINGS, segments: 2 })).toThrow(/bytes; its settings need/);
});

test('every flipped bit of a state is seen', () => {
  const bytes = saveComparison(createComparison(SETTINGS));
  for (let bit = 0; bit < 8 * bytes.length; bit += 1) {
    const flipped = bytes.slice();
    flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
    expect(() => loadComparison(flipped, SETTINGS)).toThrow(/restore a snapshot/);
  }
});

test('wealth neither underflows nor overflows, and the peak stays', () => {
  const process = createEProcess(PROMOTE_GRID);
  const bet = (reward: number) => betOnHigher(process, PROMOTE_GRID, 0.5, 0.5, true, reward, 0.5, 0);
  for (let i = 0; i < 200_000; i += 1) bet(1);
  expect(Number.isFinite(logEValueOf(process))).toBe(true);
  const { peak } = process;
  expect(peak).toBeGreaterThan(1e200);
  for (let i = 0; i < 2_000_000; i += 1) bet(0);
  expect(logEValueOf(process)).toBeGreaterThan(-70);
  expect(logEValueOf(process)).toBeLessThan(-60);
  expect(process.peak).toBe(peak);
});

test('an outcome that cannot be one is refused and changes nothing', () => {
  const comparison = folded(SETTINGS, [{ segment: 0, challenger: true, reward: 1, propensity: 0.5 }]);
  const before = saveComparison(comparison);
  expect(() => observe(comparison, 1, true, 1, 0.5)).toThrow(/segment is 1; it must be an index below 1/);
  expect(() => observe(comparison, 0, true, 1.5, 0.5)).toThrow(/reward is 1.5; it must be in \[0, 1\]; scale it/);
  expect(() => observe(comparison, 0, true, Number.NaN, 0.5)).toThrow(/reward is NaN/);
  for (const pi of [0, 1, Number.NaN, -0.1])
    expect(() => observe(comparison, 0, true, 1, pi)).toThrow(/propensity is .*; it must be above 0 and below 1; log/);
  expect(saveComparison(comparison)).toEqual(before);
});

test('settings that cannot serve are refused', () => {
  const create = (changed: Partial<ComparisonSettings>) => () => createComparison({ ...SETTINGS, ...changed });
  const grid = { unit: 'relative' as const, sizes: [0.1, 0.2] };
  expect(create({ segments: 0 })).toThrow(/segments is 0/);
  expect(create({ margin: -1 })).toThrow(/margin is -1/);
  expect(create({ tolerance: 1 })).toThrow(/tolerance is 1/);
  expect(create({ promote: { ...grid, sizes: [0.2, 0.1] } })).toThrow(/sizes\[1\] is 0.1; sizes must be/);
  expect(create({ harm: { ...grid, sizes: [] } })).toThrow(/0 entries/);
  expect(create({ harm: { ...grid, unit: 'pp' as 'relative' } })).toThrow(/unit is pp/);
});
