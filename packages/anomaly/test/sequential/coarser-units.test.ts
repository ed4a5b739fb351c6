import { expect, test } from 'vitest';
import type { NumericProfile } from '../../src/quality/profile.ts';
import { lawOf } from '../../src/quality/profile.ts';
import { type Resolution, resolutionOf } from '../../src/quality/resolution.ts';
import { unitOfCoarser } from '../../src/sequential/coarser-units.ts';
import { DistributionFaults } from '../../src/sequential/distribution-faults.ts';
import { UNIT_CHANGES, WHOLE_FACTORS } from '../../src/sequential/units.ts';
import { drawsOf } from '../streams.ts';

/** A day of 20,000 events: hours in hundredths, which begin anew at midnight. */
const DAY = 20_000;
const hourAt = (event: number): number => Math.round((2_400 * (event % DAY)) / DAY) / 100;
const day = Float64Array.from({ length: DAY }, (_, event) => hourAt(event)).sort();
const resolution = resolutionOf(day) as Resolution;

test('the resolution of a column is the step of which all values are multiples', () => {
  expect(resolution.step).toBe(0.01);
  expect(resolution.multiples).toHaveLength(WHOLE_FACTORS.length);
  const tens = resolution.multiples[WHOLE_FACTORS.findIndex(({ factor }) => factor === 10)] as number;
  expect(tens).toBeCloseTo(0.1, 2);
  const wholes = (step: number) => Float64Array.from({ length: 50 }, (_, i) => step * (i - 20));
  expect(resolutionOf(wholes(1))?.step).toBe(1);
  expect(resolutionOf(wholes(4))?.step).toBe(4);
  expect(resolutionOf(wholes(1 / 60).map(Math.fround))?.step).toBe(1 / 60);
});

test('measured values, few values and values of too many steps have none', () => {
  const draws = drawsOf(1);
  expect(resolutionOf(Float64Array.from({ length: 1_000 }, () => draws.uniform()).sort())).toBeUndefined();
  expect(resolutionOf(Float64Array.from([1, 2, 3, 4]))).toBeUndefined();
  expect(resolutionOf(new Float64Array(0))).toBeUndefined();
  expect(resolutionOf(Float64Array.from({ length: 50 }, (_, i) => 1e9 + i))).toBeUndefined();
});

test.each(WHOLE_FACTORS)('$name: the factor $factor is told by how coarse values are', (change) => {
  const window = (from: number) =>
    Float64Array.from({ length: 256 }, (_, i) => hourAt(from + i) * change.factor).sort();
  for (let from = 0; from < DAY - 256; from += 997) {
    const found = unitOfCoarser(window(from), resolution, 0, 24);
    expect(UNIT_CHANGES[found]?.factor, `${from}`).toBe(change.factor);
  }
});

test('clean windows are not coarse', () => {
  for (let from = 0; from < DAY - 256; from += 97)
    expect(
      unitOfCoarser(Float64Array.from({ length: 256 }, (_, i) => hourAt(from + i)).sort(), resolution, 0, 24),
    ).toBe(-1);
});

const profile: NumericProfile = {
  name: 'hour',
  present: DAY,
  infinite: 0,
  integers: 0,
  ...lawOf(day),
  repeats: 0,
  longestRun: 1,
  move: 24,
  strayShare: 1,
};

test('a change that begins at midnight, while the column moves by its whole range, is named once it leaves the reference', () => {
  const faults = new DistributionFaults([profile], 1_000_000);
  const found = Array.from({ length: 2 * DAY }, (_, event) => {
    const hour = hourAt(event);
    return faults.add([event < DAY ? hour : hour * 10]);
  }).flat();
  expect(found).toMatchObject([{ fault: 'unit-change', field: 'hour', factor: 10 }]);
  expect(found[0]?.detail).toBe(
    'values are multiples of 0.01 times 10 (tens to ones); the reference has multiples of 0.01',
  );
  expect(found[0]?.since).toBeLessThan(DAY + 2_304);
  expect(faults.isOpen('unit-change', 'hour')).toBe(true);
});

test('hours that are rounded to tenths, and hours far beyond the day, are no change of unit', () => {
  for (const change of [(hour: number) => Math.round(10 * hour) / 10, (hour: number) => hour + 30]) {
    const faults = new DistributionFaults([profile], 1_000_000);
    const found = Array.from({ length: DAY }, (_, event) => faults.add([change(hourAt(event))])).flat();
    expect(found).toEqual([]);
  }
});
