import { encode } from '@weir/events/codec';
import type { Feature } from '@weir/events/generated/events';
import { PredictionReader, type Row } from '@weir/events/prediction-reader';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ColumnLayout, layoutFor, layoutOfRow, lengthFault } from '../src/layout.ts';
import type { ModelCatalogue } from '../src/model-catalogue.ts';
import { isRejection } from '../src/outcome.ts';
import { FEATURES, numeric, registered, registration, withReferences } from './scene.ts';

function layout(catalogue: ModelCatalogue, featureSet = 'fs', version: string | null = '1'): ColumnLayout {
  const found = layoutFor(catalogue, featureSet, version);
  if (isRejection(found)) throw new Error(found.message);
  return found;
}

const shapes = fc
  .tuple(
    fc.uniqueArray(fc.string({ minLength: 1, maxLength: 6 }), { maxLength: 12 }),
    fc.array(fc.constantFrom('numeric', 'categorical', 'output'), { minLength: 12, maxLength: 12 }),
  )
  .map(([names, kinds]) =>
    names.map((name, at) => ({ name, kind: kinds[at] as 'numeric' | 'categorical' | 'output' })),
  );

test('every column finds its value: in the arrays of the event, and among the numbers of its row', () => {
  fc.assert(
    fc.property(shapes, (columns) => {
      const features = columns.flatMap(({ name, kind }): Feature[] =>
        kind === 'output' ? [] : [{ name, type: kind, unit: null, protected: false }],
      );
      const outputs = columns.flatMap(({ name, kind }) => (kind === 'output' ? [{ name, unit: null }] : []));
      const catalogue = registered(registration({ featureSet: { id: 'fs', features }, outputs }));
      // The value of a column is its place in `columns`, so that no two are alike.
      const valuesOf = (kind: string): number[] => columns.flatMap((column, at) => (column.kind === kind ? [at] : []));
      const event = {
        model: 'delay',
        version: '1',
        featureSet: 'fs',
        eventTimeMs: 1,
        numeric: valuesOf('numeric'),
        categorical: valuesOf('categorical').map(String),
        outputs: valuesOf('output'),
        id: 'p',
        unit: null,
        segment: {},
        routing: null,
        latencyMs: null,
      };
      const reader = new PredictionReader();
      const row = reader.read(encode('PredictionLogged', event)) as Row;
      const found = layout(catalogue);
      expect(layoutOfRow(catalogue, row)).toBe(found);
      expect(lengthFault(found, row)).toBeUndefined();
      expect(found.columns.map(({ name }) => name).sort()).toEqual(columns.map(({ name }) => name).sort());
      for (const { name, array, index, place } of found.columns) {
        const wanted = columns.findIndex((column) => column.name === name);
        expect(Number(event[array][index])).toBe(wanted);
        expect(array === 'categorical' ? index : reader.values[row.at + place]).toBe(
          array === 'categorical' ? place : wanted,
        );
      }
    }),
  );
});

test('columns carry unit and protection', () => {
  expect(layout(registered(registration())).columns).toEqual([
    {
      name: 'distance',
      type: 'numeric',
      isOutput: false,
      unit: 'mi',
      isProtected: false,
      array: 'numeric',
      index: 0,
      place: 0,
    },
    {
      name: 'age',
      type: 'numeric',
      isOutput: false,
      unit: 'a',
      isProtected: true,
      array: 'numeric',
      index: 1,
      place: 1,
    },
    {
      name: 'minutes',
      type: 'numeric',
      isOutput: true,
      unit: 'min',
      isProtected: false,
      array: 'outputs',
      index: 0,
      place: 2,
    },
    {
      name: 'carrier',
      type: 'categorical',
      isOutput: false,
      unit: null,
      isProtected: false,
      array: 'categorical',
      index: 0,
      place: 0,
    },
    {
      name: 'sex',
      type: 'categorical',
      isOutput: false,
      unit: null,
      isProtected: true,
      array: 'categorical',
      index: 1,
      place: 1,
    },
  ]);
});

test('feature events have no outputs', () => {
  const found = layout(registered(registration()), 'fs', null);
  expect(found).toMatchObject({ numeric: 2, categorical: 2, outputs: 0 });
  expect(found.columns.map(({ name }) => name)).not.toContain('minutes');
});

test('heads that agree share a layout, those that differ do not, and a new catalogue makes its own', () => {
  const outputs = [{ name: 'minutes', unit: 's' }];
  const catalogue = registered(
    registration(),
    registration({ version: '2' }),
    registration({ version: '3', outputs }),
    registration({ version: '4', featureSet: { id: 'copy', features: FEATURES } }),
  );
  expect(layout(catalogue, 'fs', '2')).toBe(layout(catalogue));
  expect(layout(catalogue, 'copy', '4')).toBe(layout(catalogue));
  expect(layout(catalogue, 'fs', '3')).not.toBe(layout(catalogue));
  const after = withReferences(catalogue, numeric());
  expect(layout(after)).toEqual(layout(catalogue));
});

test('a feature set whose id reads like a pair of others is not mistaken for it', () => {
  const features = FEATURES.slice(0, 1);
  const ids = ['a', 'a\nb', '1 ab', 'f'];
  const catalogue = registered(
    ...ids.map((id, at) =>
      registration({ version: at === 0 ? 'b' : `v${at}`, featureSet: { id, features: FEATURES.slice(0, at + 1) } }),
    ),
  );
  expect(features).toHaveLength(1);
  expect(layout(catalogue, 'a', 'b').columns).toHaveLength(2);
  for (const [at, id] of ids.entries()) {
    const { numeric: numbers, categorical } = layout(catalogue, id, null);
    expect(numbers + categorical).toBe(at + 1);
  }
});

test('what is not registered is refused with what there is', () => {
  const catalogue = registered(...Array.from({ length: 13 }, (_, at) => registration({ version: `${at}` })));
  expect(layoutFor(catalogue, 'other', '1')).toEqual({
    code: 'UNKNOWN_FEATURE_SET',
    message: 'featureSet is "other"; model delay has fs. Register the version that uses it',
  });
  expect(layoutFor(catalogue, 'fs', '13')).toEqual({
    code: 'UNKNOWN_VERSION',
    message: 'version is "13"; model delay has 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 3 more. Register it first',
  });
});

test.each([
  ['numeric', 3, 'feature set fs names 2'],
  ['categorical', 0, 'feature set fs names 2'],
  ['outputs', 2, 'version 1 names 1'],
] as const)('%s of another length is refused by name', (field, length, named) => {
  const head = { model: 'delay', version: '1', featureSet: 'fs' };
  const row = { head, numeric: 2, categorical: 2, outputs: 1, [field]: length };
  expect(lengthFault(layout(registered(registration())), row)).toEqual({
    code: 'WRONG_LENGTH',
    message: `${field} has ${length} values, ${named}; send one value per name, NaN or null for missing ones`,
  });
});
