import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { LogError } from '@weir/event-log/errors';
import { beforeAll, describe, expect, test } from 'vitest';
import { createPrincipals, sha256 } from '../src/http/principals.ts';
import { NAMED, TOKENS, type ToyHttp, toy, toyHttp } from './toy-http.ts';

const ID = (digit: string): string => digit.repeat(64);
const key = (ms: number, id: string): string => `${String(ms).padStart(16, '0')}/${id}`;

let http: ToyHttp;

async function get(
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ status: number; type: string; headers: Record<string, unknown>; body: string; json: never }> {
  const { statusCode, headers: answered, body } = await http.app.inject({ url, headers });
  const type = String(answered['content-type'] ?? '');
  return {
    status: statusCode,
    type,
    headers: answered,
    body,
    json: (type.includes('json') ? JSON.parse(body) : {}) as never,
  };
}

function alert(ms: number, id: string, fields: object = {}): { key: string; json: string } {
  const whole = {
    state: 'raised',
    id,
    model: 'delay',
    kind: 'drift',
    severity: 'warning',
    summary: `<b>${id[0]}</b> & "more"`,
    eventTimeMs: ms,
    eventTime: new Date(ms).toISOString(),
    escalates: null,
    window: { size: 100, fromMs: 1 },
    drift: { before: { low: 1, median: 2, high: 3 }, after: { low: 4, median: 5, high: 9 } },
    ...fields,
  };
  return { key: `alert/${key(ms, id)}`, json: JSON.stringify(whole) };
}

beforeAll(async () => {
  http = await toyHttp();
  const [a, b, c, d] = [
    alert(10, ID('a')),
    alert(20, ID('b'), { kind: 'anomaly' }),
    alert(30, ID('c')),
    alert(40, ID('d')),
  ];
  const escalation = alert(50, ID('e'), { escalates: ID('d'), severity: 'critical' });
  const resolution = { id: ID('f'), raisedId: ID('a'), reason: 'recovered', eventTimeMs: 35 };
  await http.views.put({ service: 'alpha', partition: 0 }, [
    { key: 'model/delay', json: '{"events":3}' },
    { key: 'model/a/ä', json: '{"events":1}' },
    a,
    c,
    alert(35, ID('f'), { state: 'resolved', raisedId: ID('a') }),
    { key: `resolution/${key(10, ID('a'))}`, json: JSON.stringify(resolution) },
    { key: `open-alert/${ID('c')}`, json: c.json },
  ]);
  await http.views.put({ service: 'beta', partition: 0 }, [
    { key: 'model/delay', json: '{"score":0.5}' },
    { key: 'model/zeta', json: '{"score":1}' },
    b,
    d,
    escalation,
    { key: `open-alert/${ID('b')}`, json: b.json },
    { key: `open-alert/${ID('d')}`, json: escalation.json },
  ]);
});

describe('models of all services', () => {
  test('side by side, by id', async () => {
    expect((await get('/v1/models')).json).toEqual({
      items: [
        { model: 'a/ä', services: { alpha: { events: 1 } } },
        { model: 'delay', services: { alpha: { events: 3 }, beta: { score: 0.5 } } },
        { model: 'zeta', services: { beta: { score: 1 } } },
      ],
      next: null,
    });
    expect((await get(`/v1/models/${encodeURIComponent('a/ä')}`)).json).toEqual({
      model: 'a/ä',
      services: { alpha: { events: 1 } },
    });
  });

  test('page by page', async () => {
    const seen: string[] = [];
    for (let url = '/v1/models?limit=1'; ; ) {
      const { json, headers } = await get(url);
      const { items, next } = json as { items: { model: string }[]; next: string | null };
      seen.push(...items.map(({ model }) => model));
      if (next === null) break;
      expect(headers['link']).toBe(`</v1/models?limit=1&cursor=${next}>; rel="next"`);
      url = `/v1/models?limit=1&cursor=${next}`;
    }
    expect(seen).toEqual(['a/ä', 'delay', 'zeta']);
  });

  test('an ETag spares the body', async () => {
    const { headers } = await get('/v1/models/delay');
    const etag = String(headers['etag']);
    expect(etag).toMatch(/^"[\w-]{22}"$/);
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*'])
      expect(await get('/v1/models/delay', { 'if-none-match': known })).toMatchObject({ status: 304, body: '' });
    expect(await get('/v1/models/delay', { 'if-none-match': '"other"' })).toMatchObject({ status: 200 });
  });
});

