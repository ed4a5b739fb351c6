import { createHash } from 'node:crypto';
import { LogError } from '@weir/event-log/errors';
import { decode } from '@weir/events/codec';
import { categoricalReferenceHash, referenceHash } from '@weir/events/reference-hash';
import fc from 'fast-check';
import type { InjectOptions } from 'fastify';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Idempotency } from '../src/http/idempotency.ts';
import { createPrincipals } from '../src/http/principals.ts';
import { referenceOfCsv, referenceOfJson } from '../src/http/reference-body.ts';
import { NAMED, TOKENS, type ToyHttp, toyHttp } from './toy-http.ts';

const VERSION = {
  featureSet: {
    id: 'fs',
    features: [
      { name: 'distance', type: 'numeric', unit: 'mi' },
      { name: 'carrier', type: 'categorical' },
    ],
  },
  outputs: [{ name: 'delay' }],
};
const COMMAND = { action: 'acknowledge', subject: { alert: 'a1' }, reason: 'known' };

let shared: ToyHttp;
let http: ToyHttp;
/** Of the server that all tests share, each has keys of its own. */
let key: { readonly 'idempotency-key': string };
let tests = 0;

beforeAll(async () => {
  shared = await toyHttp(createPrincipals(NAMED, false));
});
beforeEach(async () => {
  http = shared;
  tests += 1;
  key = { 'idempotency-key': `k-${tests}` };
  http.appended.length = 0;
  http.processingMs = 0;
  for (const service of ['alpha', 'beta']) await http.views.replace({ service, partition: 0 }, []);
});

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly json: { readonly [name: string]: unknown };
}

async function send(
  method: 'PUT' | 'POST' | 'GET',
  url: string,
  payload?: InjectOptions['payload'],
  headers: Readonly<Record<string, string>> = {},
  token: string = method === 'POST' ? TOKENS.operator : TOKENS.writer,
): Promise<Answer> {
  const {
    statusCode,
    headers: answered,
    body,
  } = await http.app.inject({
    method,
    url,
    headers: { authorization: `Bearer ${token}`, ...headers },
    ...(payload === undefined ? {} : { payload }),
  });
  return { status: statusCode, headers: answered, json: JSON.parse(body) as Answer['json'] };
}

function lastEvent(): ReturnType<typeof decode> {
  const { value } = http.appended.at(-1) ?? {};
  return decode(value ?? new Uint8Array());
}

