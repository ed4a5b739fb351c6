import { expect, test } from 'vitest';
import { UNIT_CHANGES } from '../../src/sequential/units.ts';
import { unitOfWholes } from '../../src/sequential/whole-units.ts';
import { drawsOf } from '../streams.ts';

function window(change: (value: number, index: number) => number, seed = 1): Float64Array {
  const draws = drawsOf(seed);
  return Float64Array.from({ length: 256 }, (_, index) => change(50 + draws.below(2_500), index)).sort();
}

const BREAKING = UNIT_CHANGES.filter(({ factor, offset }) => {
  const divisor = 1 / factor;
  return !Number.isInteger(factor) && (offset !== 0 || Math.abs(divisor - Math.round(divisor)) > 1e-9);
});

test.each(BREAKING)(
  '$name: whole numbers times $factor are known, from the window on in which it begins',
  ({ name, factor, offset }) => {
    for (const carry of [(x: number) => x, Math.fround])
      for (const from of [0, 100])
        expect(
          UNIT_CHANGES[unitOfWholes(window((value, at) => (at < from ? value : carry(value * factor + offset))))]?.name,
        ).toBe(name);
  },
);

test('what is broken in another way is no change of unit', () => {
  const draws = drawsOf(2);
  for (let seed = 0; seed < 200; seed += 1) {
    expect(unitOfWholes(window((value) => value + draws.uniform(), seed))).toBe(-1);
    // Tenths, quarters, and one value that stands still.
    expect(unitOfWholes(window((value) => value + draws.below(10) / 10, seed))).toBe(-1);
    expect(unitOfWholes(window((value) => value + draws.below(4) / 4, seed))).toBe(-1);
    expect(unitOfWholes(window(() => 12 * 1.609_344, seed))).toBe(-1);
    expect(unitOfWholes(window((value) => value, seed))).toBe(-1);
    // Small values are no millionths of anything whole.
    expect(unitOfWholes(window((value) => value / 20_000, seed))).toBe(-1);
  }
});
