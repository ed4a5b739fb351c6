import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decode } from '@weir/events/codec';
import type { ReferenceSet } from '@weir/events/generated/events';
import { expect, test } from 'vitest';
import { setReference } from '../src/set-reference.ts';
import { accepted, bytesOf, categorical, numeric, registered, registration, withReferences } from './scene.ts';

const catalogue = registered(registration());

test('a numeric reference', () => {
  const event = numeric({ values: [-1, -0, 2.5] });
  const outcome = accepted(setReference(catalogue, event));
  expect(outcome).toMatchObject({ change: 'set', warnings: [] });
  expect(outcome.catalogue.references.get('distance')).toEqual({
    type: 'numeric',
    column: 'distance',
    hash: event.hash,
    size: 1_502,
    missing: 4,
    values: Float64Array.of(-1, 0, 2.5),
    counts: Uint32Array.of(500, 1_000, 2),
    source: 'training',
    eventTimeMs: 2,
    id: 'r1',
  });
});

test('a categorical reference', () => {
  const event = categorical();
  const outcome = accepted(setReference(catalogue, event));
  expect(outcome).toMatchObject({ change: 'set', warnings: [] });
  expect(outcome.catalogue.references.get('carrier')).toEqual({
    type: 'categorical',
    column: 'carrier',
    hash: event.hash,
    size: 1_001,
    missing: 4,
    categories: ['AA', 'ÜB', '語'],
    counts: Uint32Array.of(900, 100, 1),
    source: 'training',
    eventTimeMs: 2,
    id: 'r1',
  });
});

test('an output has a reference too', () => {
  expect(setReference(catalogue, numeric({ column: 'minutes' }))).toMatchObject({ change: 'set' });
});

test('the hash of the present reference changes nothing, another replaces it, and what was given stays as it was', () => {
  const first = withReferences(catalogue, numeric());
  const before = bytesOf(first);
  const again = accepted(setReference(first, numeric({ id: 'r2' })));
  expect(again.change).toBe('none');
  expect(again.catalogue).toBe(first);
  const other = accepted(setReference(first, numeric({ missing: 5, id: 'r3' })));
  expect(other.change).toBe('replaced');
  expect(other.catalogue.references.get('distance')).toMatchObject({ missing: 5, id: 'r3' });
  expect(bytesOf(first)).toBe(before);
});

test.each<[string, ReferenceSet, string]>([
  ['a column that the model does not have', numeric({ column: 'other' }), 'UNKNOWN_COLUMN'],
  ['a numeric reference of a categorical column', numeric({ column: 'carrier' }), 'WRONG_COLUMN_TYPE'],
  ['a categorical reference of a numeric column', categorical({ column: 'distance' }), 'WRONG_COLUMN_TYPE'],
  ['a categorical reference of an output', categorical({ column: 'minutes' }), 'WRONG_COLUMN_TYPE'],
  ['another hash', numeric({ hash: '0'.repeat(64) }), 'HASH_MISMATCH'],
  ['the hash of the numeric reference without values', categorical({ hash: numeric().hash }), 'HASH_MISMATCH'],
  ['no value', numeric({ values: [], counts: [] }), 'EMPTY_REFERENCE'],
  ['no category', categorical({ categories: [], counts: [] }), 'EMPTY_REFERENCE'],
  ['values and categories', categorical({ values: [1] }), 'MIXED_REFERENCE'],
  ['a count too few', numeric({ counts: [1, 2] }), 'BAD_COUNT'],
  ['a count of 0', numeric({ counts: [1, 0, 2] }), 'BAD_COUNT'],
  ['a count beyond 32 bits', numeric({ counts: [1, 2 ** 32, 2] }), 'BAD_COUNT'],
  ['fewer than no missing values', numeric({ missing: -1 }), 'BAD_COUNT'],
  ['a category count too many', categorical({ counts: [1, 2, 3, 4] }), 'BAD_COUNT'],
  ['values that fall', numeric({ values: [0, -1, 2] }), 'NOT_ASCENDING'],
  ['a value twice', numeric({ values: [0, 0, 2] }), 'NOT_ASCENDING'],
  ['zero with both signs', numeric({ values: [-0, 0, 2] }), 'NOT_ASCENDING'],
  ['a value that is not a number', numeric({ values: [0, Number.NaN, 2] }), 'NOT_ASCENDING'],
  ['an infinite value', numeric({ values: [0, 1, Number.POSITIVE_INFINITY] }), 'NOT_ASCENDING'],
  ['a category twice', categorical({ categories: ['a', 'a', 'b'] }), 'NOT_ASCENDING'],
  // U+FF5E is below U+1F701 in UTF-8 and above its surrogates in UTF-16.
  ['categories in the order of UTF-16', categorical({ categories: ['a', '🜁', '～'] }), 'NOT_ASCENDING'],
])('%s is refused', (_, event, code) => {
  const before = bytesOf(catalogue);
  const message = expect.stringContaining(event.column) as string;
  expect(setReference(catalogue, event)).toEqual({ code, message });
  expect(bytesOf(catalogue)).toBe(before);
});

test('categories in the order of UTF-8 are taken', () => {
  expect(setReference(catalogue, categorical({ categories: ['a', '～', '🜁'] }))).toMatchObject({ change: 'set' });
});

test('more distinct values than a record holds are refused', () => {
  const values = Array.from({ length: 1_048_577 }, (_, index) => index);
  const event = { ...numeric(), values, counts: values.map(() => 1) };
  // Its hash is wrong as well, which is found first.
  expect(setReference(catalogue, event)).toMatchObject({ code: 'HASH_MISMATCH' });
  expect(setReference(catalogue, numeric({ values, counts: event.counts }))).toMatchObject({ code: 'TOO_MANY_VALUES' });
});

test.each([
  [999, ['reference-too-small']],
  [1_000, []],
])('of %i values the warnings are %s', (size, names) => {
  const { warnings } = accepted(setReference(catalogue, numeric({ values: [1, 2], counts: [1, size - 1] })));
  expect(warnings.map(({ name }) => name)).toEqual(names);
});

test('a name that is numeric in one feature set and categorical in another takes both references, with a warning', () => {
  const features = [{ name: 'carrier', type: 'numeric' as const, unit: null, protected: false }];
  const both = registered(registration(), registration({ version: '2', featureSet: { id: 'fs2', features } }));
  const first = withReferences(both, categorical());
  expect(setReference(first, numeric({ column: 'carrier' }))).toMatchObject({
    change: 'replaced',
    warnings: [{ name: 'reference-type-changed' }],
  });
});

test('a reference of before there were categories is numeric', () => {
  const golden = join(import.meta.dirname, '../../events/test/golden/5.hex');
  const event = decode(Buffer.from(readFileSync(golden, 'utf8').trim(), 'hex')).event as ReferenceSet;
  expect(event.categories).toBeNull();
  const { hash } = numeric({ values: event.values, counts: event.counts, missing: event.missing });
  expect(setReference(catalogue, { ...event, column: 'distance', hash })).toMatchObject({ change: 'set' });
});
