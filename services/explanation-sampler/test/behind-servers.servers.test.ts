/**
 * The whole service, set up as a user does, with models behind real servers of the Open Inference Protocol v2: KServe's own with binary tensors,
 * and MLServer with JSON where WEIR_TEST_MLSERVER names its program. WEIR_TEST_KSERVE is a Python with kserve. A server that does not answer in
 * time, and one that dies and comes back.
 */
import type { ModelAccess } from '@weir/events/generated/events';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { feature, NOW_MS, prediction, registration } from './scene.ts';
import { runs, type Served, Servers } from './servers/serve.ts';
import { type Answer, WholeService } from './whole-service.ts';

const mlserver = process.env['WEIR_TEST_MLSERVER'];
const kserve = process.env['WEIR_TEST_KSERVE'] ?? 'python3';
/** Loading is tried again each minute; a call ends after 10 s, and is tried three times. */
const PATIENCE_MS = 180_000;
const PATIENT = { timeout: PATIENCE_MS, interval: 100 };
vi.setConfig({ testTimeout: PATIENCE_MS, hookTimeout: PATIENCE_MS });

const COLUMNS = [feature('x', 'numeric'), feature('y', 'numeric')];
const BACKGROUND = 50;
const servers = new Servers();

afterAll(() => servers.stop());

/** Predictions of 2x − y. */
function stream(model: string, from: number, to: number) {
  return Array.from({ length: to - from }, (_, at) => {
    const index = from + at;
    const [x, y] = [index % 5, index % 3];
    const eventTimeMs = NOW_MS - 1e7 + 1_000 * index;
    return prediction({ model, id: `${model}-${index}`, eventTimeMs, numeric: [x, y], outputs: [2 * x - y] });
  });
}

async function started(url: string, models: Readonly<Record<string, ModelAccess>>): Promise<WholeService> {
  const service = new WholeService();
  await service.startFrom({
    WEIR_EXPLAIN_MODEL_URLS: url,
    WEIR_EXPLAIN_BACKGROUND_EVENTS: String(BACKGROUND),
    WEIR_EXPLAIN_BACKGROUND_ROWS: '20',
    WEIR_EXPLAIN_BUDGET_PER_SECOND: '1',
  });
  for (const [model, access] of Object.entries(models))
    await service.send([registration(model, COLUMNS, access), ...stream(model, 0, BACKGROUND)]);
  return service;
}

/** Of the only version, once `is` holds. */
async function versionWhen(service: WholeService, model: string, is: (version: any) => boolean): Promise<any> {
  let answer: Answer | undefined;
  try {
    await vi.waitUntil(async () => {
      answer = await service.ask(`/v1/models/${model}/explanations`, 'auditor');
      return answer.status === 200 && is(answer.body.versions[0]);
    }, PATIENT);
  } catch (error) {
    throw new Error(`never so: ${JSON.stringify(answer?.body)}`, { cause: error });
  }
  return answer?.body.versions[0];
}

async function expectStreamExplained(service: WholeService, model: string): Promise<void> {
  await service.send(stream(model, BACKGROUND, BACKGROUND + 40));
  const version = await versionWhen(service, model, ({ explained, waiting }) => explained > 10 && waiting === 0);
  expect(version).toMatchObject({ game: 'kernel', unexplained: 0, mismatched: 0, model: { status: 'ready' } });
  expect(version.importance.map((each: { feature: string }) => each.feature)).toEqual(['x', 'y']);
  const [x, y] = version.importance;
  // Mean sizes of 2(x − 2) over 0 to 4, and of y − 1 over 0 to 2; a sample decides both.
  expect(x.importance).toBeGreaterThan(1.5);
  expect(y.importance).toBeLessThan(1.2);
  const { predictionId } = version.archived[0];
  const { body } = await service.ask(`/v1/models/${model}/explanations/${predictionId}`, 'auditor');
  expect(body).toMatchObject({ method: 'kernel', flags: [] });
  expect(body.base + body.attributions[0] + body.attributions[1]).toBeCloseTo(body.prediction, 9);
  expect(body.modelRows).toBeGreaterThan(1);
}

describe.runIf(runs('kserve', kserve, '-c', 'import kserve'))('behind KServe, as binary tensors', () => {
  let server: Served;
  let service: WholeService;
  beforeAll(async () => {
    server = await servers.kserve(kserve);
    service = await started(server.url, {
      loan: { kind: 'oip-v2-binary', location: `${server.url}v2/models/m` },
      slow: { kind: 'oip-v2-binary', location: `${server.url}v2/models/slow` },
    });
  });
  afterAll(() => service?.stop());

  const now = { version: '1', features: { x: 3, y: 1 }, withinMs: 20_000 };

  test('a stream is explained, and an event now', async () => {
    await expect(expectStreamExplained(service, 'loan')).resolves.toBeUndefined();
    const { status, body } = await service.post('/v1/models/loan/explanations', 'auditor', now);
    expect(status).toBe(200);
    expect(body).toMatchObject({ state: 'explained', method: 'kernel', prediction: 5 });
  });

  test('a model that takes too long is a failure that says so, and holds up no other', async () => {
    const asked = await service.post('/v1/models/slow/explanations', 'auditor', { ...now, withinMs: 0 });
    expect(asked.status).toBe(202);
    const meanwhile = await service.post('/v1/models/loan/explanations', 'auditor', { ...now, features: { x: 4 } });
    expect([meanwhile.status, meanwhile.body.state]).toEqual([200, expect.stringMatching(/explained|failed/)]);
    let answer: Answer | undefined;
    await vi.waitUntil(async () => {
      answer = await service.ask(asked.body.location, 'auditor');
      return answer.status === 200;
    }, PATIENT);
    expect(answer?.body).toMatchObject({ state: 'failed', error: expect.stringMatching(/timeout/i) });
  });

  test('a server that dies is told of and tried again; when it is back, events are explained again', async () => {
    const before = await versionWhen(service, 'loan', ({ waiting }) => waiting === 0);
    await servers.end(server.process);
    await service.send(stream('loan', 100, 140));
    const away = await versionWhen(service, 'loan', ({ model }) => model.status === 'failed');
    expect(away.model.error).toMatch(/fetch failed|ECONNREFUSED/);
    expect(away.unexplained).toBeGreaterThan(before.unexplained);
    expect(away.explained).toBe(before.explained);
    await servers.kserve(kserve, server.port);
    await versionWhen(service, 'loan', ({ model }) => model.status === 'ready');
    await service.send(stream('loan', 140, 180));
    const back = await versionWhen(service, 'loan', ({ explained }) => explained > before.explained);
    expect(back.model).toMatchObject({ status: 'ready', error: '' });
  });
});

// Declared only where it is named: elsewhere it is no skip.
describe.each(mlserver === undefined ? [] : [mlserver])('behind MLServer (%s), as JSON', (command) => {
  let service: WholeService;
  beforeAll(async () => {
    const { url } = await servers.mlserver(command);
    service = await started(url, { loan: { kind: 'oip-v2', location: `${url}v2/models/m/versions/1` } });
  });
  afterAll(() => service?.stop());

  test('a stream is explained', async () => {
    await expect(expectStreamExplained(service, 'loan')).resolves.toBeUndefined();
  });
});