describe('alerts of all services', () => {
  const ids = async (query: string): Promise<string> => {
    const { items } = (await get(`/v1/alerts${query}`)).json as { items: { id: string }[] };
    return items.map(({ id }) => id[0]).join('');
  };

  test.each([
    ['', 'edfcba'],
    ['?state=raised', 'edcba'],
    ['?state=resolved', 'f'],
    ['?state=open', 'ecb'],
    ['?kind=anomaly', 'b'],
    ['?severity=critical', 'e'],
    ['?state=open&severity=warning&model=delay', 'cb'],
    ['?model=other', ''],
  ])('newest first: %s', async (query, expected) => expect(await ids(query)).toBe(expected));

  test.each(['', 'state=open&', 'severity=warning&'])('pages with %s hold each once', async (filter) => {
    let all = '';
    for (let url = `?${filter}limit=1`; ; ) {
      const { items, next } = (await get(`/v1/alerts${url}`)).json as { items: { id: string }[]; next: string | null };
      all += items.map(({ id }) => id[0]).join('');
      if (next === null) break;
      url = `?${filter}limit=1&cursor=${next}`;
    }
    expect(all).toBe(await ids(`?${filter}`));
  });

  test('a raised alert shows its resolution', async () => {
    expect((await get(`/v1/alerts/${ID('a').slice(0, 12)}`)).json).toMatchObject({ id: ID('a') });
    expect((await get(`/v1/alerts/${ID('a')}`)).json).toMatchObject({
      id: ID('a'),
      resolution: { reason: 'recovered' },
    });
    expect((await get(`/v1/alerts/${ID('c')}`)).json).toMatchObject({ id: ID('c'), resolution: null });
    expect((await get(`/v1/alerts/${ID('f')}`)).json).not.toHaveProperty('resolution');
  });

  test('an escalation shows the resolution of the alert that opened the matter', async () => {
    const scope = { service: 'beta', partition: 0 };
    expect((await get(`/v1/alerts/${ID('e')}`)).json).toMatchObject({ resolution: null });
    const resolution = `resolution/${key(40, ID('d'))}`;
    await http.views.put(scope, [{ key: resolution, json: '{"reason":"rule-removed"}' }]);
    for (const id of [ID('d'), ID('e')])
      expect((await get(`/v1/alerts/${id}`)).json).toMatchObject({ id, resolution: { reason: 'rule-removed' } });
    await http.views.put(scope, [{ key: resolution, json: null }]);
  });

  test('a history of thousands in two services is one list', async () => {
    const many = await toyHttp();
    for (const [service, step] of [
      ['alpha', 2],
      ['beta', 3],
    ] as const)
      await many.views.put(
        { service, partition: 0 },
        Array.from({ length: 1_300 }, (_, index) =>
          alert(index * step * 10 + step, ID(service === 'alpha' ? '1' : '2')),
        ),
      );
    const times: number[] = [];
    for (let query = 'limit=500'; ; ) {
      const { items, next } = JSON.parse((await many.app.inject(`/v1/alerts?${query}`)).body) as {
        items: { eventTimeMs: number }[];
        next: string | null;
      };
      times.push(...items.map(({ eventTimeMs }) => eventTimeMs));
      if (next === null) break;
      query = `limit=500&cursor=${next}`;
    }
    expect(times).toHaveLength(2_600);
    expect(times).toEqual(times.toSorted((a, b) => b - a));
  });

  test('a browser gets a page without script, and nothing of the alert is markup', async () => {
    const browser = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';
    const { type, body, headers } = await get(`/v1/alerts/${ID('a')}`, { accept: browser });
    expect(type).toBe('text/html; charset=utf-8');
    expect(body).toContain('&lt;b&gt;a&lt;/b&gt; &amp; &quot;more&quot;');
    expect(body).toContain('recovered');
    expect(body).not.toMatch(/<b>|<script|https?:|src=/);
    expect(body).toMatch(
      /<span class="chip warning">warning<\/span> drift resolved, told at 1970-01-01T00:00:00\.010Z/,
    );
    expect(body).toContain('<title>after: 5 % at 4, median 5, 95 % at 9</title>');
    expect(body.split('Figures')[1]).not.toContain('event time (ms)');
    expect(headers).toMatchObject({
      vary: 'accept',
      'content-security-policy': expect.stringContaining("default-src 'none'"),
    });
    for (const accept of ['*/*', 'application/json', 'application/json, text/html;q=0.5', 'text/html;q=0'])
      expect((await get(`/v1/alerts/${ID('a')}`, { accept })).type).toContain('application/json');
  });
});

