/** The service whole: events into an embedded log, answers out of its HTTP door. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '@weir/service-kit/logger';
import { connectPorts, type Ports } from '@weir/service-kit/ports';
import { type Service, startService } from '@weir/service-kit/service';
import { predictionOf, referenceSetOf, registrationOf } from '@weir/testkit/events';
import type { TSchema } from 'typebox';
import Value from 'typebox/value';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DRIFT_DEFAULTS, loadDetectorConfig } from '../src/config.ts';
import {
  AlertPage,
  AlertSchema,
  FeatureList,
  ModelPage,
  ModelSchema,
  VerdictList,
  WindowSchema,
} from '../src/schemas.ts';
import { driftDetector } from '../src/service.ts';

const EVENTS = 600;
const START_MS = Date.parse('2026-11-23T00:00:00Z');
let folder: string;
let ports: Ports;
let service: Service;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'weir-'));
  const config = loadDetectorConfig({ WEIR_LOG_FILE: join(folder, 'log.db'), WEIR_HTTP_PORT: '0' });
  ports = await connectPorts(config, 'test');
  let folded = 0;
  service = await startService(
    driftDetector({ ...DRIFT_DEFAULTS, countWindows: [100], readingsPerFalseAlarm: 1e6 }),
    ports,
    config,
    createLogger('test', 'silent'),
    { committed: ({ records }) => void (folded += records) },
  );
  const producer = await ports.log.producer();
  const events = [...registration('delay'), ...registration('idle/ä'), ...predictions()];
  await producer.send(
    events.map(({ topic, value, key }) => ({ topic: `weir.${topic}`, partition: 0, key: Buffer.from(key), value })),
  );
  await producer.close();
  while (folded < events.length) await new Promise((resolve) => setTimeout(resolve, 10));
});

afterAll(async () => {
  await service.stop();
  await ports.close();
  rmSync(folder, { recursive: true });
});

interface Sent {
  readonly topic: string;
  readonly key: string;
  readonly value: Uint8Array;
}

function registration(model: string): Sent[] {
  const values = Array.from({ length: 400 }, (_, index) => index / 400);
  const counts = values.map(() => 1);
  const registration = registrationOf(['x', 'y'], { model, eventTimeMs: START_MS });
  // A tenth of the reference is missing, as of what comes later.
  const reference = referenceSetOf({ model, column: 'x', values, counts, missing: 40, eventTimeMs: START_MS });
  return [
    { topic: 'models', key: model, value: registration },
    { topic: 'references', key: model, value: reference },
  ];
}

/** Like the reference, then half as large, then like it again; every tenth value is missing. */
function predictions(): Sent[] {
  return Array.from({ length: EVENTS }, (_, index): Sent => {
    const even = ((index * 37) % 100) / 100;
    const x = index % 10 === 9 ? Number.NaN : index >= 200 && index < 350 ? even / 2 : even;
    const value = predictionOf({
      id: `p${index}`,
      model: 'delay',
      numeric: [x, index],
      eventTimeMs: START_MS + index * 1_000,
    });
    return { topic: 'predictions', key: 'delay', value };
  });
}

async function get(
  path: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; type: string; body: never; link: string | null }> {
  const response = await fetch(`${service.url}${path}`, { headers });
  const type = response.headers.get('content-type') ?? '';
  const body = (type.includes('json') ? await response.json() : await response.text()) as never;
  return { status: response.status, type, body, link: response.headers.get('link') };
}

function faults(schema: TSchema, body: unknown): readonly unknown[] {
  return Value.Errors(schema, body);
}

