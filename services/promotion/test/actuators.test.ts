import type { ServerResponse } from 'node:http';
import { type Effect, type EffectHandler, EffectRefused } from '@weir/service-kit/effects/effect';
import { afterEach, expect, test } from 'vitest';
import type { Actuation } from '../src/actuation.ts';
import { actuatorHandler } from '../src/actuators/actuator.ts';
import { mlflowAlias } from '../src/actuators/mlflow-alias.ts';
import { retrainingHandler, signatureOf, webhookActuator } from '../src/actuators/webhook.ts';
import { type FakeServer, fakeMlflow, fakeServer } from './fake-servers.ts';

const SECRET = 'a secret of sixteen bytes';
const SECONDS = 1_700_000_000;
const servers: FakeServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function serve(answer: Parameters<typeof fakeServer>[0]): Promise<FakeServer> {
  const server = await fakeServer(answer);
  servers.push(server);
  return server;
}

const ok = (_: unknown, response: ServerResponse): void => void response.end();

function actuation(target: string, changed: Partial<Actuation> = {}): Actuation {
  return {
    model: 'fraud',
    target,
    owner: 1,
    epoch: 3,
    decisionId: 'd3',
    champion: '2',
    weights: { 2: 1_000_000 },
    ...changed,
  };
}

function run(
  handler: EffectHandler,
  kind: string,
  payload: object,
  signal = AbortSignal.timeout(5_000),
): Promise<Uint8Array> {
  const effect: Effect = { id: `id/${kind}`, kind, payload: Buffer.from(JSON.stringify(payload)) };
  return handler.run(effect, { key: 'fraud', epoch: 1n, signal });
}

const webhook = (destinations: readonly string[], secret = SECRET): EffectHandler =>
  actuatorHandler(webhookActuator({ secret, destinations, now: () => SECONDS * 1_000 + 999 }), destinations);

test('a webhook is signed over time and body, and sent once for a decision', async () => {
  const server = await serve(ok);
  const handler = webhook([server.url]);
  await run(handler, 'webhook', actuation(`${server.url}/split`));
  await run(handler, 'webhook', actuation(`${server.url}/split`));
  expect(server.asked).toHaveLength(1);
  const { headers, body } = server.asked[0] as (typeof server.asked)[number];
  expect(headers['weir-signature']).toBe(signatureOf(SECRET, SECONDS, body));
  expect(headers['idempotency-key']).toBe('d3');
  expect(JSON.parse(body)).toMatchObject({ owner: 1, epoch: 3, weights: { 2: 1_000_000 } });
});

test('an (owner, epoch) below what is in force is refused without a call', async () => {
  const server = await serve(ok);
  const handler = webhook([server.url]);
  await run(handler, 'webhook', actuation(server.url));
  const stale = run(handler, 'webhook', actuation(server.url, { epoch: 2, decisionId: 'd2' }));
  await expect(stale).rejects.toThrow(/owner 1, epoch 2 is below owner 1, epoch 3/);
  await expect(stale).rejects.toBeInstanceOf(EffectRefused);
  expect(server.asked).toHaveLength(1);
});

test.each([
  ['http://127.0.0.1:1/split', ['http://127.0.0.1:2/']],
  ['http://127.0.0.1:2/other', ['http://127.0.0.1:2/split']],
  ['http://127.0.0.1.evil.example/', ['http://127.0.0.1/']],
  ['http://user:word@127.0.0.1:2/split', ['http://127.0.0.1:2/split']],
  ['default', ['http://127.0.0.1:2/split']],
  ['http://127.0.0.1:2/split', []],
])('%s is no destination of %j', async (target, destinations) => {
  for (const handler of [webhook(destinations), retrainingHandler({ secret: SECRET, destinations, now: Date.now })])
    await expect(run(handler, 'webhook', actuation(target))).rejects.toThrow(/WEIR_PROMOTION_DESTINATIONS/);
});

test('without a secret nothing is sent', async () => {
  const server = await serve(ok);
  await expect(run(webhook([server.url], ''), 'webhook', actuation(server.url))).rejects.toThrow(/SECRET is empty/);
  expect(server.asked).toEqual([]);
});

test.each([
  [500, 'Error'],
  [503, 'Error'],
  [429, 'Error'],
  [409, 'EffectRefused'],
  [404, 'EffectRefused'],
  [302, 'TypeError'],
])('status %i is an error of kind %s', async (status, kind) => {
  const server = await serve(
    (_, response) => void response.writeHead(status, { location: 'http://127.0.0.1:1/' }).end(),
  );
  await expect(run(webhook([server.url]), 'webhook', actuation(server.url))).rejects.toMatchObject({ name: kind });
});

test('a server that says nothing ends with the deadline', async () => {
  const server = await serve(() => {});
  const attempt = run(webhook([server.url]), 'webhook', actuation(server.url), AbortSignal.timeout(50));
  await expect(attempt).rejects.toMatchObject({ name: 'TimeoutError' });
});

test('the alias of MLflow follows the champion, is read back, and is set again when somebody moved it', async () => {
  const answer = fakeMlflow();
  const server = await serve(answer);
  const target = `${server.url}/?model=fraud&alias=champion`;
  const handler = actuatorHandler(mlflowAlias(), [server.url]);
  const applied = await run(handler, 'mlflow-alias', actuation(target));
  expect(JSON.parse(Buffer.from(applied).toString())).toMatchObject({ epoch: 3, decisionId: 'd3', champion: '2' });
  const posts = (): number => server.asked.filter(({ method }) => method === 'POST').length;
  expect(posts()).toBe(2);
  await run(handler, 'mlflow-alias', actuation(target));
  expect(posts()).toBe(2);
  await fetch(`${server.url}/api/2.0/mlflow/registered-models/alias`, {
    method: 'POST',
    body: JSON.stringify({ name: 'fraud', alias: 'champion', version: '1' }),
  });
  await run(handler, 'mlflow-alias', actuation(target));
  expect(posts()).toBe(5);
  await expect(run(handler, 'mlflow-alias', actuation(target, { epoch: 1, decisionId: 'd1' }))).rejects.toThrow(
    /is below/,
  );
  // Another process knows nothing but what is read.
  const other = actuatorHandler(mlflowAlias(), [server.url]);
  await expect(run(other, 'mlflow-alias', actuation(target, { epoch: 2, decisionId: 'd2' }))).rejects.toThrow(
    /is below/,
  );
});

test.each([
  ['/?model=fraud', { champion: '2' }, /must have \?model=NAME&alias=ALIAS/],
  ['/?model=spam&alias=champion', { champion: '2' }, /answered 404/],
  ['/?model=fraud&alias=champion', { champion: 'seven' }, /answered 400/],
])('MLflow at %s with %j is refused', async (path, changed, message) => {
  const server = await serve(fakeMlflow());
  const handler = actuatorHandler(mlflowAlias(), [server.url]);
  const attempt = run(handler, 'mlflow-alias', actuation(server.url + path, changed));
  await expect(attempt).rejects.toThrow(message);
  await expect(attempt).rejects.toBeInstanceOf(EffectRefused);
});

test.each(['', 'null', '{"registered_model":{"tags":[{"key":"weir.champion","value":"NaN"}]}}', '<html>'])(
  'an answer of %j is no success',
  async (text) => {
    const server = await serve((_, response) => void response.end(text));
    const handler = actuatorHandler(mlflowAlias(), [server.url]);
    await expect(run(handler, 'mlflow-alias', actuation(`${server.url}/?model=fraud&alias=champion`))).rejects.toThrow(
      /no registered model|the tag weir.champion/,
    );
  },
);
