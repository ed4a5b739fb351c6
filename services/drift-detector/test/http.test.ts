/** The service whole: events into an embedded log, answers out of its HTTP server. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode } from '@weir/events/codec';
import { loadServiceConfig } from '@weir/service-kit/config/common-settings';
import { loadPrincipals } from '@weir/service-kit/http/principals';
import { createLogger } from '@weir/service-kit/logger';
import { connectPorts, type Ports } from '@weir/service-kit/ports';
import { type Services, startServices } from '@weir/service-kit/service';
import { predictionOf, referenceSetOf, registrationOf } from '@weir/testkit/events';
import Value from 'typebox/value';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { DRIFT_DEFAULTS, SETTINGS } from '../src/config.ts';
import { PerformanceSchema } from '../src/performance-schemas.ts';
import { DriftSchema, ModelSchema, WindowSchema } from '../src/schemas.ts';
import { driftDetector } from '../src/service.ts';

const EVENTS = 600;
const OUTCOMES = 900;
const START_MS = Date.parse('2026-11-23T00:00:00Z');
let folder: string;
let ports: Ports;
let services: Services;
let processed = 0;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'weir-'));
  const config = loadServiceConfig(SETTINGS, { WEIR_LOG_FILE: join(folder, 'log.db'), WEIR_HTTP_PORT: '0' });
  ports = await connectPorts(config, { clientId: 'test', report: () => {} });
  const definition = driftDetector({
    ...DRIFT_DEFAULTS,
    countWindows: [100],
    readingsPerFalseAlarm: 1e6,
    outcomeWindows: [100],
    outcomeReference: 400,
    outcomesPerFalseAlarm: 1_000,
  });
  services = await startServices([definition], {
    ports,
    config,
    logger: createLogger('test', 'silent'),
    principals: loadPrincipals(config),
    events: { committed: (_, { records }) => void (processed += records) },
  });
  const [registered, prediction, outcome, ...rest] = judged() as [Sent, Sent, Sent, ...Sent[]];
  // Predictions are joined from the first outcome on.
  await send([registered, prediction, outcome]);
  await send([...registration('delay'), ...registration('idle/ä'), ...predictions(), ...rest]);
});

afterAll(async () => {
  await services.stop();
  await ports.close();
  rmSync(folder, { recursive: true });
});

interface Verdict {
  readonly rule: string;
  readonly alert: { readonly id: string } | null;
}

interface Sent {
  readonly topic: string;
  readonly key: string;
  readonly value: Uint8Array;
}

/** Until they are processed. */
async function send(events: readonly Sent[]): Promise<void> {
  const until = processed + events.length;
  const producer = await ports.log.producer();
  await producer.send(
    events.map(({ topic, value, key }) => ({ topic: `weir.${topic}`, partition: 0, key: Buffer.from(key), value })),
  );
  await producer.close();
  await vi.waitUntil(() => processed === until, { timeout: 10_000 });
}

function registration(model: string): Sent[] {
  const values = Array.from({ length: 400 }, (_, index) => index / 400);
  const counts = values.map(() => 1);
  // A tenth of the reference is missing, as of what comes later.
  const reference = referenceSetOf({ model, column: 'x', values, counts, missing: 40, eventTimeMs: START_MS });
  return [
    { topic: 'models', key: model, value: registrationOf(['x', 'y'], { model, eventTimeMs: START_MS }) },
    { topic: 'references', key: model, value: reference },
  ];
}

/** Like the reference, then half as large, then like it again; every tenth value is missing. */
function predictions(): Sent[] {
  return Array.from({ length: EVENTS }, (_, index): Sent => {
    const even = ((index * 37) % 100) / 100;
    const x = index % 10 === 9 ? Number.NaN : index >= 200 && index < 350 ? even / 2 : even;
    const numeric = [x, index];
    const value = predictionOf({ id: `p${index}`, model: 'delay', numeric, eventTimeMs: START_MS + index * 1_000 });
    return { topic: 'predictions', key: 'delay', value };
  });
}

