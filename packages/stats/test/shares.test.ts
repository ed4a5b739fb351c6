import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { holm } from '../src/holm.ts';
import { fisherExact } from '../src/hypergeometric.ts';

const golden = JSON.parse(readFileSync(new URL('./golden/shares.json', import.meta.url), 'utf8')) as {
  readonly fisher: readonly (readonly [a: number, totalA: number, b: number, totalB: number, p: string])[];
  readonly holm: readonly (readonly [p: readonly string[], adjusted: readonly string[]])[];
};

test("Fisher's test is SciPy's, small values included", () => {
  expect(golden.fisher.length).toBeGreaterThan(50);
  expect(Math.min(...golden.fisher.map(([, , , , p]) => Number(p)))).toBeLessThan(1e-20);
  for (const [a, totalA, b, totalB, p] of golden.fisher) {
    const found = fisherExact(a, totalA, b, totalB);
    expect(Math.abs(found / Number(p) - 1), `${a}/${totalA}, ${b}/${totalB}: ${found}, SciPy ${p}`).toBeLessThan(1e-8);
  }
});

test("Fisher's test is the share of all draws of a small urn", () => {
  for (const [a, totalA, b, totalB] of [
    [1, 6, 4, 5],
    [3, 4, 0, 7],
    [2, 5, 3, 6],
  ] as const) {
    const total = totalA + totalB;
    const draws = Array.from({ length: 2 ** total }, (_, set) => set).filter((set) => ones(set) === totalB);
    const marked = 2 ** (a + b) - 1;
    const atLeast = draws.filter((set) => ones(set & marked) >= b).length / draws.length;
    const atMost = draws.filter((set) => ones(set & marked) <= b).length / draws.length;
    expect(fisherExact(a, totalA, b, totalB)).toBeCloseTo(Math.min(1, 2 * Math.min(atLeast, atMost)), 12);
  }
});

function ones(set: number): number {
  return set.toString(2).replaceAll('0', '').length;
}

test('no share can be told from another of nothing', () => {
  for (const [a, totalA, b, totalB] of [
    [0, 0, 3, 5],
    [0, 9, 0, 5],
    [9, 9, 5, 5],
    [1, 2, 0, 0],
  ] as const)
    expect(fisherExact(a, totalA, b, totalB)).toBe(1);
});

test("Holm's adjusted values are those of statsmodels, in the order of the tests", () => {
  for (const [p, adjusted] of golden.holm) {
    const found = holm(p.map(Number));
    for (const [index, value] of found.entries()) expect(value).toBeCloseTo(Number(adjusted[index]), 14);
  }
  expect(holm([])).toEqual([]);
});