describe('refusals are problem details that name the value and the cure', () => {
  test.each([
    ['/v1/models/none', 404, 'NOT_FOUND', /model "none" is not registered; \/v1\/models lists/],
    [`/v1/alerts/${ID('0')}`, 404, 'NOT_FOUND', /look for it on the alerts topic/],
    ['/v1/nothing', 404, 'NOT_FOUND', /is not a route; \/docs lists them/],
    ['/v1/alerts?limit=0', 400, 'BAD_REQUEST', /^limit is 0; it must be >= 1\. /],
    ['/v1/alerts?limit=501', 400, 'BAD_REQUEST', /^limit is 501; it must be <= 500\. /],
    ['/v1/alerts?state=odd', 400, 'BAD_REQUEST', /^state is "odd"; it must be open or raised or resolved\. /],
    ['/v1/alerts?limits=1', 400, 'BAD_REQUEST', /^the querystring has "limits", which this route does not know/],
    ['/v1/alerts/xyz', 400, 'BAD_REQUEST', /^id is "xyz"; it must match pattern/],
    ['/v1/alerts?cursor=bm9uZQ', 400, 'BAD_CURSOR', /does not belong to this list/],
    ['/v1/models/m/versions/1', 404, 'NOT_FOUND', /no service here shows version "1" of model "m"/],
    ['/v1/models/m/policy', 404, 'NOT_FOUND', /PUT one here/],
  ])('%s', async (url, status, code, detail) => {
    const { status: answered, type, json } = await get(url);
    expect({ answered, type }).toEqual({ answered: status, type: 'application/problem+json; charset=utf-8' });
    expect(json).toMatchObject({ status, code, instance: url, detail: expect.stringMatching(detail) });
    const page = await get((json as { type: string }).type);
    expect(page).toMatchObject({ status: 200, type: 'text/plain; charset=utf-8' });
    expect(page.body).toMatch(new RegExp(`^${code} \\(${status}\\)\n`));
  });

  test('a method that the path does not have', async () => {
    for (const [method, url, allow] of [
      ['DELETE', '/v1/models/m/versions/a%2Fb?x=1', 'GET, HEAD, PUT'],
      ['PATCH', '/v1/alerts', 'GET, HEAD'],
    ] as const) {
      const { statusCode, headers, body } = await http.app.inject({ method, url });
      expect(statusCode).toBe(405);
      expect(headers['allow']).toBe(allow);
      expect(JSON.parse(body)).toMatchObject({
        code: 'METHOD_NOT_ALLOWED',
        detail: `${url} has ${allow}, not ${method}`,
      });
    }
  });

  test('a file that a route of files does not have is not found, and its method is not refused', async () => {
    expect(await get('/docs/static/nothing.js')).toMatchObject({ status: 404, json: { code: 'NOT_FOUND' } });
  });

  test('bytes that no route sees: headers that are too long, and what is no HTTP', async () => {
    const url = new URL(await http.app.listen({ host: '127.0.0.1', port: 0 }));
    const answerTo = async (bytes: string): Promise<string> => {
      const socket = connect(Number(url.port), url.hostname);
      socket.write(bytes);
      return text(socket);
    };
    const long = await answerTo(`GET /v1/alerts?cursor=${'x'.repeat(20_000)} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n`);
    expect(long).toMatch(/^HTTP\/1\.1 431 /);
    expect(JSON.parse(long.split('\r\n\r\n')[1] ?? '')).toMatchObject({
      type: '/problems/headers-too-large',
      detail: expect.stringContaining('16 KiB'),
    });
    const noise = await answerTo('\x16\x03\x01 hello\r\n\r\n');
    expect(JSON.parse(noise.split('\r\n\r\n')[1] ?? '')).toMatchObject({ status: 400, code: 'BAD_REQUEST' });
    expect((await get('/problems/headers-too-large')).status).toBe(200);
  });

  test('a cursor of another filter', async () => {
    const { next } = (await get('/v1/alerts?limit=1')).json as { next: string };
    expect((await get(`/v1/alerts?limit=1&state=raised&cursor=${next}`)).json).toMatchObject({ code: 'BAD_CURSOR' });
  });

  test('the trace of the caller is that of the answer', async () => {
    const trace = '0af7651916cd43dd8448eb211c80319c';
    const { json } = await get('/v1/nothing', { traceparent: `00-${trace}-b7ad6b7169203331-01` });
    expect(json).toMatchObject({ trace_id: trace, title: 'Not found' });
  });

  test('what a route throws: an absent server is 503, anything else is 500 without its text', async () => {
    const failing = await toyHttp(undefined, [
      toy('alpha', (app) => {
        app.get('/v1/away', () => Promise.reject(new LogError('RETRIABLE', 'Redis did not answer')));
        app.get('/v1/broken', () => Promise.reject(new Error('hunter2')));
      }),
    ]);
    expect((await failing.app.inject('/v1/away')).json()).toMatchObject({ status: 503, code: 'NOT_READY' });
    const { body } = await failing.app.inject('/v1/broken');
    expect(JSON.parse(body)).toMatchObject({ status: 500, code: 'INTERNAL', title: 'Internal error' });
    expect(body).not.toContain('hunter2');
  });
});

