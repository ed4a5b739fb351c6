import { expect, test } from 'vitest';
import { gridFrom } from '../../src/sequential/grid-distance.ts';
import { NeighbourCopies, type Shift } from '../../src/sequential/neighbour-copies.ts';
import { StateReader } from '../../src/state/state-reader.ts';
import { StateWriter } from '../../src/state/state-writer.ts';
import { drawsOf } from '../streams.ts';

const WINDOW = 256;
/** References: uniform from 0 to 10, 5 to 25, 0 to 100 and −50 to 50. */
const BOUNDS = [
  [0, 10],
  [5, 25],
  [0, 100],
  [-50, 50],
] as const;

type Row = number[];

function judged(change: (row: Row, index: number) => Row, bounds: readonly (readonly [number, number])[] = BOUNDS) {
  const grids = bounds.map(([min, max]) =>
    gridFrom({
      grid: Array.from({ length: 100 }, (_, i) => ({
        value: min + ((max - min) * (i + 1)) / 100,
        share: (i + 1) / 100,
      })),
      present: 10_000,
      infinite: 0,
    }),
  );
  const draws = drawsOf(3);
  const rows = Array.from({ length: WINDOW }, (_, index) =>
    change(
      bounds.map(([min, max]) => min + (max - min) * draws.uniform()),
      index,
    ),
  );
  const sorted = bounds.map((_, column) =>
    Float64Array.from(rows.map((row) => row[column] as number).filter((value) => !Number.isNaN(value))).sort(),
  );
  const windows = { sorted, grids, bounds, end: bounds.length };
  const judgedBy = (isRestored: boolean): Shift | undefined => {
    let copies = new NeighbourCopies(bounds.length);
    for (const [index, row] of rows.entries()) {
      if (isRestored && index === 100) copies = restored(copies, bounds.length);
      copies.add(row);
    }
    return copies.judge(windows);
  };
  const found = judgedBy(false);
  expect(judgedBy(true)).toEqual(found);
  return found;
}

const KIND = { id: 99, name: 'copies', version: 3, oldest: 3 } as const;

function restored(copies: NeighbourCopies, columns: number): NeighbourCopies {
  const writer = new StateWriter();
  copies.write(writer);
  const reader = new StateReader(writer.finish(KIND), KIND);
  const next = new NeighbourCopies(columns);
  next.read(reader);
  reader.end();
  return next;
}

const fromOn =
  (column: number): ((row: Row) => Row) =>
  (row) => [...row.slice(0, column), ...row.slice(column - 1, -1)];

test('usual rows have no shift', () => {
  expect(judged((row) => row)).toBeUndefined();
});

test.each([1, 2, 3])('columns from %i on that hold the one before', (from) => {
  expect(judged(fromOn(from))).toEqual({ from, to: 4, step: 1, events: WINDOW });
});

test('a shift to the left', () => {
  expect(judged((row) => [...row.slice(1), row[3] as number])).toEqual({ from: 0, to: 3, step: -1, events: WINDOW });
});

test('missing values are no pairs, and it is known with which event it began', () => {
  const found = judged((row, index) => {
    if (index < 2) return row;
    return fromOn(2)(index % 3 === 0 ? row.with(1, Number.NaN) : row);
  });
  expect(found).toEqual({ from: 2, to: 4, step: 1, events: WINDOW - 2 });
});

test('columns of one law, and columns that stand still, are equal without a fault', () => {
  const alike = [
    [0, 10],
    [0, 10],
    [0, 100],
  ] as const;
  expect(judged((row) => row.with(1, row[0] as number), alike)).toBeUndefined();
  expect(judged((row) => fromOn(2)(row.with(1, 7)))).toBeUndefined();
});

test('a copy whose followers keep their own values is no shift', () => {
  expect(judged((row) => row.with(2, row[1] as number))).toBeUndefined();
});
