import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { binOf, createReference, referenceOf } from '../src/reference.ts';
import { SlidingKs } from '../src/sliding-ks.ts';

interface Case {
  readonly family: string;
  readonly reference: readonly string[];
  readonly stream: readonly string[];
  readonly window: number;
  readonly every: number;
  readonly statistics: readonly string[];
}
const golden = JSON.parse(readFileSync(new URL('./golden/ks_2samp.json', import.meta.url), 'utf8')) as {
  readonly cases: readonly Case[];
};

test('the golden file covers the eight families', () => {
  expect(new Set(golden.cases.map(({ family }) => family)).size).toBe(8);
});

test.each(golden.cases.map((each) => [each.family, each.window, each] as const))(
  '%s, W = %i: D has the bits of SciPy',
  (_family, window, each) => {
    const ks = new SlidingKs(referenceOf(each.reference.map(Number)), window);
    const found: number[] = [];
    for (const [index, x] of each.stream.map(Number).entries()) {
      ks.push(x);
      if ((index + 1) % each.every === 0) found.push(ks.read().statistic);
    }
    expect(found).toEqual(each.statistics.map(Number));
  },
);

/** The definition, by counting. */
function naive(reference: readonly number[], window: readonly number[]): number {
  let height = 0;
  for (const x of [...reference, ...window]) {
    const below = (sample: readonly number[]): number => sample.filter((value) => value <= x).length;
    height = Math.max(height, Math.abs(window.length * below(reference) - reference.length * below(window)));
  }
  return height;
}

const value = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(-0, 0, 5e-324, 1e308, -1e308),
);

test('the tree equals the definition at every event, ties and extremes included', () => {
  fc.assert(
    fc.property(
      fc.array(value, { minLength: 1, maxLength: 20 }),
      fc.array(value, { minLength: 1, maxLength: 40 }),
      fc.integer({ min: 1, max: 12 }),
      (reference, stream, window) => {
        const ks = new SlidingKs(referenceOf(reference), window);
        for (let end = 1; end <= stream.length; end += 1) {
          ks.push(stream[end - 1] as number);
          const now = stream.slice(Math.max(0, end - window), end);
          expect(ks.height).toBe(naive(reference, now));
          const reading = ks.read();
          expect(reading.statistic).toBe(ks.statisticOf(ks.height));
        }
      },
    ),
  );
});

test('the bin search equals a linear search', () => {
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 60 }), value, (sample, x) => {
      const reference = referenceOf(sample);
      const at = reference.values.findIndex((each) => each >= x);
      const expected = at < 0 ? 2 * reference.values.length : reference.values[at] === x ? 2 * at + 1 : 2 * at;
      expect(binOf(reference, x)).toBe(expected);
    }),
  );
});

test.each([
  ['EMPTY_REFERENCE', [], []],
  ['NOT_ASCENDING', [2, 1], [1, 1]],
  ['NOT_ASCENDING', [1, Number.NaN], [1, 1]],
  ['BAD_COUNT', [1, 2], [1, 0]],
  ['BAD_COUNT', [1, 2], [1]],
] as const)('%s is refused', (code, values, counts) => {
  expect(() => createReference(values, counts)).toThrow(expect.objectContaining({ code }));
});

test.each([
  ['just inside 32 bits', 2 ** 20 - 1],
  ['just beyond 32 bits', 2 ** 20],
  ['far beyond', 2 ** 33],
])('with m·W %s the tree equals a plain sum over the bins', (_, m) => {
  const W = 1_024;
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -3, max: 12 }), { minLength: W + 50, maxLength: W + 300 }), (stream) => {
      // Ten values that share m as unevenly as can be.
      const counts = [1, 1, 1, 1, m - 9, 1, 1, 1, 1, 1];
      const reference = createReference(
        counts.map((_each, index) => index),
        counts.map((count) => Math.min(count, 0xffffffff)),
      );
      const ks = new SlidingKs(reference, W);
      for (const [index, x] of stream.entries()) {
        ks.push(x);
        if (index % 37 !== 0) continue;
        const n = ks.windowSize;
        const bins = ks.counts();
        let h = 0;
        let height = 0;
        for (let i = 0; i <= counts.length; i += 1) {
          h -= reference.m * (bins[2 * i] as number);
          height = Math.max(height, Math.abs(h));
          if (i === counts.length) break;
          h += n * (reference.counts[i] as number) - reference.m * (bins[2 * i + 1] as number);
          height = Math.max(height, Math.abs(h));
        }
        expect(ks.height).toBe(height);
      }
    }),
    { numRuns: 30 },
  );
});