describe('several services in one app', () => {
  test('each has its routes', async () => {
    const two = await toyHttp(undefined, [
      toy('alpha', (app) => void app.get('/v1/alpha', () => ({ from: 'alpha' }))),
      toy('beta', (app) => void app.get('/v1/beta', () => ({ from: 'beta' }))),
    ]);
    expect((await two.app.inject('/v1/alpha')).json()).toEqual({ from: 'alpha' });
    expect((await two.app.inject('/v1/beta')).json()).toEqual({ from: 'beta' });
  });

  test('a route of two services is an error that names both', async () => {
    const routes = (app: { get: (url: string, handler: () => object) => unknown }, name: string): void =>
      void app.get(`/v1/things/:${name}`, () => ({}));
    await expect(
      toyHttp(undefined, [toy('alpha', (app) => routes(app, 'one')), toy('beta', (app) => routes(app, 'other'))]),
    ).rejects.toThrow('GET /v1/things/:other is a route of alpha and of beta; rename one of them');
    await expect(toyHttp(undefined, [toy('alpha', (app) => void app.get('/v1/alerts', () => ({})))])).rejects.toThrow(
      'GET /v1/alerts is a route of the kit and of alpha',
    );
    await expect(toyHttp(undefined, [toy('alpha'), toy('alpha')])).rejects.toThrow('alpha is mounted twice');
  });
});

