/** Every text and time of an event has a bound, which its schema states and both readers keep. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decode, type EventName, encode } from '../src/codec.ts';
import { typeOf } from '../src/exact-long.ts';
import type { PredictionLogged } from '../src/generated/events.ts';
import { textBound } from '../src/limits.ts';
import { PredictionReader } from '../src/prediction-reader.ts';
import { readVarint, writeVarint } from '../src/varint.ts';
import { SAMPLES } from './samples.ts';

const folder = join(import.meta.dirname, '../schemas');
const sample = SAMPLES.PredictionLogged;

/** What a producer without bounds would write. */
function unbounded(name: EventName, event: object): Buffer {
  const schema = JSON.parse(readFileSync(join(folder, `${name}.avsc`), 'utf8')) as object;
  return Buffer.concat([encode(name, SAMPLES[name] as never).subarray(0, 5), typeOf(schema).toBuffer(event)]);
}

function codeAndMessage(read: () => unknown): string {
  try {
    read();
    return 'accepted';
  } catch (error) {
    return `${(error as { code: string }).code} ${(error as Error).message}`;
  }
}

interface Schema {
  readonly name?: string;
  readonly fields?: readonly { readonly name: string; readonly doc: string; readonly type: unknown }[];
  readonly items?: unknown;
  readonly values?: unknown;
}

test('the doc of every text and event time states its bound', () => {
  let stated = 0;
  const walk = (schema: unknown): void => {
    if (Array.isArray(schema)) for (const branch of schema) walk(branch);
    if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return;
    const { name: record = '', fields = [], items, values } = schema as Schema;
    for (const { name, doc, type } of fields) {
      walk(type);
      const isText = JSON.stringify(type)
        .replaceAll(/\{"type":"(record|enum)".*\}/g, '')
        .includes('"string"');
      const bound = isText ? `t most ${textBound(record, name).toLocaleString('en')} bytes of UTF-8.` : '';
      expect(doc, `${record}.${name}`).toContain(name === 'eventTimeMs' ? 'Within ±8.64e15.' : bound);
      if (isText) stated += 1;
    }
    walk(items);
    walk(values);
  };
  for (const file of readdirSync(folder).filter((each) => each.endsWith('.avsc')))
    walk(JSON.parse(readFileSync(join(folder, file), 'utf8')));
  expect(stated).toBeGreaterThan(40);
});

describe('a prediction', () => {
  const long = (bytes: number): string => 'é'.repeat(bytes / 2);
  const cases: readonly (readonly [string, (text: string) => Partial<PredictionLogged>, number])[] = [
    ['model', (text) => ({ model: text }), 512],
    ['version', (text) => ({ version: text }), 512],
    ['featureSet', (text) => ({ featureSet: text }), 512],
    ['unit', (text) => ({ unit: text }), 512],
    ['segment', (text) => ({ segment: { [text]: 'eu' } }), 512],
    ['segment', (text) => ({ segment: { region: text } }), 512],
    ['arm', (text) => ({ routing: { epoch: 1, arm: text, propensity: 0.5 } }), 512],
    ['id', (text) => ({ id: text }), 1_024],
    ['categorical', (text) => ({ categorical: [null, text] }), 8_192],
  ];

  test.each(cases)('its %s is bounded, by both readers and by the writer', (field, change, bound) => {
    const reader = new PredictionReader();
    const fits = unbounded('PredictionLogged', { ...sample, ...change(long(bound)) });
    expect(decode(fits).event).toMatchObject(change(long(bound)));
    expect(reader.read(fits)).toBeDefined();
    const passes = unbounded('PredictionLogged', { ...sample, ...change(long(bound + 2)) });
    const message = new RegExp(
      `^OUT_OF_BOUNDS PredictionLogged: field ${field} has a (text|name) of ${bound + 2} bytes, at most ${bound} are allowed; shorten it$`,
    );
    expect(codeAndMessage(() => decode(passes))).toMatch(message);
    expect(codeAndMessage(() => reader.read(passes))).toMatch(message);
    const refused = codeAndMessage(() => encode('PredictionLogged', { ...sample, ...change(long(bound + 2)) }));
    expect(refused).toMatch(new RegExp(`^UNENCODABLE .*field ${field} has .* at most ${bound}`));
  });

  test.each([8.64e15, -8.64e15, -5e15, -1, 0])('at %d ms keeps its time', (eventTimeMs) => {
    const bytes = encode('PredictionLogged', { ...sample, eventTimeMs });
    expect(decode(bytes).event).toMatchObject({ eventTimeMs });
    expect(new PredictionReader().read(bytes)).toMatchObject({ eventTimeMs });
  });

  test.each([8.64e15 + 1, -8.64e15 - 1, -9e15, 9e15, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER])(
    'at %d ms is refused by name',
    (eventTimeMs) => {
      const bytes = unbounded('PredictionLogged', { ...sample, eventTimeMs });
      const reader = new PredictionReader();
      const message = `OUT_OF_BOUNDS PredictionLogged: field eventTimeMs is ${eventTimeMs}, outside ±8640000000000000; give milliseconds since 1970-01-01 UTC, not micro- or nanoseconds`;
      expect(codeAndMessage(() => decode(bytes))).toBe(message);
      expect(codeAndMessage(() => reader.read(bytes))).toBe(message);
    },
  );
});

test('names inside a registration and a reference are bounded', () => {
  const name = 'x'.repeat(513);
  const registered = SAMPLES.ModelVersionRegistered;
  for (const [event, field] of [
    [{ ...registered, featureSet: { ...registered.featureSet, id: name } }, 'id'],
    [{ ...registered, outputs: [{ name, unit: null }] }, 'name'],
    [{ ...registered, outputs: [{ name: 'score', unit: name }] }, 'unit'],
  ] as const)
    expect(codeAndMessage(() => decode(unbounded('ModelVersionRegistered', event)))).toMatch(
      new RegExp(`^OUT_OF_BOUNDS .*field ${field} has a text of 513 bytes, at most 512`),
    );
  expect(codeAndMessage(() => decode(unbounded('ReferenceSet', { ...SAMPLES.ReferenceSet, column: name })))).toMatch(
    /field column has/,
  );
});

test('varints keep every safe integer and its sign, and agree with 64-bit arithmetic', () => {
  const edge = fc.constantFrom(0, -1, 1, 63, 64, -64, -65, 2 ** 31, -(2 ** 52) - 1, Number.MIN_SAFE_INTEGER);
  fc.assert(
    fc.property(fc.oneof(edge, fc.maxSafeInteger()), (value) => {
      const zigzag = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n));
      const groups: number[] = [];
      for (let rest = zigzag; groups.length === 0 || rest > 0n; rest >>= 7n) groups.push(Number(rest & 127n));
      const bytes = groups.map((group, index) => (index < groups.length - 1 ? group | 128 : group));
      expect([...writeVarint(value)]).toEqual(bytes);
      expect(readVarint(Uint8Array.from(bytes), 0)).toEqual({ value: value + 0, at: bytes.length });
    }),
    { numRuns: 2_000 },
  );
  expect(readVarint(Uint8Array.from([128, 128]), 0)).toBeUndefined();
  expect(readVarint(new Uint8Array(11).fill(128), 0)).toBeUndefined();
});
