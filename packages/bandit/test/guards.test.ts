import fc from 'fast-check';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { expect, test } from 'vitest';
import { HARM_GRID } from '../src/default-grids.ts';
import {
  createLatencyGuard,
  loadLatencyGuard,
  observeLatency,
  peakOfLatency,
  saveLatencyGuard,
} from '../src/latency-guard.ts';
import { createRateGuard, loadRateGuard, observeRate, peakOfRate, saveRateGuard } from '../src/rate-guard.ts';
import { createRunningQuantile, follow } from '../src/running-quantile.ts';
import { createSampleRatio, loadSampleRatio, observeArrival, saveSampleRatio } from '../src/sample-ratio.ts';

const LEVEL = 1 / 0.0125;
const generator = (seed: number): (() => number) => {
  const rng = xoroshiro128plus(seed);
  uniformFloat64(rng);
  return () => uniformFloat64(rng);
};

/** Outcomes until the guard's peak reaches its level; `limit` when it never does. */
function outcomesToBreach(limit: number, step: (outcome: number) => number): number {
  for (let outcome = 1; outcome <= limit; outcome += 1) if (step(outcome) >= LEVEL) return outcome;
  return limit;
}

test('error rate: four times the errors are found in some hundreds of outcomes of the challenger, equal rates are not', () => {
  const draw = generator(1);
  const run = (champion: number, challenger: number): number => {
    const guard = createRateGuard({ grid: HARM_GRID, against: 'higher' });
    return outcomesToBreach(20_000, () => {
      const arm = draw() < 0.5;
      observeRate(guard, arm, draw() < (arm ? challenger : champion) ? 1 : 0, 0.5);
      return peakOfRate(guard);
    });
  };
  const found = Array.from({ length: 40 }, () => run(0.005, 0.02));
  expect(found.reduce((sum, each) => sum + each, 0) / 40).toBeLessThan(3_000);
  expect(Math.max(...found)).toBeLessThan(20_000);
  expect(Array.from({ length: 40 }, () => run(0.005, 0.005)).filter((each) => each < 20_000).length).toBeLessThan(3);
  expect(run(0.02, 0.005)).toBe(20_000);
});

test('join rate: a difference in either direction is found', () => {
  for (const [champion, challenger] of [
    [0.95, 0.85],
    [0.85, 0.95],
  ] as const) {
    const draw = generator(2);
    const guard = createRateGuard({ grid: HARM_GRID, against: 'different' });
    const found = outcomesToBreach(20_000, () => {
      const arm = draw() < 0.3;
      observeRate(guard, arm, draw() < (arm ? challenger : champion) ? 1 : 0, 0.3);
      return peakOfRate(guard);
    });
    expect(found).toBeLessThan(2_000);
  }
});

test('two directions share the level: the peak is half of the larger', () => {
  const one = createRateGuard({ grid: HARM_GRID, against: 'higher' });
  const both = createRateGuard({ grid: HARM_GRID, against: 'different' });
  for (let i = 0; i < 300; i += 1)
    for (const guard of [one, both]) observeRate(guard, i % 2 === 0, i % 2 === 0 ? 1 : 0, 0.5);
  expect(peakOfRate(one)).toBeGreaterThan(LEVEL);
  expect(peakOfRate(both)).toBe(peakOfRate(one) / 2);
});

test('running quantile: about 1 % of a stream lies above the 99th percentile, also after its scale has changed', () => {
  const draw = generator(3);
  const state = createRunningQuantile();
  const shareAbove = (scale: number): number => {
    let above = 0;
    for (let i = 0; i < 60_000; i += 1) {
      const value = scale * (1 + 1 / (1.001 - draw()) ** 0.4);
      if (i >= 20_000 && value > state.estimate) above += 1;
      follow(state, value, 0.99);
    }
    return above / 40_000;
  };
  for (const scale of [1, 40, 0.2]) {
    const share = shareAbove(scale);
    expect(share).toBeGreaterThan(0.008);
    expect(share).toBeLessThan(0.0125);
  }
});