describe('who asks', () => {
  test('with identities /v1 asks for a token, probes and metrics do not', async () => {
    const { app } = await toyHttp(createPrincipals(NAMED, false));
    const status = async (url: string, authorization?: string): Promise<number> =>
      (
        await app.inject({
          url,
          headers: { host: 'weir.example', ...(authorization === undefined ? {} : { authorization }) },
        })
      ).statusCode;
    for (const url of ['/v1/models', '/%761/models', '/v1/nothing']) expect(await status(url)).toBe(401);
    expect(await status('/v1/models', `Bearer ${TOKENS.reader}x`)).toBe(401);
    expect(await status('/v1/models', `Basic ${TOKENS.reader}`)).toBe(401);
    for (const scheme of ['Bearer', 'bearer', 'BEARER'])
      expect(await status('/v1/models', `${scheme} ${TOKENS.reader}`)).toBe(200);
    for (const url of ['/livez', '/readyz', '/metrics', '/openapi.json', '/problems/not-found'])
      expect(await status(url)).toBe(200);
    const refused = await app.inject('/v1/models');
    expect(refused.headers['www-authenticate']).toBe('Bearer');
  });

  test('without identities only loopback names are answered, against DNS rebinding', async () => {
    for (const host of ['127.0.0.1:8081', 'localhost', '[::1]:8081'])
      expect((await get('/v1/models', { host })).status).toBe(200);
    const { status, json } = await get('/v1/models', { host: 'evil.example:8081' });
    expect(status).toBe(421);
    expect(json).toMatchObject({ code: 'MISDIRECTED', detail: expect.stringContaining('evil.example:8081') });
    expect((await get('/livez', { host: 'evil.example' })).status).toBe(200);
  });

  test('a hash is of the token alone', () => {
    expect(sha256('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });
});

describe('around it', () => {
  test('the OpenAPI document names its schemas, and every route its answers and errors', async () => {
    const document = (await get('/openapi.json')).json as unknown as {
      components: { schemas: Record<string, unknown> };
      paths: Record<
        string,
        Record<string, { responses: Record<string, { content?: Record<string, unknown> }>; requestBody?: object }>
      >;
    };
    expect(Object.keys(document.components.schemas)).toEqual(
      expect.arrayContaining(['Problem', 'Model', 'ModelPage', 'Alert', 'AlertPage', 'Receipt', 'Reference']),
    );
    for (const [path, methods] of Object.entries(document.paths))
      for (const [method, { responses, requestBody }] of Object.entries(methods)) {
        const problems = Object.keys(responses).filter(
          (status) => responses[status]?.content?.['application/problem+json'],
        );
        const ofWrites = method === 'get' ? [] : ['403', '409', '413', '415', '422'];
        expect(problems, `${method} ${path}`).toEqual(
          expect.arrayContaining(['400', '421', '500', '503', ...ofWrites]),
        );
        const answers = Object.keys(responses).filter((status) => status.startsWith('2') && responses[status]?.content);
        expect(answers, `${method} ${path}`).not.toEqual([]);
        expect(requestBody !== undefined).toBe(method !== 'get');
      }
    const text = JSON.stringify(document);
    for (const [, name = ''] of text.matchAll(/"\$ref":"([^"]+)"/g))
      expect(Object.keys(document.components.schemas)).toContain(name.replace('#/components/schemas/', ''));
  });

  test('probes', async () => {
    expect(await get('/livez')).toMatchObject({ status: 200, json: { status: 'ok' } });
    expect(await get('/readyz?verbose')).toMatchObject({
      json: { status: 'ok', checks: [{ name: 'running', ok: true }] },
    });
    const metrics = await http.app.inject('/metrics');
    expect(metrics.body).toContain('weir_check_ok{check="running"} 1\n');
    expect((await get('/problems/unheard-of')).json).toMatchObject({ code: 'NOT_FOUND' });
    expect((await get('/docs')).status).toBe(200);
  });
});
