import fc from 'fast-check';
import { expect, test } from 'vitest';
import { binnedQuantiles, quantilesOf, referenceQuantiles } from '../src/quantiles.ts';
import { RecentValues } from '../src/recent-values.ts';
import { referenceOf } from '../src/reference.ts';
import { SlidingKs } from '../src/sliding-ks.ts';

const sample = fc.array(fc.integer({ min: -20, max: 20 }), { minLength: 1, maxLength: 200 });

/** The smallest value at or below which lies the share. */
function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted.find((x) => values.filter((each) => each <= x).length >= share * values.length) as number;
}

test('of a sample and of the reference that it makes: the definition', () => {
  fc.assert(
    fc.property(sample, (values) => {
      const [low, median, high] = [0.05, 0.5, 0.95].map((share) => quantile(values, share));
      expect(quantilesOf(Float64Array.from(values))).toEqual({ low, median, high });
      expect(referenceQuantiles(referenceOf(values))).toEqual({ low, median, high });
    }),
  );
});

test('of bins: within the gap that holds the quantile, and unknown beyond the reference', () => {
  fc.assert(
    fc.property(sample, sample, (from, values) => {
      const reference = referenceOf(from);
      const ks = new SlidingKs(reference, values.length);
      for (const x of values) ks.push(x);
      const found = binnedQuantiles(reference, ks.counts(), values.length);
      const { low, median, high } = quantilesOf(Float64Array.from(values));
      const [min, max] = [Math.min(...from), Math.max(...from)];
      expect(found === undefined).toBe(low < min || high > max || median < min || median > max);
      const isNear = (binned: number, exact: number): boolean =>
        from.includes(exact)
          ? binned === exact
          : // Nothing of the reference lies between the two.
            !from.some((x) => x > Math.min(binned, exact) && x < Math.max(binned, exact));
      const shown = found ?? { low, median, high };
      expect(found === undefined || isNear(shown.low, low)).toBe(true);
      expect(found === undefined || isNear(shown.median, median)).toBe(true);
      expect(found === undefined || isNear(shown.high, high)).toBe(true);
    }),
  );
});

test('the last values, pushed some at once and counted one by one, restored at any moment', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double()),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 5 }),
      (values, capacity, most) => {
        let recent = new RecentValues(capacity, most);
        for (let from = 0; from < values.length; from += most) {
          const chunk = values.slice(from, from + most);
          for (const value of chunk) recent.push(value);
          for (let counted = from + 1; counted <= from + chunk.length; counted += 1) {
            recent.ahead -= 1;
            const size = Math.min(capacity, counted);
            expect(recent.size).toBe(size);
            expect([...recent.newest(capacity)]).toEqual(values.slice(counted - size, counted));
            expect(recent.last(size + 1)).toBeUndefined();
          }
          const restored = new RecentValues(capacity, most);
          restored.restore(recent.newest(capacity));
          recent = restored;
        }
      },
    ),
  );
});
