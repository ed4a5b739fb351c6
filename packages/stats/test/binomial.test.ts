import { expect, test } from 'vitest';
import { binomialLimit, binomialTailBound } from '../src/binomial.ts';

/** P(X ≥ count), by summing the probabilities. */
function exactTail(n: number, p: number, count: number): number {
  let term = (1 - p) ** n;
  let tail = 0;
  for (let k = 0; k <= n; k += 1) {
    if (k >= count) tail += term;
    term *= ((n - k) / (k + 1)) * (p / (1 - p));
  }
  return tail;
}

test('the bound is never below the exact tail, and close to it where alarms are', () => {
  for (const n of [1, 7, 40, 200])
    for (const p of [0.001, 0.05, 0.3, 0.9])
      for (let count = 0; count <= n; count += 1)
        expect(binomialTailBound(n, p, count)).toBeGreaterThanOrEqual(exactTail(n, p, count) * (1 - 1e-9));
  expect(binomialTailBound(200, 0.05, 40) / exactTail(200, 0.05, 40)).toBeLessThan(20);
});

test('every failure: the bound is the probability itself', () => {
  expect(binomialTailBound(5, 0.5, 5)).toBeCloseTo(1 / 32, 15);
});

test('the limit is the smallest count that is unlikely enough', () => {
  for (const [n, p, tail] of [
    [100, 0.01, 1e-6],
    [1_000, 0.2, 1e-9],
    [20, 0.5, 1e-3],
  ] as const) {
    const limit = binomialLimit(n, p, tail);
    expect(binomialTailBound(n, p, limit)).toBeLessThanOrEqual(tail);
    expect(binomialTailBound(n, p, limit - 1)).toBeGreaterThan(tail);
  }
  expect(binomialLimit(3, 0.5, 1e-9)).toBe(4);
});