describe('answers', () => {
  test('models, with what was seen of each', async () => {
    const { status, body } = await get('/v1/models');
    expect(status).toBe(200);
    expect(faults(ModelPage, body)).toEqual([]);
    expect(body).toMatchObject({
      items: [
        { model: 'delay', events: EVENTS, columns: ['x'], drifting: [], lastEvent: '2026-11-23T00:09:59.000Z' },
        { model: 'idle/ä', events: 0, lastEvent: null },
      ],
      next: null,
    });
  });

  test('one model, also under a name that needs escaping', async () => {
    const { body } = await get(`/v1/models/${encodeURIComponent('idle/ä')}`);
    expect(faults(ModelSchema, body)).toEqual([]);
    expect(body).toMatchObject({ model: 'idle/ä' });
  });

  test('features with their reference and missing values', async () => {
    const { body } = await get('/v1/models/delay/features');
    expect(faults(FeatureList, body)).toEqual([]);
    expect(body).toMatchObject([
      { column: 'x', present: 540, missing: 60, reference: { size: 400, distinct: 400, min: 0 } },
    ]);
  });

  test('current verdicts', async () => {
    const { body } = await get('/v1/models/delay/verdicts');
    expect(faults(VerdictList, body)).toEqual([]);
    expect(body).toMatchObject([
      { column: 'x', rule: 'ks-100', verdict: 'stable', windowSize: 100, referenceSize: 400 },
      { column: 'x', rule: 'missing-100', verdict: 'stable', at: null },
    ]);
  });

  test('the content of a window, whose distribution functions attain D', async () => {
    const { body } = await get('/v1/models/delay/columns/x/windows/ks-100');
    expect(faults(WindowSchema, body)).toEqual([]);
    const { reference, window, referenceCdf, windowCdf, edges } = body as Record<string, number[]>;
    expect(edges).toHaveLength(19);
    for (const shares of [reference, window])
      expect((shares ?? []).reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
    const { body: verdicts } = await get('/v1/models/delay/verdicts');
    const { statistic } = (verdicts as { statistic: number }[])[0] ?? { statistic: 0 };
    const distances = (referenceCdf ?? []).map((share, index) => Math.abs(share - (windowCdf?.[index] ?? 0)));
    expect(Math.max(...distances)).toBeLessThanOrEqual(statistic);
  });

  test('the history of alerts, newest first, by state, model and page', async () => {
    const { body } = await get('/v1/alerts');
    expect(faults(AlertPage, body)).toEqual([]);
    const { items } = body as { items: { id: string; state: string; summary: string; raisedId?: string }[] };
    expect(items.map(({ state }) => state)).toEqual(['resolved', 'raised']);
    expect(items[1]?.summary).toMatch(
      /^delay: x has moved down against its reference: D = 0\.\d+ near 0\.\d+ over 100 values$/,
    );
    expect(items[0]?.raisedId).toBe(items[1]?.id);
    const first = await get('/v1/alerts?limit=1');
    const { next } = first.body as { next: string };
    expect(first.link).toBe(`</v1/alerts?limit=1&cursor=${next}>; rel="next"`);
    const second = await get(`/v1/alerts?limit=1&cursor=${next}`);
    expect(second.body).toEqual({ items: [items[1]], next: null });
    expect((await get('/v1/alerts?state=raised')).body).toEqual({ items: [items[1]], next: null });
    expect((await get('/v1/alerts?model=other')).body).toEqual({ items: [], next: null });
    const one = await get(`/v1/alerts/${items[1]?.id}`);
    expect(faults(AlertSchema, one.body)).toEqual([]);
    expect(one.body).toEqual(items[1]);
  });
});

describe('refusals are problem details that name the value and the cure', () => {
  test.each([
    ['/v1/models/none', 404, 'NOT_FOUND', /model "none" is not registered; \/v1\/models lists/],
    ['/v1/models/delay/columns/y/windows/ks-100', 404, 'NOT_FOUND', /no window "ks-100" of column "y"/],
    [`/v1/alerts/${'0'.repeat(64)}`, 404, 'NOT_FOUND', /look for it on the alerts topic/],
    ['/v1/nothing', 404, 'NOT_FOUND', /is not a route; \/docs lists them/],
    ['/v1/alerts?limit=0', 400, 'BAD_REQUEST', /^limit is 0; it must be >= 1\. /],
    ['/v1/alerts?limit=many', 400, 'BAD_REQUEST', /^limit is "many"; it must be integer\. /],
    ['/v1/alerts?state=odd', 400, 'BAD_REQUEST', /^state is "odd"; it must be raised or resolved\. /],
    ['/v1/alerts?limits=1', 400, 'BAD_REQUEST', /^the querystring has "limits", which this route does not know/],
    ['/v1/alerts/xyz', 400, 'BAD_REQUEST', /^id is "xyz"; it must match pattern/],
    ['/v1/alerts?cursor=bm9uZQ', 400, 'BAD_CURSOR', /does not belong to this list/],
  ])('%s', async (path, status, code, detail) => {
    const answer = await get(path);
    expect(answer).toMatchObject({
      status,
      type: 'application/problem+json; charset=utf-8',
      body: { status, code, instance: path },
    });
    expect((answer.body as { detail: string }).detail).toMatch(detail);
    const page = await get((answer.body as { type: string }).type);
    expect(page).toMatchObject({ status: 200, type: 'text/plain; charset=utf-8' });
    expect(page.body as string).toMatch(new RegExp(`^${code} \\(${status}\\)\n`));
  });

  test('the trace of the caller is that of the answer', async () => {
    const trace = '0af7651916cd43dd8448eb211c80319c';
    const headers = { traceparent: `00-${trace}-b7ad6b7169203331-01` };
    expect(await (await fetch(`${service.url}/v1/nothing`, { headers })).json()).toMatchObject({ trace_id: trace });
    expect((await get('/v1/nothing')).body).toMatchObject({ trace_id: expect.stringMatching(/^[0-9a-f]{32}$/) });
  });

  test('a cursor of another filter', async () => {
    const { next } = (await get('/v1/alerts?limit=1')).body as { next: string };
    expect((await get(`/v1/alerts?limit=1&state=raised&cursor=${next}`)).body).toMatchObject({ code: 'BAD_CURSOR' });
  });
});

describe('around it', () => {
  test('the OpenAPI document is the committed one', async () => {
    const { body } = await get('/openapi.json');
    await expect(`${JSON.stringify(body, null, 2)}\n`).toMatchFileSnapshot('golden/openapi.json');
  });

  test('a page to browse it', async () => {
    const { status, type, body } = await get('/docs');
    expect({ status, type }).toEqual({ status: 200, type: 'text/html; charset=utf-8' });
    expect(body as string).toContain('swagger');
  });

  test('probes', async () => {
    expect(await get('/livez')).toMatchObject({ status: 200, body: { status: 'ok' } });
    expect(await get('/readyz')).toMatchObject({ status: 200, body: { status: 'ok' } });
    expect((await get('/readyz?verbose')).body).toMatchObject({
      checks: [
        { name: 'running', ok: true },
        { name: 'restored', ok: true },
      ],
    });
  });

  test('metrics', async () => {
    const { body } = await get('/metrics');
    const lines = (body as string).split('\n');
    expect(lines).toContain(`weir_events_consumed_total{service="drift-detector"} ${EVENTS + 4}`);
    expect(lines).toContain('weir_outputs_total{topic="alerts",service="drift-detector"} 2');
    expect(lines).toContain('weir_alerts_emitted_total{severity="warning",service="drift-detector"} 1');
    expect(lines).toContain('weir_event_to_alert_seconds_count{service="drift-detector"} 1');
    expect(lines).toContain('weir_late_events_total{service="drift-detector"} 0');
    for (const name of [
      'weir_process_duration_seconds_count',
      'weir_event_time_skew_seconds_count',
      'weir_consumer_lag_seconds',
      'weir_txn_aborts_total',
    ])
      expect(lines.some((line) => line.startsWith(`${name}{`))).toBe(true);
    expect(lines).toContain('weir_consumer_lag_records{topic="predictions",partition="0",service="drift-detector"} 0');
    expect(lines.some((line) => /^weir_build_info\{version="[\d.]+",build="drift-detector\/\d+"/.test(line))).toBe(
      true,
    );
  });
});

describe('with a token', () => {
  test('/v1 asks for it, probes and metrics do not', async () => {
    const config = loadDetectorConfig({
      WEIR_LOG_FILE: join(folder, 'other.db'),
      WEIR_HTTP_PORT: '0',
      WEIR_HTTP_TOKEN: 'a-token-of-good-length',
    });
    const other = await connectPorts(config, 'test');
    const guarded = await startService(driftDetector(DRIFT_DEFAULTS), other, config, createLogger('test', 'silent'));
    const status = async (path: string, authorization?: string): Promise<number> =>
      (await fetch(`${guarded.url}${path}`, authorization === undefined ? {} : { headers: { authorization } })).status;
    expect(await status('/v1/models')).toBe(401);
    expect(await status('/v1/models', 'Bearer a-token-of-good-lengtH')).toBe(401);
    expect(await status('/%761/models')).toBe(401);
    expect(await status('/v1/models', 'Bearer a-token-of-good-length')).toBe(200);
    expect(await status('/livez')).toBe(200);
    expect(await status('/metrics')).toBe(200);
    await guarded.stop();
    await other.close();
  });
});
