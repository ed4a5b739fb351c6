import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { generateTypes } from '../generate.ts';
import { decode, encode, schemaId } from '../src/codec.ts';
import { EventError } from '../src/errors.ts';

const prediction = {
  model: 'm',
  version: '1',
  featureSet: 'fs',
  eventTimeMs: 1_000,
  numeric: [1.5, Number.NaN, -0],
  categorical: ['a', null],
  outputs: [0.25],
  id: 'p1',
  unit: null,
  segment: { region: 'eu' },
  routing: null,
  latencyMs: 2.5,
};

test('a prediction keeps every field', () => {
  expect(decode(encode('PredictionLogged', prediction))).toEqual({
    name: 'PredictionLogged',
    event: { ...prediction, routing: null },
  });
});

test('the types are generated from the schemas as they stand', () => {
  expect(readFileSync(join(import.meta.dirname, '../src/generated/events.ts'), 'utf8')).toBe(generateTypes());
});

test('every field of every schema has a doc', () => {
  const missing: string[] = [];
  const walk = (schema: unknown, path: string): void => {
    if (Array.isArray(schema)) for (const branch of schema) walk(branch, path);
    else if (typeof schema === 'object' && schema !== null) {
      const record = schema as {
        name?: string;
        doc?: string;
        fields?: { name: string; doc?: string; type: unknown }[];
        items?: unknown;
        values?: unknown;
      };
      for (const field of record.fields ?? []) {
        if (!field.doc) missing.push(`${path}.${field.name}`);
        walk(field.type, `${path}.${field.name}`);
      }
      walk(record.items, path);
      walk(record.values, path);
    }
  };
  const folder = join(import.meta.dirname, '../schemas');
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.avsc')))
    walk(JSON.parse(readFileSync(join(folder, file), 'utf8')), file);
  expect(missing).toEqual([]);
});

test.each([
  ['nothing', Buffer.alloc(0), 'UNDECODABLE'],
  ['JSON', Buffer.from('{"model":"m"}'), 'UNDECODABLE'],
  ['an unknown id', Buffer.from([0, 0, 0, 3, 231, 1]), 'UNKNOWN_SCHEMA'],
  ['a cut body', encode('PredictionLogged', prediction).subarray(0, 20), 'UNDECODABLE'],
  ['trailing bytes', Buffer.concat([encode('PredictionLogged', prediction), Buffer.from([1])]), 'UNDECODABLE'],
])('%s is refused with its code', (_what, bytes, code) => {
  expect(() => decode(bytes)).toThrow(expect.objectContaining({ code }));
});

test('an event that does not fit names the field', () => {
  expect(() => encode('PredictionLogged', { ...prediction, version: 3 } as never)).toThrow(/field version is 3/);
});

test('hostile bytes give an EventError and nothing else', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (body) => {
      const bytes = Buffer.concat([Buffer.from([0, 0, 0, 0, schemaId('PredictionLogged')]), body]);
      let thrown: unknown;
      try {
        decode(bytes);
      } catch (error) {
        thrown = error;
      }
      expect(thrown === undefined || thrown instanceof EventError).toBe(true);
    }),
  );
});
