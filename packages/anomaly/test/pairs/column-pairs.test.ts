import { expect, test } from 'vitest';
import { ReferenceCalibration } from '../../src/calibration/reference.ts';
import { ColumnPairs } from '../../src/pairs/column-pairs.ts';
import { SortedColumn } from '../../src/pairs/sorted-column.ts';
import { type Draws, drawsOf } from '../streams.ts';

const DIMENSIONS = 5;

/** The second follows the first upwards, the fifth the third downwards through an exponential; the fourth is alone. */
function rowOf(draws: Draws): Float32Array {
  const [first, third] = [draws.normal(), draws.normal()];
  return Float32Array.of(
    100 + 20 * first,
    3 * first + draws.normal(),
    third,
    draws.uniform(),
    Math.exp(-2 * third + 0.3 * draws.normal()),
  );
}

function tableOf(draws: Draws, count: number): Float32Array {
  const rows = new Float32Array(count * DIMENSIONS);
  for (let i = 0; i < count; i += 1) rows.set(rowOf(draws), i * DIMENSIONS);
  return rows;
}

test('finds the columns that go together, each pair once', () => {
  const pairs = ColumnPairs.of(tableOf(drawsOf(1), 2_048), DIMENSIONS, DIMENSIONS, 2_048);
  expect(pairs?.size).toBe(2);
  const others = drawsOf(2);
  const alone = Float32Array.from({ length: 3_000 }, () => others.normal());
  expect(ColumnPairs.of(alone, 3, 3, 1_000)).toBeUndefined();
  expect(ColumnPairs.of(alone.fill(7), 3, 3, 1_000)).toBeUndefined();
  expect(ColumnPairs.of(tableOf(drawsOf(1), 200), DIMENSIONS, DIMENSIONS, 200)).toBeUndefined();
});

test.each([
  { column: 1, partner: 0 },
  { column: 4, partner: 2 },
])(
  'a row whose columns are each usual and do not go together is strained, $column and $partner are named',
  ({ column, partner }) => {
    const draws = drawsOf(3);
    const pairs = ColumnPairs.of(tableOf(draws, 2_048), DIMENSIONS, DIMENSIONS, 2_048) as ColumnPairs;
    const clean = ReferenceCalibration.from(Array.from({ length: 4_000 }, () => pairs.strain(rowOf(draws))));
    let [found, named, expected, wrong] = [0, 0, 0, 0];
    for (let i = 0; i < 2_000; i += 1) {
      const row = rowOf(draws);
      if (clean.pValue(pairs.strain(row)) <= 0.01) wrong += 1;
      const whole = Array.from(row);
      row[column] = rowOf(draws)[column] as number;
      if (clean.pValue(pairs.strain(row)) > 0.01) continue;
      found += 1;
      const broken = pairs.broken(row);
      const told = new Set([broken?.column, broken?.partner]);
      if (!told.has(column) || !told.has(partner)) continue;
      named += 1;
      const range = broken?.column === column ? broken.expected : (broken?.partnerExpected ?? [0, 0]);
      if ((whole[column] as number) >= range[0] && (whole[column] as number) <= range[1]) expected += 1;
    }
    expect(wrong / 2_000).toBeLessThan(0.02);
    expect(found / 2_000).toBeGreaterThan(0.25);
    expect(named / found).toBeGreaterThan(0.97);
    // The range of nine tenths holds what the column was before it was broken.
    expect(expected / named).toBeGreaterThan(0.8);
  },
);

test('directions: the second is too low for the first, and the first too high for the second', () => {
  const pairs = ColumnPairs.of(tableOf(drawsOf(4), 2_048), DIMENSIONS, DIMENSIONS, 2_048) as ColumnPairs;
  const broken = pairs.broken([130, -4, 0, 0.5, 1]);
  const isFirst = broken?.column === 0;
  expect(isFirst ? broken?.isHigh : broken?.isPartnerHigh).toBe(true);
  expect(isFirst ? broken?.isPartnerHigh : broken?.isHigh).toBe(false);
});

test('missing values, infinities, copies and values from beyond are borne', () => {
  const draws = drawsOf(5);
  const rows = tableOf(draws, 1_024);
  for (let i = 0; i < 1_024; i += 7) rows[i * DIMENSIONS + 1] = Number.NaN;
  for (let i = 0; i < 1_024; i += 1) rows[i * DIMENSIONS + 3] = rows[i * DIMENSIONS] as number;
  const pairs = ColumnPairs.of(rows, DIMENSIONS, DIMENSIONS, 1_024) as ColumnPairs;
  expect(pairs.size).toBeGreaterThanOrEqual(2);
  expect(pairs.strain(new Float64Array(DIMENSIONS).fill(Number.NaN))).toBe(0);
  expect(pairs.broken(new Float64Array(DIMENSIONS).fill(Number.NaN))).toBeUndefined();
  for (const value of [Number.POSITIVE_INFINITY, -1e300, 1e15, 0])
    expect(Number.isFinite(pairs.strain([value, 0, 0, value, 1]))).toBe(true);
});

test('a column gives its own values back by their scores', () => {
  const column = new SortedColumn(Float32Array.of(5, 1, Number.NaN, 3, 3, 9));
  expect(column.size).toBe(5);
  expect([1, 5, 9].map((value) => column.at(column.score(value)))).toEqual([1, 5, 9]);
  expect(column.score(100)).toBeGreaterThan(column.score(9));
  expect(column.score(2)).toBeGreaterThan(column.score(1));
});