describe('a version', () => {
  test('becomes an event of the models topic, under the key of the model', async () => {
    const { status, headers, json } = await send('PUT', '/v1/models/a%2F%C3%A4/versions/2', VERSION);
    expect(status).toBe(202);
    expect(headers['location']).toBe('/v1/models/a%2F%C3%A4');
    expect(json).toEqual({ id: expect.any(String), topic: 'models', partition: 0, offset: '0', processed: false });
    expect(http.appended).toMatchObject([{ topic: 'models', key: 'a/ä', waitMs: undefined }]);
    expect(lastEvent()).toEqual({
      name: 'ModelVersionRegistered',
      event: {
        model: 'a/ä',
        version: '2',
        featureSet: {
          id: 'fs',
          features: [
            { name: 'distance', type: 'numeric', unit: 'mi', protected: false },
            { name: 'carrier', type: 'categorical', unit: null, protected: false },
          ],
        },
        outputs: [{ name: 'delay', unit: null }],
        access: null,
        digest: null,
        eventTimeMs: expect.any(Number),
        id: json['id'],
      },
    });
  });

  test('is answered with 200 when it was processed within the wait, else with 202', async () => {
    http.processingMs = 3_000;
    const url = '/v1/models/m/versions/1';
    const waited = await send('PUT', url, VERSION, { prefer: 'respond-async, wait=5' });
    expect(waited).toMatchObject({
      status: 200,
      headers: { 'preference-applied': 'wait=5' },
      json: { processed: true },
    });
    expect(waited.headers).not.toHaveProperty('location');
    expect((await send('PUT', url, VERSION, { prefer: 'wait=2' })).status).toBe(202);
    await send('PUT', url, VERSION, { prefer: 'wait=9999' });
    expect(http.appended.map(({ waitMs }) => waitMs)).toEqual([5_000, 2_000, 20_000]);
  });

  test.each([
    ['a missing field', {}, '', /must have required properties featureSet/],
    ['an unknown field', { ...VERSION, featureset: 1 }, '/featureset', /is not a field; remove it/],
    [
      'text for a number of items',
      { featureSet: { id: 'fs', features: 'x' } },
      '/featureSet/features',
      /must be array/,
    ],
    [
      'a boolean as text',
      { featureSet: { id: 'fs', features: [{ name: 'x', type: 'numeric', protected: 'true' }] } },
      '/featureSet/features/0/protected',
      /must be boolean/,
    ],
    [
      'a name twice',
      { ...VERSION, outputs: [{ name: 'distance' }] },
      '/outputs/0/name',
      /is "distance", which stands twice; rename one/,
    ],
  ])('with %s is refused with a pointer', async (_, body, pointer, message) => {
    const { status, json } = await send('PUT', '/v1/models/m/versions/1', body as never, {
      'content-type': 'application/json',
    });
    expect(status).toBe(422);
    expect(json).toMatchObject({ code: 'UNPROCESSABLE', detail: expect.stringMatching(message) });
    expect((json['errors'] as { pointer: string }[])[0]?.pointer).toBe(pointer);
    expect(http.appended).toEqual([]);
  });

  test('bodies have a size, a depth and a type', async () => {
    const url = '/v1/models/m/versions/1';
    const json = { 'content-type': 'application/json' };
    expect((await send('PUT', url, `"${'x'.repeat(1 << 20)}"`, json)).json).toMatchObject({
      code: 'TOO_LARGE',
      detail: 'the body is larger than 1048576 bytes; send less',
    });
    expect((await send('PUT', url, '['.repeat(50_000) + ']'.repeat(50_000), json)).json).toMatchObject({
      code: 'UNPROCESSABLE',
    });
    expect((await send('PUT', url, '{"__proto__":1}', json)).status).toBe(400);
    expect((await send('PUT', url, '{', json)).status).toBe(400);
    for (const type of ['text/plain', 'application/xml', 'text/csv2'])
      expect((await send('PUT', url, 'x', { 'content-type': type })).json).toMatchObject({
        status: 415,
        detail: expect.stringContaining(type),
      });
    expect((await send('PUT', `/v1/models/${'m'.repeat(501)}/versions/1`, VERSION)).status).toBe(400);
  });
});

