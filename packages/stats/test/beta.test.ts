import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { betaCdf, betaQuantile } from '../src/beta.ts';

const { cases } = JSON.parse(readFileSync(`${import.meta.dirname}/golden/beta.json`, 'utf8')) as {
  cases: readonly (readonly [number, number, number, string, string, string])[];
};

test.each(cases)("Beta(%d, %d): SciPy's quantile at %d, and its law there and above", (a, b, share, x, at, above) => {
  const quantile = Number(x);
  expect(betaCdf(quantile, a, b) / Number(at)).toBeCloseTo(1, 8);
  expect(betaCdf(Math.min(1, 1.3 * quantile), a, b) / Number(above)).toBeCloseTo(1, 8);
  expect(betaQuantile(share, a, b) / quantile).toBeCloseTo(1, 6);
});

test('the ends', () => {
  expect(betaCdf(0, 2, 3)).toBe(0);
  expect(betaCdf(1, 2, 3)).toBe(1);
  expect(betaCdf(0.5, 1, 1)).toBeCloseTo(0.5, 13);
});