test('latency: a longer tail is found, an equal one is not', () => {
  const run = (factor: number): number => {
    const draw = generator(4);
    const guard = createLatencyGuard(HARM_GRID);
    return outcomesToBreach(60_000, () => {
      const arm = draw() < 0.2;
      const tail = 10 * (1 + 1 / (1.001 - draw()) ** 0.4);
      observeLatency(guard, arm, arm ? tail * factor : tail, 0.2);
      return peakOfLatency(guard);
    });
  };
  expect(run(1)).toBe(60_000);
  expect(run(1.5)).toBeLessThan(20_000);
  expect(run(0.7)).toBe(60_000);
});

const propensities = fc
  .array(fc.double({ min: 0.02, max: 1, noNaN: true }), { minLength: 3, maxLength: 3 })
  .map((raw) => raw.map((each) => each / raw.reduce((sum, one) => sum + one, 0)));

test('sample ratio: under a faithful split the expected factor is 1, whatever happened before', () => {
  const past = fc.array(fc.tuple(fc.nat(2), propensities), { maxLength: 60 });
  fc.assert(
    fc.property(past, propensities, (arrivals, next) => {
      const after = (arm: number | undefined) => {
        const state = createSampleRatio(3);
        for (const [each, pi] of arrivals) observeArrival(state, each, pi);
        if (arm !== undefined) observeArrival(state, arm, next);
        return state.wealth;
      };
      const mean = next.reduce((sum, pi, arm) => sum + pi * after(arm), 0);
      expect(mean / after(undefined)).toBeCloseTo(1, 12);
    }),
    { seed: 41, numRuns: 200 },
  );
});

test('sample ratio: one per cent of traffic that goes to another arm is found', () => {
  const draw = generator(5);
  const state = createSampleRatio(2);
  const found = outcomesToBreach(2_000_000, () => {
    observeArrival(state, draw() < 0.06 ? 1 : 0, [0.95, 0.05]);
    return state.peak;
  });
  expect(found).toBeLessThan(20_000);
  const faithful = createSampleRatio(2);
  for (let i = 0; i < 200_000; i += 1) observeArrival(faithful, draw() < 0.05 ? 1 : 0, [0.95, 0.05]);
  expect(faithful.peak).toBeLessThan(LEVEL);
});

test('restored, guards go on as if never stopped', () => {
  const rateSettings = { grid: HARM_GRID, against: 'different' } as const;
  let rate = createRateGuard(rateSettings);
  let latency = createLatencyGuard(HARM_GRID);
  let ratio = createSampleRatio(2);
  const never = [createRateGuard(rateSettings), createLatencyGuard(HARM_GRID), createSampleRatio(2)] as const;
  const draw = generator(6);
  for (let i = 0; i < 900; i += 1) {
    const arm = draw() < 0.4;
    const value = draw();
    for (const [a, b, c] of [[rate, latency, ratio], never] as const) {
      observeRate(a, arm, value, 0.4);
      observeLatency(b, arm, 5 + value, 0.4);
      observeArrival(c, arm ? 1 : 0, [0.6, 0.4]);
    }
    rate = loadRateGuard(saveRateGuard(rate), rateSettings);
    latency = loadLatencyGuard(saveLatencyGuard(latency), HARM_GRID);
    ratio = loadSampleRatio(saveSampleRatio(ratio), 2);
  }
  expect([rate, latency, ratio]).toEqual(never);
  expect(() => loadRateGuard(saveRateGuard(rate), { ...rateSettings, against: 'higher' })).toThrow(/bytes/);
});

test('observations that cannot be are refused and change nothing', () => {
  const latency = createLatencyGuard(HARM_GRID);
  expect(() => observeLatency(latency, true, 0, 0.5)).toThrow(/latencyMs is 0; it must be above 0/);
  expect(() => observeLatency(latency, true, Number.POSITIVE_INFINITY, 0.5)).toThrow(/latencyMs is Infinity/);
  const ratio = createSampleRatio(2);
  expect(() => observeArrival(ratio, 2, [0.5, 0.5])).toThrow(/arm is 2 of 2 propensities/);
  expect(() => observeArrival(ratio, 0, [1])).toThrow(/the test has 2 arms/);
  expect(() => observeArrival(ratio, 0, [0, 1])).toThrow(/propensities\[0\] is 0/);
  expect(() => observeArrival(ratio, 0, [0.5, 0.6])).toThrow(/propensities sum to 1.1; they must sum to 1; log/);
  expect(ratio).toEqual(createSampleRatio(2));
});
