import { expect, test } from 'vitest';
import { chanceOfOdd } from '../../src/calibration/odd-count.ts';

/**
 * Of n reference and m new scores in random order: how many of the new ones are above the k-th largest of the reference's, by counting all
 * orders.
 */
function share(n: number, k: number, m: number, count: number): number {
  let [all, hit] = [0, 0];
  for (let order = 0; order < 2 ** (n + m); order += 1) {
    let [references, above, news] = [0, 0, 0];
    for (let at = 0; at < n + m; at += 1)
      if ((order >> at) % 2 === 1) references += 1;
      else {
        news += 1;
        if (references < k) above += 1;
      }
    if (references !== n || news !== m) continue;
    all += 1;
    if (above >= count) hit += 1;
  }
  return hit / all;
}

test.each([
  [9, 1, 4],
  [9, 3, 5],
  [7, 2, 6],
])('reference of %i, level %i/(n + 1), %i events: as counted over all orders', (n, k, m) => {
  for (let count = 0; count <= m + 1; count += 1)
    expect(chanceOfOdd(k / (n + 1), n, m, count)).toBeCloseTo(share(n, k, m, count), 12);
});

test('the mean is events · α, also below the level that the reference resolves', () => {
  for (const [alpha, size, events] of [
    [1e-4, 4_000, 3_000],
    [0.01, 1_000, 500],
  ] as const) {
    let mean = 0;
    for (let count = 1; count <= events; count += 1) mean += chanceOfOdd(alpha, size, events, count);
    expect(mean).toBeCloseTo(alpha * events, 8);
  }
});

test('no events, all events, and what is refused', () => {
  expect(chanceOfOdd(0.01, 1_000, 0, 0)).toBe(1);
  expect(chanceOfOdd(0.01, 1_000, 0, 1)).toBe(0);
  expect(chanceOfOdd(0.01, 1_000, 1_000_000, 1_000_001)).toBeCloseTo(0, 9);
  expect(() => chanceOfOdd(0, 1_000, 1, 1)).toThrow(/alpha is 0; it must be above 0 and below 1/);
});
