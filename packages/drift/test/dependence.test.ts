import { dependenceOf } from '@weir/stats/serial-dependence';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { expect, test } from 'vitest';
import { dependenceIn } from '../src/dependence.ts';
import { RecentValues } from '../src/recent-values.ts';
import { referenceOf } from '../src/reference.ts';
import { SlidingKs } from '../src/sliding-ks.ts';

const RUNS = 2_000;

/** Shares of runs that are called dependent: first-order autoregression of the coefficient, with a step in its middle. */
function share(coefficient: number, step: number, size: number): number {
  const random = xoroshiro128plus(7);
  for (let index = 0; index < 100; index += 1) uniformFloat64(random);
  let dependent = 0;
  for (let run = 0; run < RUNS; run += 1) {
    let x = 0;
    const bins = Uint32Array.from({ length: size }, (_, index) => {
      x = coefficient * x + uniformFloat64(random) - 0.5;
      return 1_000 * (3 + x + (index > size / 2 ? step : 0));
    });
    if (dependenceOf(bins).isDependent) dependent += 1;
  }
  return dependent / RUNS;
}

test('independent values, also around one change, are called dependent in about one window of a thousand', () => {
  expect(share(0, 0, 1_000)).toBeLessThan(0.005);
  expect(share(0, 0, 100)).toBeLessThan(0.005);
  expect(share(0, 0.5, 1_000)).toBeLessThan(0.005);
});

test('autoregression is found', () => {
  expect(share(0.2, 0, 1_000)).toBeGreaterThan(0.99);
  expect(share(0.5, 0, 100)).toBeGreaterThan(0.8);
});

test('the correlation of a window that is all the same is 0', () => {
  expect(dependenceOf(new Uint32Array(50).fill(3))).toEqual({ lagOne: 0, isDependent: false });
  expect(dependenceOf(new Uint32Array(0))).toEqual({ lagOne: 0, isDependent: false });
});

test('beyond the range of the reference the values themselves are ranked', () => {
  const reference = referenceOf([1, 2, 3]);
  const window = new SlidingKs(reference, 200);
  const recent = new RecentValues(200, 1);
  for (let index = 0; index < 200; index += 1) {
    const value = 10 + Math.sin(index / 5);
    window.push(value);
    recent.push(value);
    recent.ahead = 0;
  }
  expect(dependenceOf(window.bins()).isDependent).toBe(false);
  expect(dependenceIn(window, recent)).toMatchObject({ isDependent: true });
});
