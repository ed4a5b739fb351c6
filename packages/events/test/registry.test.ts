/** Ids from a registry. The server here speaks the two calls of Confluent's API that are used. */
import { createServer, type Server } from 'node:http';
import { json } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { SAMPLES } from './samples.ts';

interface Registered {
  readonly subject: string;
  readonly schema: string;
}

let server: Server;
let url: string;
/** By id, which starts far from those of the lock file. */
let schemas: Map<number, Registered>;
let asked: string[];
let authorization: string | undefined;
let status: number | undefined;

beforeEach(async () => {
  vi.resetModules();
  schemas = new Map();
  asked = [];
  status = undefined;
  server = createServer((request, response) => {
    const answer = (code: number, body: unknown): void => void response.writeHead(code).end(JSON.stringify(body));
    const path = request.url ?? '';
    asked.push(`${request.method} ${path}`);
    authorization = request.headers.authorization;
    if (status !== undefined) return answer(status, { error_code: status, message: 'as the test wants' });
    const subject = /^\/subjects\/([^/]+)\/versions$/.exec(path)?.[1];
    if (subject !== undefined) {
      void json(request).then((body) => answer(200, { id: register(subject, (body as { schema: string }).schema) }));
      return;
    }
    const found = schemas.get(Number(/^\/schemas\/ids\/(\d+)$/.exec(path)?.[1]));
    return found === undefined
      ? answer(404, { error_code: 40_403, message: 'Schema not found' })
      : answer(200, { schema: found.schema });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://user:secret@127.0.0.1:${(server.address() as { port: number }).port}`;
});
afterEach(() => new Promise((resolve) => server.close(resolve)));

function register(subject: string, schema: string): number {
  const known = [...schemas].find(([, each]) => each.subject === subject && each.schema === schema)?.[0];
  if (known !== undefined) return known;
  const id = 700 + schemas.size;
  schemas.set(id, { subject, schema });
  return id;
}

async function adopted() {
  const { adoptRegistry } = await import('../src/registry.ts');
  await adoptRegistry(url);
  const codec = await import('../src/codec.ts');
  const { PredictionReader } = await import('../src/prediction-reader.ts');
  return { ...codec, PredictionReader };
}

test('schemas are registered under their record names, with the credentials of the address, and their ids are written and read', async () => {
  const { encode, decode, PredictionReader } = await adopted();
  expect([...schemas.values()].map(({ subject }) => subject)).toContain('weir.PredictionLogged');
  expect(authorization).toBe(`Basic ${Buffer.from('user:secret').toString('base64')}`);
  const bytes = encode('PredictionLogged', SAMPLES.PredictionLogged);
  expect(schemas.get(bytes.readUInt32BE(1))?.subject).toBe('weir.PredictionLogged');
  expect(decode(bytes).event).toMatchObject({ id: 'p1' });
  expect(new PredictionReader().read(bytes)).toMatchObject({ name: 'PredictionLogged', numeric: 2 });
});

test('an id that somebody else wrote with is looked up once, and read as ours', async () => {
  const { encode, decode, PredictionReader, SCHEMAS } = await adopted();
  const schema = structuredClone(SCHEMAS.get('PredictionLogged')) as {
    fields: { name: string; type: unknown; default?: unknown }[];
  };
  // A later version: one more field, in front.
  schema.fields.unshift({ name: 'added', type: 'int', default: 0 });
  const id = register('weir.PredictionLogged', JSON.stringify(schema));
  const ours = encode('PredictionLogged', SAMPLES.PredictionLogged);
  const theirs = Buffer.concat([ours.subarray(0, 5), Buffer.from([14]), ours.subarray(5)]);
  theirs.writeUInt32BE(id, 1);
  expect(() => decode(theirs)).toThrow(expect.objectContaining({ code: 'UNKNOWN_SCHEMA', retriable: true }));
  await vi.waitFor(() => expect(decode(theirs)).toEqual(decode(ours)));
  expect(new PredictionReader().read(theirs)).toMatchObject({ name: 'PredictionLogged', numeric: 2 });
  expect(asked.filter((each) => each.endsWith(`/schemas/ids/${id}`))).toHaveLength(1);
});

test('an id that the registry does not know, or that is no event of ours, is refused for good', async () => {
  const { decode } = await adopted();
  const record = { type: 'record', name: 'Stranger', namespace: 'elsewhere', fields: [] };
  const stranger = register('elsewhere', JSON.stringify(record));
  for (const id of [99, stranger]) {
    const bytes = Buffer.from([0, 0, 0, id >> 8, id & 255]);
    await vi.waitFor(() =>
      expect(() => decode(bytes)).toThrow(expect.objectContaining({ code: 'UNKNOWN_SCHEMA', retriable: false })),
    );
  }
});

test('a schema that contains itself is refused, not walked for ever', async () => {
  const { decode, SCHEMAS } = await adopted();
  const schema = structuredClone(SCHEMAS.get('OutcomeObserved')) as { fields: object[] };
  schema.fields.push({ name: 'before', type: ['null', 'weir.OutcomeObserved'], default: null });
  const id = register('weir.OutcomeObserved', JSON.stringify(schema));
  const bytes = Buffer.from([0, 0, 0, id >> 8, id & 255]);
  await vi.waitFor(() =>
    expect(() => decode(bytes)).toThrow(
      expect.objectContaining({
        code: 'UNKNOWN_SCHEMA',
        retriable: false,
        message: expect.stringContaining('cannot be read as ours') as string,
      }),
    ),
  );
});

test('a registry that fails while it is asked leaves the record to be read later', async () => {
  const { encode, decode, SCHEMAS } = await adopted();
  const id = register('another', JSON.stringify({ ...SCHEMAS.get('OutcomeObserved'), doc: 'the same' }));
  const bytes = encode('OutcomeObserved', SAMPLES.OutcomeObserved);
  const ours = Buffer.from(bytes);
  bytes.writeUInt32BE(id, 1);
  status = 500;
  expect(() => decode(bytes)).toThrow(expect.objectContaining({ retriable: true }));
  await vi.waitFor(() => expect(asked.some((each) => each.endsWith(`/${id}`))).toBe(true));
  status = undefined;
  await vi.waitFor(() => expect(decode(bytes)).toEqual(decode(ours)), { timeout: 5_000, interval: 100 });
});

test('a registry that refuses, or is not there, is an error with its address, without the password', async () => {
  const { adoptRegistry } = await import('../src/registry.ts');
  status = 409;
  const refused = await adoptRegistry(url).catch(String);
  expect(refused).toMatch(
    /^RegistryError: the schema registry at http:\/\/127\.0\.0\.1:\d+ refused weir\.\w+ \(409: as the test wants\)/,
  );
  expect(refused).not.toContain('secret');
  await expect(adoptRegistry('http://127.0.0.1:9')).rejects.toThrow(/did not answer POST .*SCHEMA_REGISTRY_URL/);
});