describe('a reference', () => {
  const url = '/v1/models/m/references/distance';
  const content = { values: [1, 2.5], counts: [2, 1], missing: 3 };
  const expected = { ...content, categories: null, hash: referenceHash([1, 2.5], [2, 1], 3) };

  test.each([
    ['values with counts', { ...content, source: 'January' }],
    ['values out of order', { values: [2.5, 1], counts: [1, 2], missing: 3 }],
    ['samples', { samples: [1, null, 2.5, 1, null, null] }],
    ['samples beside missing', { samples: [1, null, 2.5, 1], missing: 2 }],
  ])('as %s', async (_, body) => {
    expect((await send('PUT', url, body)).status).toBe(202);
    expect(lastEvent()).toMatchObject({ name: 'ReferenceSet', event: { model: 'm', column: 'distance', ...expected } });
    expect(lastEvent().event).toHaveProperty('source', 'source' in body ? 'January' : 'PUT by wanda');
  });

  test.each([
    'value\n1\n2.5\nNA\n\n1\nnull\n',
    '\ufeffvalue,count\r\n1,2\r\n2.5,1\r\nNaN,3\r\n',
    '"Value","count"\n"2.5",1\n1,2\n"",3',
  ])('as CSV %j', async (csv) => {
    expect((await send('PUT', url, csv, { 'content-type': 'text/csv' })).status).toBe(202);
    expect(lastEvent()).toMatchObject({ event: expected });
  });

  test('of categories, with quotes and commas, ascending by UTF-8', async () => {
    const categories = ['a', 'b,"c"', '\uffff', '\u{1f600}'];
    const event = {
      categories,
      counts: [2, 1, 1, 1],
      missing: 1,
      values: [],
      hash: categoricalReferenceHash(categories, [2, 1, 1, 1], 1),
    };
    const csv = 'category\na\n"b,""c"""\n\u{1f600}\n\uffff\na\n\n';
    expect((await send('PUT', url, csv, { 'content-type': 'text/csv; charset=utf-8' })).status).toBe(202);
    expect(lastEvent()).toMatchObject({ event });
    await send('PUT', url, { samples: ['\u{1f600}', 'a', '\uffff', null, 'b,"c"', 'a'] });
    expect(lastEvent()).toMatchObject({ event });
  });

  test.each([
    [{}, '', /exactly one of values, categories and samples/],
    [{ values: [1], samples: [1] }, '', /exactly one/],
    [{ values: [] }, '', /has no value/],
    [{ samples: [null] }, '', /has no value/],
    [{ values: [1, '2'] }, '/values/1', /must be a finite number/],
    [{ samples: ['a', 1] }, '/samples/1', /must be text/],
    [{ values: [1], counts: [0] }, '/counts/0', /must be a whole number of 1 or more/],
    [{ values: [1], counts: [1.5] }, '/counts/0', /must be a whole number/],
    [{ values: [1, 2], counts: [1] }, '/counts', /must have one for each of 2/],
    [{ samples: [1], counts: [1] }, '/counts', /goes with values or categories/],
    [{ values: [1], missing: -1 }, '/missing', /must be >= 0/],
    [{ values: [1, 1], counts: [Number.MAX_SAFE_INTEGER, 1] }, '/counts', /add up to more than/],
    [{ categories: ['\ud800'] }, '/categories/0', /must be text/],
  ])('%j is refused with a pointer', async (body, pointer, message) => {
    const { status, json } = await send('PUT', url, body);
    expect(status).toBe(422);
    expect(json).toMatchObject({ detail: expect.stringMatching(message), errors: [{ pointer }] });
  });

  test.each([
    ['', /line 1: the header is ""/],
    ['distance\n1\n', /line 1: the header is "distance"; it must be value or category/],
    ['value\n1\ntwo\n', /line 3: "two" must be a finite number/],
    ['value\n1,2\n', /line 2: it has 2 cells, the header 1/],
    ['value,count\n1,0\n', /line 2: "1,0" has the count 0/],
    ['value,count\n1,x\n', /line 2: .*has the count NaN/],
    ['value\na"b\n', /line 2: a quote stands within a cell/],
    ['value\n"1\n', /line 2: a quote stands within a cell/],
    ['value\n', /has no value/],
  ])('CSV %j is refused with the line', async (csv, message) => {
    const { status, json } = await send('PUT', url, csv, { 'content-type': 'text/csv' });
    expect(status).toBe(422);
    expect(json['detail']).toMatch(message);
  });

  test('a record larger than its topic takes is refused', async () => {
    const samples = Array.from({ length: 1_000_000 }, (_, index) => index);
    const { status, json } = await send('PUT', url, { samples });
    expect(status).toBe(413);
    expect(json['detail']).toMatch(/the event has \d+ bytes, a record of references at most 8388608/);
  });

  test('CSV and JSON of the same samples are the same reference', () => {
    fc.assert(
      fc.property(
        fc.array(fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })), { minLength: 1 }),
        (samples) => {
          fc.pre(samples.some((each) => each !== null));
          const csv = `value\n${samples.map((each) => each ?? 'NA').join('\n')}\n`;
          const { source: _, ...ofJson } = referenceOfJson({ samples });
          expect(referenceOfCsv(csv)).toEqual(ofJson);
          expect(ofJson.counts.reduce((sum, count) => sum + count, ofJson.missing)).toBe(samples.length);
        },
      ),
      { seed: 3 },
    );
  });

  test('categories survive CSV, whatever they hold', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme', minLength: 1 }), { minLength: 1 }), (samples) => {
        const words = samples.map((each) => `x${each}`);
        const csv = `category\n${words.map((each) => `"${each.replaceAll('"', '""')}"`).join('\r\n')}`;
        const { source: _, ...ofJson } = referenceOfJson({ samples: words });
        expect(referenceOfCsv(csv)).toEqual(ofJson);
      }),
      { seed: 3 },
    );
  });
});

