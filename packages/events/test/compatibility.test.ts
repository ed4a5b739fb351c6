/** An id means the same bytes for ever, and every published version of an event reads every other. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { canonical, incompatibility } from '../compatibility.ts';
import { decode, type EventName, encode } from '../src/codec.ts';
import { SAMPLES } from './samples.ts';

interface Schema {
  readonly name: string;
  readonly fields: { name: string; type: unknown; default?: unknown }[];
}

const folder = join(import.meta.dirname, '../schemas');
const read = (path: string): Schema => JSON.parse(readFileSync(join(folder, path), 'utf8')) as Schema;
const ids = JSON.parse(readFileSync(join(folder, 'ids.lock.json'), 'utf8')) as Record<EventName, number>;
const names = Object.keys(ids) as EventName[];
const published = readdirSync(join(folder, 'published')).map((file) => ({
  id: Number.parseInt(file, 10),
  ...read(`published/${file}`),
}));

test('no id is used twice', () => {
  expect(new Set(Object.values(ids)).size).toBe(names.length);
});

test.each(names)('%s is what was published under its id; a change needs a new id in ids.lock.json', (name) => {
  expect(canonical(read(`${name}.avsc`))).toBe(canonical(read(`published/${ids[name]}.avsc`)));
});

test('all pairs of published versions of an event read each other', () => {
  const pairs = published.flatMap((a) => published.filter(({ name }) => name === a.name).map((b) => [a, b] as const));
  expect(pairs.length).toBeGreaterThanOrEqual(names.length);
  expect(pairs.flatMap(([a, b]) => incompatibility(a, b) ?? [])).toEqual([]);
});

describe('one-line edits that break readers or writers are named', () => {
  const edits: readonly (readonly [string, (schema: Schema) => void])[] = [
    ['a field renamed', ({ fields }) => void ((fields[0] as { name: string }).name = 'renamed')],
    ['a field removed', ({ fields }) => void fields.splice(0, 1)],
    ['a field added without default', ({ fields }) => void fields.push({ name: 'added', type: 'string' })],
    ['a type changed', ({ fields }) => void ((fields[0] as { type: unknown }).type = 'bytes-like')],
    [
      'a type widened, which old readers cannot follow',
      ({ fields }) => void ((fields[0] as { type: unknown }).type = ['string', 'long']),
    ],
    ['the record renamed', (schema) => void ((schema as { name: string }).name = 'Another')],
  ];
  for (const name of names)
    test.each(edits)(`${name}: %s`, (_, edit) => {
      const schema = read(`${name}.avsc`);
      edit(schema);
      let said: string | undefined;
      try {
        said = incompatibility(read(`${name}.avsc`), schema);
      } catch (error) {
        // Not a schema at all any more.
        said = String(error);
      }
      expect(said).toBeDefined();
    });

  test('a field added with a default breaks nobody', () => {
    const schema = read('PredictionLogged.avsc');
    schema.fields.push({ name: 'added', type: 'string', default: '' });
    expect(incompatibility(read('PredictionLogged.avsc'), schema)).toBeUndefined();
  });
});

test.each(names)('%s: the committed bytes are written', async (name) => {
  const bytes = encode(name, SAMPLES[name] as never);
  await expect(`${bytes.toString('hex')}\n`).toMatchFileSnapshot(`golden/${ids[name]}.hex`);
});

test.each(published)('what was written under id $id, a $name, is read', ({ id, name, fields }) => {
  const bytes = Buffer.from(readFileSync(join(import.meta.dirname, `golden/${id}.hex`), 'utf8').trim(), 'hex');
  expect(bytes.readUInt32BE(1)).toBe(id);
  const sample = SAMPLES[name as EventName] as unknown as Readonly<Record<string, unknown>>;
  const written = Object.fromEntries(fields.map((field) => [field.name, sample[field.name]]));
  expect(decode(bytes)).toMatchObject({ name, event: written });
});