/** A model whose outcomes come; from the last three hundred on half of them are 1, where it predicts a quarter. */
function judged(): Sent[] {
  const outputs = [{ name: 'p', unit: null }];
  const registered = registrationOf([], { model: 'judged', outputs, eventTimeMs: START_MS });
  const events = Array.from({ length: OUTCOMES }, (_, index): Sent[] => {
    const eventTimeMs = START_MS + index * 1_000;
    const label = index % 4 === 0 || (index >= 600 && index % 4 === 1) ? 1 : 0;
    const fields = { model: 'judged', predictionId: `j${index}`, label, reward: null, revision: 0, eventTimeMs };
    const prediction = predictionOf({ id: `j${index}`, model: 'judged', outputs: [0.25], numeric: [], eventTimeMs });
    return [
      { topic: 'predictions', key: 'judged', value: prediction },
      { topic: 'outcomes', key: 'judged', value: encode('OutcomeObserved', fields) },
    ];
  });
  return [{ topic: 'models', key: 'judged', value: registered }, ...events.flat()];
}

async function get(path: string): Promise<{ readonly status: number; readonly body: unknown }> {
  const response = await fetch(`${services.url}${path}`);
  return { status: response.status, body: await response.json() };
}

test('a model, with what was seen of it and what is not watched', async () => {
  const { status, body } = await get('/v1/models/delay');
  expect(status).toBe(200);
  const about = (body as { services: Record<string, unknown> }).services['drift-detector'];
  expect(Value.Errors(ModelSchema, about)).toEqual([]);
  expect(about).toMatchObject({
    monitoring: 'monitored',
    events: EVENTS,
    columns: ['x'],
    drifting: [],
    lastEvent: '2026-11-23T00:09:59.000Z',
    notWatched: [{ column: 'y' }],
  });
});

test('its versions and references, as they were registered', async () => {
  expect((await get('/v1/models/delay/versions/1')).body).toMatchObject({
    featureSet: { features: [{ name: 'x' }, {}] },
  });
  expect((await get('/v1/models/delay/references/x')).body).toMatchObject({ size: 400, missing: 40 });
});

test('columns and verdicts, also of a model whose name needs escaping', async () => {
  const { body } = await get('/v1/models/delay/drift');
  expect(Value.Errors(DriftSchema, body)).toEqual([]);
  expect(body).toMatchObject({
    columns: [{ column: 'x', present: 540, missing: 60, reference: { size: 400, distinct: 400, min: 0 } }],
    verdicts: [
      { column: 'x', rule: 'ks-100', verdict: 'stable', windowSize: 100, alert: null },
      { column: 'x', rule: 'missing-100', verdict: 'stable', at: null },
    ],
  });
  const idle = await get(`/v1/models/${encodeURIComponent('idle/ä')}/drift`);
  expect(Value.Errors(DriftSchema, idle.body)).toEqual([]);
  expect(idle.body).toMatchObject({
    model: 'idle/ä',
    verdicts: [{ verdict: 'warming-up' }, { verdict: 'warming-up' }],
  });
});

