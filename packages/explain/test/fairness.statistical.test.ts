/** Gate of the fairness alarms: false accusations at the boundary, at parity, for rare outcomes and over 64 cells; and that something is found. */
import { expect, test } from 'vitest';
import { BET_FIELDS, betOnA, betOnB, maxLogWealth } from '../src/fairness/tolerance-bet.ts';
import { seeded } from './random.ts';

const ALARM = Math.log(20);

/** Share of streams that ever alarm, and the median time of those that do. */
function simulate(
  streams: number,
  events: number,
  rateA: number,
  rateB: number,
  shareB: number,
  cells = 1,
): { readonly share: number; readonly median: number } {
  const times: number[] = [];
  for (let stream = 0; stream < streams; stream += 1) {
    const uniform = seeded(77_000 + stream);
    const bets = new Float64Array(BET_FIELDS * cells);
    const threshold = ALARM + Math.log(cells);
    for (let t = 1; t <= events; t += 1) {
      const cell = cells === 1 ? 0 : Math.floor(uniform() * cells) * BET_FIELDS;
      if (uniform() < shareB) betOnB(bets, cell, uniform() < rateB ? 1 : 0, 0.8, 'low');
      else betOnA(bets, cell, uniform() < rateA ? 1 : 0, 0.8, 'low');
      if (maxLogWealth(bets, cell) >= threshold) {
        times.push(t);
        break;
      }
    }
  }
  times.sort((a, b) => a - b);
  return {
    share: times.length / streams,
    median: times.length * 2 > streams ? times[streams >> 1]! : Number.POSITIVE_INFINITY,
  };
}

// Binomial upper bound at 300 streams: 5 % + 3 standard errors.
const NOISE = 3 * Math.sqrt((0.05 * 0.95) / 300);

test('at the boundary of the tolerance at most 5 % of 30,000-event streams are accused', () => {
  expect(simulate(300, 30_000, 0.24, 0.192, 0.33).share).toBeLessThanOrEqual(0.05 + NOISE);
  expect(simulate(300, 30_000, 0.05, 0.04, 0.1).share).toBeLessThanOrEqual(0.05 + NOISE);
});

test('at parity at most 1 % are accused', () => {
  expect(simulate(300, 30_000, 0.24, 0.24, 0.33).share).toBeLessThanOrEqual(0.01);
  expect(simulate(300, 30_000, 0.05, 0.05, 0.1).share).toBeLessThanOrEqual(0.01);
});

test('64 cells at the boundary are accused, any of them, in at most 5 % of streams', () => {
  expect(simulate(300, 60_000, 0.24, 0.192, 0.33, 64).share).toBeLessThanOrEqual(0.05 + NOISE);
});

test('the test is not trivial: ratios of 0.6 and 0.5 are found', () => {
  expect(simulate(200, 30_000, 0.24, 0.144, 0.33).median).toBeLessThanOrEqual(6_000);
  expect(simulate(200, 30_000, 0.24, 0.12, 0.33).median).toBeLessThanOrEqual(2_500);
});
