import fc from 'fast-check';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { expect, test } from 'vitest';
import { extremeOf } from '../src/extreme.ts';
import { onsetOf } from '../src/onset.ts';
import { binOf, referenceOf } from '../src/reference.ts';
import { SlidingKs } from '../src/sliding-ks.ts';
import { SlidingMissing } from '../src/sliding-missing.ts';

const value = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.double({ min: -4, max: 4, noNaN: true }));

test('the extreme is max|H| by its definition, and its cut attains it', () => {
  fc.assert(
    fc.property(
      fc.array(value, { minLength: 1, maxLength: 25 }),
      fc.array(value, { minLength: 1, maxLength: 25 }),
      (sample, window) => {
        const reference = referenceOf(sample);
        const bins = window.map((x) => binOf(reference, x));
        const counts = new Uint32Array(2 * reference.values.length + 1);
        for (const bin of bins) counts[bin] = (counts[bin] as number) + 1;
        const cut = extremeOf(reference, counts, window.length);
        const places = [...sample, ...window];
        const heightAt = (x: number): number =>
          window.length * sample.filter((y) => y <= x).length - sample.length * window.filter((y) => y <= x).length;
        expect(cut.height).toBe(Math.max(0, ...places.map((x) => Math.abs(heightAt(x)))));
        const lower = bins.filter((bin) => bin <= cut.lastBin).length;
        expect(cut.direction * (window.length * cut.below - sample.length * lower)).toBe(cut.height);
      },
    ),
  );
});

test('the onset is the start of the suffix with the largest S²/w, the shortest of several', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 1, maxLength: 40 }), (scores) => {
      const evidence = scores.map((_, from) => {
        const sum = scores.slice(from).reduce((a, b) => a + b, 0);
        return sum > 0 ? (sum * sum) / (scores.length - from) : 0;
      });
      const largest = Math.max(...evidence);
      const expected = largest === 0 ? scores.length - 1 : evidence.lastIndexOf(largest);
      expect(onsetOf(scores.length, (index) => scores[index] as number)).toBe(expected);
    }),
  );
});

test('a shift by half of the range is dated within 20 of 1,000 values, in nine of ten windows', () => {
  const rng = xoroshiro128plus(20_261_125);
  const reference = referenceOf(Array.from({ length: 2_000 }, () => uniformFloat64(rng)));
  let near = 0;
  for (let round = 0; round < 100; round += 1) {
    const ks = new SlidingKs(reference, 1_000);
    const change = 300 + 6 * round;
    for (let index = 0; index < 1_000; index += 1) ks.push(uniformFloat64(rng) + (index >= change ? 0.5 : 0));
    if (Math.abs(ks.onset() - change) <= 20) near += 1;
  }
  expect(near).toBeGreaterThanOrEqual(90);
});

test('missing values are dated where they became too many, not where the first was', () => {
  const missing = new SlidingMissing(1_000);
  for (let position = 1; position <= 1_000; position += 1) {
    const isMissing = position > 800 ? position % 2 === 0 : position % 100 === 0;
    if (isMissing) missing.push(position, 10 * position);
  }
  expect(missing.oldestMs).toBe(1_000);
  expect(missing.onsetMs(1_000, 0.01)).toBe(8_000);
});