describe('a policy', () => {
  const url = '/v1/models/m/policy';
  const policy = { kind: 'PromotionPolicy', reward: { metric: 'accuracy' } };
  const show = (json: string | null): Promise<unknown> =>
    http.views.put({ service: 'beta', partition: 0 }, [{ key: 'policy/m', json }]);

  test('becomes a PolicySet whose hash is over its bytes, and says who set it', async () => {
    expect((await send('PUT', url, policy)).status).toBe(202);
    const text = JSON.stringify(policy);
    expect(lastEvent()).toMatchObject({
      name: 'PolicySet',
      event: {
        model: 'm',
        policy: text,
        hash: createHash('sha256').update(text).digest('hex'),
        principal: { id: 'wanda', roles: ['write'] },
      },
    });
  });

  test('needs If-Match where there is one, and the ETag that it has now', async () => {
    await show('{"version":1}');
    expect((await send('PUT', url, policy)).json).toMatchObject({ status: 428, code: 'PRECONDITION_REQUIRED' });
    const etag = String((await send('GET', url)).headers['etag']);
    await show('{"version":2}');
    expect((await send('PUT', url, policy, { 'if-match': etag })).json).toMatchObject({
      status: 412,
      code: 'PRECONDITION_FAILED',
    });
    expect((await send('PUT', url, policy, { 'if-none-match': '*' })).status).toBe(412);
    const now = String((await send('GET', url)).headers['etag']);
    expect((await send('PUT', url, policy, { 'if-match': `W/${now}` })).status).toBe(412);
    expect(http.appended).toEqual([]);
    expect((await send('PUT', url, policy, { 'if-match': now })).status).toBe(202);
  });

  test('If-Match on what does not exist fails, If-None-Match: * goes through', async () => {
    expect((await send('PUT', url, policy, { 'if-match': '*' })).status).toBe(412);
    expect((await send('PUT', url, policy, { 'if-none-match': '*' })).status).toBe(202);
    await http.views.put({ service: 'alpha', partition: 0 }, [{ key: 'version/m/1', json: '{}' }]);
    expect((await send('PUT', '/v1/models/m/versions/1', VERSION, { 'if-none-match': '*' })).status).toBe(412);
    expect((await send('PUT', '/v1/models/m/versions/2', VERSION, { 'if-none-match': '*' })).status).toBe(202);
  });

  test.each([[[]], ['text'], [{}], [null]])('%j is no policy', async (body) => {
    const { status } = await send('PUT', url, JSON.stringify(body), { 'content-type': 'application/json' });
    expect(status).toBe(422);
  });
});

