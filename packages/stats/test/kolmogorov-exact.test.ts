import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { kolmogorovTail } from '../src/kolmogorov.ts';
import { kolmogorovExactTail, kolmogorovPValue } from '../src/kolmogorov-exact.ts';

const { cases } = JSON.parse(readFileSync(new URL('./golden/ks_exact.json', import.meta.url), 'utf8')) as {
  readonly cases: readonly (readonly [m: number, n: number, height: number, p: string])[];
};

test('the exact tail is that of SciPy, small values included', () => {
  expect(cases.length).toBeGreaterThan(60);
  expect(Math.min(...cases.map(([, , , p]) => Number(p)))).toBeLessThan(1e-50);
  for (const [m, n, height, p] of cases) {
    const found = kolmogorovExactTail(m, n, height);
    expect(Math.abs(found / Number(p) - 1), `m ${m}, n ${n}, h ${height}: ${found}, SciPy ${p}`).toBeLessThan(1e-9);
  }
});

test('it is the share of all orderings of two small samples', () => {
  const [m, n] = [4, 5];
  const counts = new Map<number, number>();
  const walk = (i: number, j: number, highest: number): void => {
    const here = Math.max(highest, Math.abs(i * n - j * m));
    if (i === m && j === n) counts.set(here, (counts.get(here) ?? 0) + 1);
    if (i < m) walk(i + 1, j, here);
    if (j < n) walk(i, j + 1, here);
  };
  walk(0, 0, 0);
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  for (const height of counts.keys()) {
    const atLeast = [...counts].filter(([each]) => each >= height).reduce((sum, [, count]) => sum + count, 0);
    expect(kolmogorovExactTail(m, n, height)).toBeCloseTo(atLeast / total, 12);
  }
});

test('beyond its budget the limit law stands in, close to it', () => {
  const [m, n, height] = [1_000, 1_000, 60_000];
  const exact = kolmogorovPValue(m, n, height, 1e9);
  const limit = kolmogorovPValue(m, n, height, 0);
  expect(limit).toBe(kolmogorovTail(0.06 * Math.sqrt(500)));
  expect(Math.abs(limit / exact - 1)).toBeLessThan(0.05);
  expect(kolmogorovPValue(m, 0, 0, 0)).toBe(1);
});
