/** An id means the same bytes for ever, and later versions of an event read all earlier ones; where those cannot read back is listed. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { canonical, incompatibility, unreadable } from '../compatibility.ts';
import { decode, type EventName, encode } from '../src/codec.ts';
import { READ_AS, SAMPLES } from './samples.ts';

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

/** First ids that readers of earlier ones cannot read: docs/decisions/alert-details.md. */
const BREAKS: Partial<Record<EventName, number>> = { AlertRaised: 12, AlertResolved: 13 };
const successions = published.flatMap((earlier) =>
  published.filter(({ name, id }) => name === earlier.name && id > earlier.id).map((later) => ({ earlier, later })),
);
const breaks = ({ earlier, later }: (typeof successions)[number]): boolean => {
  const first = BREAKS[later.name as EventName] ?? Number.POSITIVE_INFINITY;
  return earlier.id < first && first <= later.id;
};

test('every version of an event reads all earlier ones', () => {
  expect(successions.length).toBeGreaterThanOrEqual(4);
  expect(successions.flatMap(({ earlier, later }) => unreadable(later, earlier) ?? [])).toEqual([]);
});

test('earlier versions read later ones, but for the breaks that are listed', () => {
  const kept = successions.filter((pair) => !breaks(pair));
  expect(kept.flatMap(({ earlier, later }) => unreadable(earlier, later) ?? [])).toEqual([]);
  const broken = successions.filter(({ earlier, later }) => unreadable(earlier, later) !== undefined);
  expect(broken.map(({ later }) => [later.name, later.id])).toEqual(Object.entries(BREAKS));
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

  test.each(['AlertRaised', 'AlertResolved'])('%s: another kind of alert, with its detail, breaks nobody', (name) => {
    const schema = read(`${name}.avsc`);
    const kind = schema.fields.find((field) => field.name === 'kind') as { type: unknown };
    (kind.type as { symbols: string[] }).symbols.splice(1, 0, 'cost');
    const fields = [{ name: 'currency', type: 'string' }];
    schema.fields.push({ name: 'cost', type: ['null', { type: 'record', name: 'CostDetail', fields }], default: null });
    expect(incompatibility(read(`${name}.avsc`), schema)).toBeUndefined();
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

const bytesOf = (id: number): Buffer =>
  Buffer.from(readFileSync(join(import.meta.dirname, `golden/${id}.hex`), 'utf8').trim(), 'hex');

test.each(published.filter(({ id }) => READ_AS[id] === undefined))(
  'what was written under id $id, a $name, is read',
  ({ id, name, fields }) => {
    const bytes = bytesOf(id);
    expect(bytes.readUInt32BE(1)).toBe(id);
    const sample = SAMPLES[name as EventName] as unknown as Readonly<Record<string, unknown>>;
    const written = Object.fromEntries(fields.map((field) => [field.name, sample[field.name]]));
    expect(decode(bytes)).toMatchObject({ name, event: written });
  },
);

test.each(published.filter(({ id }) => READ_AS[id] !== undefined))(
  'what was written under id $id, a $name of an earlier version, is read in the fields of the later one',
  ({ id, name }) => {
    const bytes = bytesOf(id);
    expect(bytes.readUInt32BE(1)).toBe(id);
    expect(decode(bytes)).toEqual({ name, event: READ_AS[id] });
  },
);