describe('a command', () => {
  const url = '/v1/models/m/commands';

  test('becomes a CommandIssued with its issuer; its location has the receipt, then what a service shows', async () => {
    const { status, headers, json } = await send('POST', url, COMMAND, key);
    expect(status).toBe(202);
    expect(lastEvent()).toEqual({
      name: 'CommandIssued',
      event: {
        ...COMMAND,
        model: 'm',
        id: json['id'],
        principal: { id: 'otto', roles: ['command'] },
        issuedMs: expect.any(Number),
      },
    });
    const location = String(headers['location']);
    expect((await send('GET', location)).json).toEqual(json);
    await http.views.put({ service: 'beta', partition: 0 }, [
      { key: `command/m/${String(json['id'])}`, json: '{"state":"done"}' },
    ]);
    expect((await send('GET', location)).json).toEqual({ state: 'done' });
    expect((await send('GET', location.replace('/m/', '/other/'))).status).toBe(404);
    expect((await send('GET', `${url}/${'0'.repeat(64)}`)).status).toBe(404);
  });

  test('needs an Idempotency-Key', async () => {
    expect((await send('POST', url, COMMAND)).json).toMatchObject({
      status: 400,
      detail: expect.stringContaining('Idempotency-Key'),
    });
    for (const bad of ['a b', 'ä', 'x'.repeat(256)])
      expect((await send('POST', url, COMMAND, { 'idempotency-key': bad })).status).toBe(400);
  });

  test('under the same key is carried out once, also when sent twice at once', async () => {
    const [first, second] = await Promise.all([
      send('POST', url, COMMAND, key),
      send('POST', url, COMMAND, { 'idempotency-key': `"${key['idempotency-key']}"` }),
    ]);
    expect(second?.json).toEqual(first?.json);
    expect((await send('POST', url, COMMAND, key)).json).toEqual(first?.json);
    expect(http.appended).toHaveLength(1);
    await send('POST', url, COMMAND, { 'idempotency-key': `${key['idempotency-key']}-2` });
    expect(http.appended).toHaveLength(2);
  });

  test('under the same key with another body is a conflict', async () => {
    await send('POST', url, COMMAND, key);
    for (const [path, body] of [
      [url, { ...COMMAND, reason: 'another' }],
      ['/v1/models/other/commands', COMMAND],
    ] as const)
      expect((await send('POST', path, body, key)).json).toMatchObject({ status: 409, code: 'CONFLICT' });
    expect(http.appended).toHaveLength(1);
  });

  test('that failed may be sent again under its key', async () => {
    http.failure = new LogError('RETRIABLE', 'no broker answers');
    expect((await send('POST', url, COMMAND, key)).json).toMatchObject({ status: 503, code: 'NOT_READY' });
    expect((await send('POST', url, COMMAND, key)).status).toBe(202);
  });

  test('has the same id after a restart, and another for another principal', async () => {
    const both = [{ id: 'eve', roles: ['command'], tokenSha256: NAMED[0]?.tokenSha256 ?? '' }, ...NAMED.slice(1)];
    const first = await send('POST', url, COMMAND, key);
    http = await toyHttp(createPrincipals(both, false));
    expect((await send('POST', url, COMMAND, key)).json['id']).toBe(first.json['id']);
    expect((await send('POST', url, COMMAND, key, TOKENS.writer)).json['id']).not.toBe(first.json['id']);
  });

  test.each([
    [{ ...COMMAND, action: 'destroy' }, '/action'],
    [{ ...COMMAND, subject: { alert: 1 } }, '/subject/alert'],
    [{ ...COMMAND, reason: 'x'.repeat(4_001) }, '/reason'],
    [{ ...COMMAND, principal: 'admin' }, '/principal'],
  ])('%j is refused', async (body, pointer) => {
    const { status, json } = await send('POST', url, body, key);
    expect(status).toBe(422);
    expect((json['errors'] as { pointer: string }[]).map((each) => each.pointer)).toContain(pointer);
  });
});

describe('roles', () => {
  const writes = ['/v1/models/m/versions/1', '/v1/models/m/references/x', '/v1/models/m/policy'];

  test('write registers and command commands; neither does the other’s, and no one reads a body first', async () => {
    const huge = 'x'.repeat(2 << 20);
    for (const url of writes)
      for (const token of [TOKENS.operator, TOKENS.reader])
        expect((await send('PUT', url, huge, {}, token)).json).toMatchObject({
          status: 403,
          code: 'FORBIDDEN',
          detail: expect.stringContaining('"write"'),
        });
    for (const token of [TOKENS.writer, TOKENS.reader])
      expect((await send('POST', '/v1/models/m/commands', huge, {}, token)).json).toMatchObject({
        status: 403,
        detail: expect.stringContaining('"command"'),
      });
    expect(http.appended).toEqual([]);
  });

  test('anonymous may write on loopback only', async () => {
    http = await toyHttp(createPrincipals([], true));
    expect((await send('PUT', '/v1/models/m/versions/1', VERSION)).status).toBe(202);
    http = await toyHttp(createPrincipals([], false));
    expect((await send('PUT', '/v1/models/m/versions/1', VERSION)).json).toMatchObject({
      status: 403,
      detail: expect.stringContaining('set WEIR_PRINCIPALS_FILE'),
    });
  });
});

test('answers under keys are kept for a day, the newest ten thousand', async () => {
  let nowMs = 0;
  const kept = new Idempotency<number>(() => nowMs);
  const runs: number[] = [];
  const once = (id: string): Promise<number> => kept.once(id, [], async () => runs.push(1));
  await once('a');
  nowMs = 86_399_999;
  await once('a');
  expect(runs).toHaveLength(1);
  nowMs = 86_400_000;
  await once('a');
  expect(runs).toHaveLength(2);
  for (let index = 0; index < 10_000; index += 1) await once(`b${index}`);
  await once('b0');
  expect(runs).toHaveLength(10_002);
  await once('a');
  expect(runs).toHaveLength(10_003);
});
