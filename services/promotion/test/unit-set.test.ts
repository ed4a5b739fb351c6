import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { expect, test } from 'vitest';
import { MAX_UNITS, UnitSet } from '../src/unit-set.ts';

test('knows what a set knows, restored at any place, also where hashes share a word', () => {
  const random = xoroshiro128plus(1);
  let units = new UnitSet();
  const known = new Set<string>();
  for (let step = 0; step < 20_000; step += 1) {
    const [high, low] = [uniformInt(random, 0, 99), uniformInt(random, 1, 99)];
    expect(units.add(high, low)).toBe(!known.has(`${high} ${low}`));
    known.add(`${high} ${low}`);
    if (step % 1_000 === 0) units = new UnitSet(units.table.slice());
  }
  expect(units.size).toBe(known.size);
});

test('a full set knows no new unit, and goes on knowing the others', () => {
  const units = new UnitSet();
  for (let unit = 0; unit < MAX_UNITS; unit += 1) units.add(unit, unit * 2_654_435_761 + 1);
  expect(units.size).toBe(MAX_UNITS);
  expect(units.add(7, 9)).toBe(false);
  expect(units.add(0, 1)).toBe(false);
  expect(units.size).toBe(MAX_UNITS);
});
