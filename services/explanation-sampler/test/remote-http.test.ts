/** Models behind a server of the Open Inference Protocol, explained on request over REST by LIME and by Kernel SHAP. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { SAMPLER_DEFAULTS } from '../src/config.ts';
import { ModelServer } from './model-server.ts';
import { feature, NOW_MS, prediction, registration } from './scene.ts';
import { PATIENCE_MS, PATIENT, WholeService } from './whole-service.ts';

vi.setConfig({ testTimeout: PATIENCE_MS, hookTimeout: PATIENCE_MS });
const COLUMNS = [feature('x', 'numeric'), feature('y', 'numeric'), feature('age', 'numeric', true)];
const server = new ModelServer(3, ([x = 0, y = 0]) => 2 * x - y);
const service = new WholeService();
const BACKGROUND = 60;
const MODELS = ['by-lime', 'by-kernel'];

beforeAll(async () => {
  const url = await server.listen();
  const own = { ...SAMPLER_DEFAULTS, backgroundEvents: BACKGROUND, segments: [], limeModels: ['by-lime'] };
  // So few a second that nothing but the request is explained.
  await service.start({ ...own, budgetPerSecond: 0.00001 }, [url]);
  const access = { kind: 'oip-v2', location: `${url}v2/models/m` };
  await service.send([
    ...MODELS.map((model) => registration(model, COLUMNS, access)),
    ...MODELS.flatMap((model) =>
      Array.from({ length: BACKGROUND }, (_, index) =>
        prediction({
          model,
          id: `p${index}`,
          eventTimeMs: NOW_MS - 1e6 + index,
          numeric: [index % 4, (index % 3) - 1, 20 + index],
          categorical: [],
          outputs: [2 * (index % 4) - (index % 3) + 1],
        }),
      ),
    ),
  ]);
});

afterAll(async () => {
  await service.stop();
  await server.close();
});

const event = { version: '1', features: { x: 3, y: 1, age: 40 }, withinMs: 20_000 };

test('LIME explains an event now: coefficients, intervals, its cost, and without the protected column for others', async () => {
  server.scored = 0;
  const { status, body } = await service.post('/v1/models/by-lime/explanations', 'auditor', event);
  expect(status).toBe(200);
  expect(body).toMatchObject({ state: 'explained', method: 'lime', game: 'lime', prediction: 5, modelRows: 4_096 });
  expect(body.flags).toContain('requested');
  expect(server.scored).toBe(4_096);
  const [x, y, age] = body.attributions;
  // In its bin x is 3, outside of it 1 on average; y is 1, outside −0.5; the age does nothing.
  expect(x).toBeCloseTo(4, 0);
  expect(y).toBeCloseTo(-1.5, 0);
  expect(Math.abs(age)).toBeLessThan(0.1);
  for (const [at, { low, high }] of body.intervals.entries()) {
    expect(low).toBeLessThanOrEqual(body.attributions[at]);
    expect(high).toBeGreaterThanOrEqual(body.attributions[at]);
  }
  expect(body.seed).not.toBe('');
  const seen = await service.ask(`/v1/models/by-lime/explanations/${body.predictionId}`, 'operator');
  expect(seen.body).toMatchObject({ withheld: ['age'], attributions: [x, y, null], base: null, residual: null });
});

test('a value that LIME has no bin for is a failure that says so', async () => {
  const { body } = await service.post('/v1/models/by-lime/explanations', 'auditor', {
    ...event,
    features: { x: 3, age: 40 },
  });
  expect(body).toMatchObject({ state: 'failed', error: expect.stringMatching(/missing or infinite/) });
});

test('other models at the same server are explained by Kernel SHAP', async () => {
  const { status, body } = await service.post('/v1/models/by-kernel/explanations', 'auditor', event);
  expect(status).toBe(200);
  expect(body).toMatchObject({ method: 'kernel', game: 'kernel', prediction: 5 });
  // Means of the background: x 1.5, y 0. Of three columns all coalitions are asked for, each with all of the background.
  expect(body.attributions).toEqual([3, -1, 0].map((each) => expect.closeTo(each, 9)));
  for (const [at, { low, high }] of body.intervals.entries())
    expect([low, high]).toEqual([body.attributions[at], body.attributions[at]]);
  expect(body.base + body.attributions.reduce((a: number, b: number) => a + b, 0)).toBeCloseTo(5, 9);
});

test('while the server is away a request is answered with where its explanation will be, and then says what failed', async () => {
  server.isAway = true;
  const { status, body } = await service.post('/v1/models/by-lime/explanations', 'auditor', { ...event, withinMs: 0 });
  expect(status).toBe(202);
  let answer: { readonly status: number; readonly body: any } | undefined;
  await vi.waitUntil(async () => {
    answer = await service.ask(body.location, 'auditor');
    return answer.status === 200;
  }, PATIENT);
  server.isAway = false;
  expect(answer?.body).toMatchObject({ state: 'failed', error: expect.stringMatching(/503/) });
});
