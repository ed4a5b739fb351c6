/** The stated false-alarm rate is kept: simulated under exchangeable values, over many references, with a confidence bound. */
import { binomialLimit } from '@weir/stats/binomial';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { expect, test } from 'vitest';
import { referenceOf } from '../src/reference.ts';
import { SlidingKs } from '../src/sliding-ks.ts';
import { SlidingMissing } from '../src/sliding-missing.ts';
import { threshold } from '../src/threshold.ts';

const READINGS_PER_FALSE_ALARM = 1_000;
const REFERENCES = 200;
const READINGS = 20_000;

/** Values that repeat, values that never do. */
const families: readonly (readonly [string, (u: number) => number])[] = [
  ['continuous', (u) => -Math.log(1 - u)],
  ['five values', (u) => Math.floor(5 * u)],
];

/** Windows overlap, so readings of one stream move together: the spread is taken between streams, which share nothing. */
function upperBound(shares: readonly number[]): number {
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
  const variance = shares.reduce((sum, share) => sum + (share - mean) ** 2, 0) / (shares.length - 1);
  return mean + 3 * Math.sqrt(variance / shares.length);
}

test.each(families.flatMap(([name, draw]) => [[name, 200, 200, draw] as const, [name, 1_000, 100, draw] as const]))(
  '%s, m = %i, W = %i: at most one reading in 1,000 passes the threshold without drift',
  (_, m, window, draw) => {
    const rng = xoroshiro128plus(20_010_101);
    for (let i = 0; i < 64; i += 1) uniformFloat64(rng);
    const next = (): number => draw(uniformFloat64(rng));
    const limit = threshold(m, window, { readingsPerFalseAlarm: READINGS_PER_FALSE_ALARM, minEffect: 0 });
    const shares: number[] = [];
    for (let reference = 0; reference < REFERENCES; reference += 1) {
      const ks = new SlidingKs(referenceOf(Array.from({ length: m }, next)), window);
      for (let i = 0; i < window; i += 1) ks.push(next());
      let passed = 0;
      for (let reading = 0; reading < READINGS; reading += 1) {
        ks.push(next());
        if (ks.statisticOf(ks.height) >= limit) passed += 1;
      }
      shares.push(passed / READINGS);
    }
    const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
    expect(mean).toBeLessThanOrEqual(1 / READINGS_PER_FALSE_ALARM);
    expect(upperBound(shares)).toBeLessThanOrEqual(2 / READINGS_PER_FALSE_ALARM);
  },
);

test('missing values: at most one reading in 1,000 passes the limit at the expected share', () => {
  const rng = xoroshiro128plus(7);
  for (let i = 0; i < 64; i += 1) uniformFloat64(rng);
  const [window, share] = [500, 0.03];
  const limit = binomialLimit(window, share, 1 / READINGS_PER_FALSE_ALARM);
  const shares: number[] = [];
  for (let stream = 0; stream < REFERENCES; stream += 1) {
    const missing = new SlidingMissing(window);
    let passed = 0;
    for (let position = 1; position <= window + READINGS; position += 1) {
      if (uniformFloat64(rng) < share) missing.push(position, position);
      if (position > window && missing.countAt(position) >= limit) passed += 1;
    }
    shares.push(passed / READINGS);
  }
  expect(upperBound(shares)).toBeLessThanOrEqual(1 / READINGS_PER_FALSE_ALARM);
  // A limit nobody ever reaches would keep the promise too.
  expect(shares.some((each) => each > 0)).toBe(true);
});