test('the content of a window, whose distribution functions attain no more than D', async () => {
  const { body } = await get('/v1/models/delay/drift/columns/x/windows/ks-100');
  expect(Value.Errors(WindowSchema, body)).toEqual([]);
  const { reference, window, referenceCdf, windowCdf, edges } = body as Record<string, number[]>;
  expect(edges).toHaveLength(19);
  for (const shares of [reference, window])
    expect((shares ?? []).reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
  const drift = (await get('/v1/models/delay/drift')).body as { readonly verdicts: readonly { statistic: number }[] };
  const distances = (referenceCdf ?? []).map((share, index) => Math.abs(share - (windowCdf?.[index] ?? 0)));
  expect(Math.max(...distances)).toBeLessThanOrEqual(drift.verdicts[0]?.statistic ?? 0);
});

test('alerts, with how they ended', async () => {
  const { body } = await get('/v1/alerts');
  const { items } = body as { readonly items: readonly { readonly state: string; readonly summary: string }[] };
  expect(items.map(({ state }) => state)).toContain('raised');
  expect(JSON.stringify(items)).toMatch(
    /delay: x has moved down since 2026-11-23T00:0\d:\d\d\.000Z: median 0\.\d+ → 0\./,
  );
});

test('outcomes beside those of the reference: over REST, as an alert, and as metrics', async () => {
  const { status, body } = await get('/v1/models/judged/performance');
  expect(status).toBe(200);
  expect(Value.Errors(PerformanceSchema, body)).toEqual([]);
  expect(body).toMatchObject({
    status: 'watched',
    reference: { outcomes: 400, of: 400, isSelf: true },
    windows: [{ size: 100, observed: 0.5, predicted: 0.25, errorRate: 0.5 }],
  });
  const { windows } = body as { readonly windows: readonly { readonly verdicts: readonly Verdict[] }[] };
  const worse = windows[0]?.verdicts.find(({ alert }) => alert !== null);
  const alert = await get(`/v1/alerts/${worse?.alert?.id}`);
  expect(alert.body).toMatchObject({ kind: 'performance', model: 'judged', rule: worse?.rule, state: 'raised' });
  expect((await get('/v1/models/idle%2F%C3%A4/performance')).body).toMatchObject({
    status: 'no-outcomes',
    joins: null,
  });
  const metrics = await (await fetch(`${services.url}/metrics`)).text();
  for (const line of [
    'weir_performance{model="judged",metric="observed",window="100"} 0.5',
    'weir_performance{model="judged",metric="predicted",window="100"} 0.25',
    'weir_performance_outcomes_total{model="judged",result="orphans"} 0',
    'weir_drift_unmonitored{model="judged"} 1',
    'weir_drift_unmonitored{model="delay"} 0',
    'weir_drift_columns_not_watched{model="delay"} 1',
  ])
    expect(metrics).toContain(`${line}\n`);
  expect(metrics).toMatch(/weir_performance_reference\{model="judged",metric="observed"\} 0\.2\d*\n/);
  expect(metrics).toMatch(/weir_performance_outcomes_total\{model="judged",result="joined"\} \d{3}\n/);
  expect(metrics).toMatch(/weir_performance_open_alerts\{model="judged"\} [1-9]\n/);
  // No outcome, no figure.
  expect(metrics).not.toMatch(/weir_performance\{model="(delay|idle)/);
});

test('a command is carried out', async () => {
  const before = processed;
  const response = await fetch(`${services.url}/v1/models/delay/commands`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': 'one' },
    body: JSON.stringify({ action: 'mute', subject: { column: 'x', until: '2036-01-01T00:00:00Z' }, reason: 'works' }),
  });
  expect(response.status).toBe(202);
  await expect.poll(() => processed).toBe(before + 1);
  await expect
    .poll(async () => (await get('/v1/models/delay/drift')).body)
    .toMatchObject({
      mutes: [{ column: 'x', until: '2036-01-01T00:00:00.000Z', reason: 'works' }],
    });
});

test.each([
  ['/v1/models/none/drift', /model "none" is not registered; \/v1\/models lists/],
  ['/v1/models/delay/drift/columns/y/windows/ks-100', /no window "ks-100" of column "y"/],
])('%s is refused with the value and the cure', async (path, detail) => {
  const { status, body } = await get(path);
  expect(status).toBe(404);
  expect(body).toMatchObject({ code: 'NOT_FOUND', detail: expect.stringMatching(detail) as unknown });
});

test('the OpenAPI document is the committed one', async () => {
  const { body } = await get('/openapi.json');
  await expect(`${JSON.stringify(body, null, 2)}\n`).toMatchFileSnapshot('golden/openapi.json');
});
