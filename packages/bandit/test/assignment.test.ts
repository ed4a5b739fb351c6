import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { armOf, type BucketRange, bucketOf, bucketsMoved } from '../src/assignment.ts';
import { rangesFor } from '../src/bucket-ranges.ts';
import { rounded, WHOLE } from '../src/weights.ts';

const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();
const golden = JSON.parse(readFileSync(join(import.meta.dirname, 'golden/assignment.json'), 'utf8')) as {
  readonly ranges: readonly (readonly [string, number, number])[];
  readonly cases: readonly (readonly [salt: string, unit: string, bucket: number, arm: string])[];
};

test('buckets and arms are those of the golden vectors', () => {
  const ranges = golden.ranges.map(([arm, start, end]) => ({ arm, start, end }));
  expect(golden.cases.length).toBeGreaterThan(500);
  for (const [salt, unit, bucket, arm] of golden.cases) {
    expect(bucketOf(salt, unit, sha256)).toBe(bucket);
    expect(armOf(ranges, bucket)).toBe(arm);
  }
});

test('units spread evenly over the buckets', () => {
  const tenths = Array.from({ length: 10 }, () => 0);
  for (let unit = 0; unit < 50_000; unit += 1) {
    const tenth = Math.floor(bucketOf('spread', `u${unit}`, sha256) / 100_000);
    tenths[tenth] = (tenths[tenth] as number) + 1;
  }
  for (const count of tenths) expect(Math.abs(count - 5_000)).toBeLessThan(300);
});

const weights = fc
  .array(fc.integer({ min: 0, max: 1_000 }), { minLength: 5, maxLength: 5 })
  .filter((raw) => raw.some((each) => each > 0))
  .map((raw) => {
    const sum = raw.reduce((total, each) => total + each, 0);
    const whole = rounded(raw.map((each) => (each * WHOLE) / sum));
    return new Map(whole.map((weight, index) => [`v${index}`, weight] as const));
  });

function holdings(ranges: readonly BucketRange[]): Map<string, number> {
  const held = new Map<string, number>();
  for (const { arm, start, end } of ranges) held.set(arm, (held.get(arm) ?? 0) + end - start);
  return held;
}

test('a change of weights moves exactly the sum of the gains, and only to growing arms', () => {
  fc.assert(
    fc.property(fc.array(weights, { minLength: 2, maxLength: 12 }), (epochs) => {
      let ranges: readonly BucketRange[] = [];
      for (const wanted of epochs) {
        const held = holdings(ranges);
        const next = rangesFor(ranges, wanted);
        for (const [arm, weight] of wanted) expect(holdings(next).get(arm) ?? 0).toBe(weight);
        next.forEach(({ start, end }, index) => {
          expect(start).toBe(next[index - 1]?.end ?? 0);
          expect(end).toBeGreaterThan(start);
        });
        expect(next.at(-1)?.end).toBe(WHOLE);
        let gains = 0;
        for (const [arm, weight] of wanted) gains += Math.max(0, weight - (held.get(arm) ?? 0));
        expect(bucketsMoved(ranges, next)).toBe(ranges.length === 0 ? 0 : gains);
        ranges = next;
      }
    }),
    { seed: 61, numRuns: 300 },
  );
});

test('a ramp keeps two ranges, and who had the challenger keeps it while it grows', () => {
  let ranges: readonly BucketRange[] = [];
  for (const challenger of [50_000, 100_000, 250_000, 500_000, 300_000, 950_000, 0, 50_000]) {
    const before = ranges;
    ranges = rangesFor(
      ranges,
      new Map([
        ['champion', WHOLE - challenger],
        ['challenger', challenger],
      ]),
    );
    expect(ranges.length).toBeLessThanOrEqual(2);
    const had = before.find(({ arm }) => arm === 'challenger');
    const has = ranges.find(({ arm }) => arm === 'challenger');
    const grown = had !== undefined && has !== undefined && has.end - has.start > had.end - had.start;
    expect(!grown || (has.start <= had.start && has.end >= had.end)).toBe(true);
  }
});

test('ranges stay few over thousands of epochs', () => {
  let ranges: readonly BucketRange[] = [];
  let most = 0;
  fc.assert(
    fc.property(weights, (wanted) => {
      ranges = rangesFor(ranges, wanted);
      most = Math.max(most, ranges.length);
    }),
    { seed: 62, numRuns: 5_000 },
  );
  expect(most).toBeLessThan(60);
});

test('what cannot be assigned is refused', () => {
  expect(() => bucketOf('a|b', 'u', sha256)).toThrow(/salt is "a\|b"; it must not be empty nor contain/);
  expect(() => bucketOf('', 'u', sha256)).toThrow(/salt is ""/);
  expect(() => bucketOf('a', '', sha256)).toThrow(/unit is ""/);
  expect(() => bucketOf('a', '\ud800', sha256)).toThrow(/must be well-formed/);
  expect(() => armOf([], 3)).toThrow(/bucket is 3/);
  expect(() => armOf([{ arm: 'a', start: 0, end: WHOLE }], WHOLE)).toThrow(/bucket is 1000000/);
  expect(() => rangesFor([], new Map([['a', 1]]))).toThrow(/weights sum to 1; they must sum to 1000000/);
  expect(() => rangesFor([], new Map([['a', 0.5]]))).toThrow(/weight of a is 0.5/);
});
