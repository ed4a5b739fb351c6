/** The service whole: events into an embedded log, answers out of its HTTP server. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NewRecord } from '@weir/event-log/port';
import { loadServiceConfig } from '@weir/service-kit/config/common-settings';
import { loadPrincipals } from '@weir/service-kit/http/principals';
import { createLogger } from '@weir/service-kit/logger';
import { connectPorts, type Ports } from '@weir/service-kit/ports';
import { type Services, startServices } from '@weir/service-kit/service';
import Value from 'typebox/value';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { SETTINGS } from '../src/config.ts';
import { AnomaliesSchema, RulesSchema } from '../src/schemas.ts';
import { anomalyDetector } from '../src/service.ts';
import { at, commandOf, predictionAt, registered, SCENE_CONFIG, turnOf, WARM } from './scene.ts';

const EVENTS = WARM + 400;
let folder: string;
let ports: Ports;
let services: Services;
let processed = 0;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'weir-'));
  const config = loadServiceConfig(SETTINGS, { WEIR_LOG_FILE: join(folder, 'log.db'), WEIR_HTTP_PORT: '0' });
  ports = await connectPorts(config, { clientId: 'test', report: () => {} });
  services = await startServices([anomalyDetector(SCENE_CONFIG)], {
    ports,
    config,
    logger: createLogger('test', 'silent'),
    principals: loadPrincipals(config),
    events: { committed: (_, { records }) => void (processed += records) },
  });
  const predictions = Array.from({ length: EVENTS }, (_, turn) =>
    at('predictions', 'delay', predictionAt('delay', turn, turnOf(turn))),
  );
  await send([...registered('delay'), ...registered('idle/ä'), ...predictions]);
});

afterAll(async () => {
  await services.stop();
  await ports.close();
  rmSync(folder, { recursive: true });
});

/** Until they are processed. */
async function send(records: readonly NewRecord[]): Promise<void> {
  const until = processed + records.length;
  const producer = await ports.log.producer();
  await producer.send(records.map((record) => ({ ...record, topic: `weir.${record.topic}` })));
  await producer.close();
  await vi.waitUntil(() => processed === until, { timeout: 15_000 });
}

async function get(path: string): Promise<{ readonly status: number; readonly body: unknown }> {
  const response = await fetch(`${services.url}${path}`);
  return { status: response.status, body: await response.json() };
}

test('state of forest, calibration and rules, also of a model whose name needs escaping', async () => {
  const { status, body } = await get('/v1/models/delay/anomalies');
  expect(status).toBe(200);
  expect(Value.Errors(AnomaliesSchema, body)).toEqual([]);
  expect(body).toMatchObject({
    monitoring: 'monitored',
    events: EVENTS,
    layouts: [
      {
        columns: { numbers: ['x', 'y', 'score'], outputs: 1, texts: ['city'] },
        forest: { state: 'monitoring', guarantee: 'reference', referenceSize: 1_000 },
        quality: { isWarmingUp: false },
      },
    ],
  });
  const { layouts } = body as {
    layouts: { quality: { violations: { field: string; rule: string; count: number }[] } }[];
  };
  expect(layouts[0]?.quality.violations).toContainEqual(expect.objectContaining({ field: 'x', rule: 'MISSING' }));
  const idle = await get(`/v1/models/${encodeURIComponent('idle/ä')}/anomalies`);
  expect(idle.body).toMatchObject({ model: 'idle/ä', monitoring: 'unmonitored', layouts: [] });
});

test('the rules with their bounds and reasons', async () => {
  const { body } = await get('/v1/models/delay/anomalies/rules');
  expect(Value.Errors(RulesSchema, body)).toEqual([]);
  expect(body).toMatchObject({
    layouts: [
      {
        rules: {
          numeric: [{ name: 'x', min: 0, minReason: 'unit-interval', max: 1 }, { name: 'y' }, { name: 'score' }],
          categorical: [{ name: 'city', values: ['Aachen', 'Bonn', 'Celle', 'Dresden'] }],
        },
      },
    ],
  });
});

test('alerts of both kinds', async () => {
  const { body } = await get('/v1/alerts');
  const { items } = body as { readonly items: readonly { readonly kind: string; readonly summary: string }[] };
  expect(items.find(({ kind }) => kind === 'quality')?.summary).toMatch(/delay: x: missing values/);
  expect(items.some(({ kind }) => kind === 'anomaly')).toBe(true);
});

test('metrics of the model', async () => {
  const metrics = await (await fetch(`${services.url}/metrics`)).text();
  expect(metrics).toContain(`weir_anomaly_events_total{model="delay"} ${EVENTS}`);
  expect(metrics).toMatch(/weir_anomaly_alarms_total\{model="delay"\} [1-9]/);
  expect(metrics).toContain('weir_anomaly_silent{model="delay"} 0');
});

test('a model that is not registered is refused with the cure', async () => {
  const { status, body } = await get('/v1/models/none/anomalies');
  expect(status).toBe(404);
  expect(body).toMatchObject({ code: 'NOT_FOUND', detail: expect.stringMatching(/\/v1\/models lists/) as unknown });
});

test('reanchor begins the warm-up anew and ends what is open', async () => {
  await send([at('commands', 'delay', commandOf('delay', 'reanchor'))]);
  await expect
    .poll(async () => (await get('/v1/models/delay/anomalies')).body)
    .toMatchObject({ monitoring: 'warming-up', layouts: [{ forest: { phase: 'learning' }, quality: { open: [] } }] });
});
