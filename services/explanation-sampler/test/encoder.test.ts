import { expect, test } from 'vitest';
import { Encoder } from '../src/models/encoder.ts';

const column = (name: string, type: 'numeric' | 'categorical' = 'numeric') => ({ name, type });
const row = (...numeric: number[]) => ({ count: 1, numeric: Float64Array.from(numeric), categorical: [[]] });

test('LightGBM writes underscores for spaces: the column is found all the same, and one of the very name first', () => {
  const encoder = new Encoder(['mean_radius', 'a_b'], [column('a b'), column('mean radius'), column('a_b')]);
  expect([...encoder.row(row(1, 2, 3), 0)]).toEqual([2, 3]);
  expect([...encoder.byColumn([10, 20])]).toEqual([0, 10, 20]);
});

test('of two columns that become the same name neither is taken', () => {
  expect(() => new Encoder(['a_b_c', 'd'], [column('a b_c'), column('a_b c'), column('d')])).toThrow(
    /the model has the feature "a_b_c", which the feature set does not; its columns are a b_c, a_b c, d/,
  );
});

test('dummies of a column with a space in its name', () => {
  const encoder = new Encoder(['home_town=Rome'], [column('home town', 'categorical')]);
  expect([...encoder.row({ count: 1, numeric: new Float64Array(0), categorical: [['Rome']] }, 0)]).toEqual([1]);
});
