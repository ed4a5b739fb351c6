import { expect, test } from 'vitest';
import { FeatureTails, MEAN_TAIL } from '../../src/forest/feature-tails.ts';
import { drawsOf } from '../streams.ts';

/** The definition, by counting. */
function naive(rows: readonly Float64Array[], point: Float64Array): number {
  const tails: number[] = [];
  for (const [feature, value] of point.entries()) {
    const column = rows.map((row) => row[feature] as number).filter((each) => !Number.isNaN(each));
    if (Number.isNaN(value) || column.length === 0) continue;
    const atMost = column.filter((each) => each <= value).length;
    const atLeast = column.filter((each) => each >= value).length;
    tails.push(-Math.log((Math.min(atMost, atLeast) + 1) / (column.length + 1)));
  }
  return tails.length === 0 ? MEAN_TAIL : tails.reduce((sum, tail) => sum + tail, 0) / tails.length;
}

function meanOf(tails: FeatureTails, point: Float64Array): number {
  const out = new Float64Array(1);
  tails.meanInto(point, out);
  return out[0] as number;
}

test('rows that come and go: the mean tail equals the definition, with ties and missing values, and so does a new start', () => {
  const draws = drawsOf(1);
  const [d, capacity] = [3, 40];
  const tails = new FeatureTails(d, capacity);
  const rows: Float64Array[] = [];
  const draw = (): Float64Array =>
    Float64Array.from({ length: d }, (_, k) =>
      draws.uniform() < 0.1 ? Number.NaN : Math.fround(k === 0 ? draws.below(4) - 1 : draws.normal()),
    );
  const flat = new Float32Array(capacity * d);
  for (let i = 0; i < 400; i += 1) {
    const row = draw();
    const slot = i < capacity ? i : draws.below(capacity);
    if (i >= capacity) tails.remove(flat, slot * d);
    tails.add(row);
    flat.set(row, slot * d);
    rows[slot] = row;
    const point = draw();
    expect(meanOf(tails, point)).toBeCloseTo(naive(rows, point), 10);
    const anew = new FeatureTails(d, capacity);
    anew.load(flat, rows.length);
    expect(meanOf(anew, point)).toBe(meanOf(tails, point));
  }
});

test('the mean of the tails of a law itself is 1 + ln 2', () => {
  const draws = drawsOf(2);
  const tails = new FeatureTails(1, 4_000);
  for (let i = 0; i < 4_000; i += 1) tails.add(Float64Array.of(draws.normal()));
  let sum = 0;
  for (let i = 0; i < 20_000; i += 1) sum += meanOf(tails, Float64Array.of(draws.normal())) / 20_000;
  expect(sum).toBeCloseTo(MEAN_TAIL, 1);
});
