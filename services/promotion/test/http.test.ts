/** The service as it runs: an embedded log, its own HTTP server, real tokens, and a webhook that is really called. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LogRecord, NewRecord } from '@weir/event-log/port';
import { decode } from '@weir/events/codec';
import type { TrafficSplitSet } from '@weir/events/generated/events';
import { topicName } from '@weir/events/topics';
import { loadServiceConfig } from '@weir/service-kit/config/common-settings';
import { createPrincipals, type NamedPrincipal, sha256 } from '@weir/service-kit/http/principals';
import { createLogger } from '@weir/service-kit/logger';
import { connectPorts, type Ports } from '@weir/service-kit/ports';
import { type Services, startServices } from '@weir/service-kit/service';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SETTINGS } from '../src/config.ts';
import { promotionService } from '../src/service.ts';
import { type FakeServer, fakeServer } from './fake-servers.ts';
import { POLICY, traffic, version } from './scene.ts';

const folder = mkdtempSync(join(tmpdir(), 'weir-'));
const NAMED: readonly NamedPrincipal[] = ['ada', 'bo', 'cy', 'ops'].map((id) => ({
  id,
  roles: ['write', 'command', id === 'ops' ? 'operate' : 'risk'],
  tokenSha256: sha256(`token-of-${id}`),
}));
let ports: Ports;
let services: Services;
let receiver: FakeServer;

beforeAll(async () => {
  receiver = await fakeServer((_, response) => void response.end());
  const config = loadServiceConfig(SETTINGS, {
    WEIR_LOG_FILE: join(folder, 'log.db'),
    WEIR_HTTP_PORT: '0',
    WEIR_LOG_LEVEL: 'silent',
    WEIR_PROMOTION_KEY_FILE: join(folder, 'key.pem'),
    WEIR_PROMOTION_MAKE_KEY: 'true',
    WEIR_PROMOTION_LATENESS_MS: '0',
    WEIR_PROMOTION_DESTINATIONS: receiver.url,
    WEIR_PROMOTION_WEBHOOK_SECRET: 'a-secret-of-sixteen-bytes',
  });
  const logger = createLogger('promotion', 'silent');
  ports = await connectPorts(config, { clientId: 'test', report: () => {} });
  services = await startServices([promotionService(config)], {
    ports,
    config,
    logger,
    principals: createPrincipals(NAMED, true),
    runner: { viewsEveryMs: 10 },
  });
});
afterAll(async () => {
  await services.stop();
  await ports.close();
  await receiver.close();
  rmSync(folder, { recursive: true });
});

interface Asking {
  readonly method?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly by?: string;
}

async function ask(path: string, options: Asking = {}) {
  const { by = 'ada', headers = {}, ...rest } = options;
  const response = await fetch(services.url + path, {
    ...rest,
    headers: {
      authorization: `Bearer token-of-${by}`,
      ...(rest.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: (text === '' ? null : JSON.parse(text)) as any };
}

async function send(records: Iterable<NewRecord>): Promise<void> {
  const producer = await ports.log.producer();
  await producer.send([...records].map((record) => ({ ...record, topic: topicName('weir.', record.topic) })));
  await producer.close();
}

async function eventually<Value>(look: () => Promise<Value>, holds: (value: Value) => boolean): Promise<Value> {
  for (let left = 200; ; left -= 1) {
    const value = await look();
    if (holds(value) || left === 0) return value;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

let commands = 0;
const command = (by: string, content: object) =>
  ask('/v1/models/m/commands', {
    method: 'POST',
    by,
    body: JSON.stringify(content),
    headers: { 'idempotency-key': `key-${(commands += 1)}`, prefer: 'wait=5' },
  });

test('a model goes from its policy through two approvals to its promotion, and the webhook is told', async () => {
  await send([version('m', 'a'), version('m', 'b', 'sha256:b')]);
  expect((await ask('/v1/models/nobody/split')).status).toBe(404);
  const unjudged = await eventually(
    () => ask('/v1/models/m'),
    ({ body }) => body.services?.promotion?.versions.length === 2,
  );
  expect(unjudged.body.services.promotion).toMatchObject({ judged: false, champion: 'a' });
  const policy = {
    ...POLICY,
    model: 'm',
    approval: { required: 2, roles: ['risk'], ttl: '1d' },
    actuators: [{ kind: 'webhook', target: `${receiver.url}/hook` }],
  };
  const put = await ask('/v1/models/m/policy', {
    method: 'PUT',
    body: JSON.stringify(policy),
    headers: { prefer: 'wait=5' },
  });
  expect(put.status).toBe(200);
  const split = await eventually(
    () => ask('/v1/models/m/split'),
    ({ status }) => status === 200,
  );
  expect(split.body).toMatchObject({
    model: 'm',
    owner: 1,
    epoch: 2,
    champion: 'a',
    arms: { a: 500_000, b: 500_000 },
    leaseMs: 30_000,
  });
  expect(split.body.validUntilMs).toBeGreaterThan(Date.now());
  expect(Buffer.from(split.body.signature, 'base64')).toHaveLength(64);
  const again = await ask('/v1/models/m/split', { headers: { 'if-none-match': split.headers.get('etag') ?? '' } });
  expect(again.status).toBe(304);
  expect((await ask('/v1/models/m/policy')).body).toEqual(policy);
  expect(again.headers.get('weir-lease-ms')).toBe('30000');

  await send([...traffic('m', 300, Date.now() - 1e6)]);
  const waiting = await eventually(
    () => ask('/v1/models/m/evidence'),
    ({ body }) => body.test?.eligible != null,
  );
  expect(waiting.body).toMatchObject({
    verdict: 'hold',
    test: { phase: 'awaiting-approval', champion: 'a', challenger: 'b' },
  });
  expect((await ask('/v1/judge/m')).body).toMatchObject({ model: 'm', verdict: 'hold', champion: 'a' });
  const { decisionId: decision } = waiting.body.test.eligible;
  // The author of the policy, then two others.
  for (const by of ['ada', 'bo', 'cy'])
    expect((await command(by, { action: 'approve', subject: { decision } })).status).toBe(200);
  const promoted = await eventually(
    () => ask('/v1/models/m'),
    ({ body }) => body.services.promotion.champion === 'b',
  );
  expect(promoted.body.services.promotion).toMatchObject({ champion: 'b', weights: { b: 1_000_000 }, test: null });
  const { body } = await ask('/v1/models/m/decisions');
  expect(body.items.map(({ kind }: { readonly kind: string }) => kind).slice(0, 4)).toEqual([
    'promoted',
    'approval',
    'approval',
    'eligible',
  ]);
  const told = await eventually(
    async () => receiver.asked.map((each) => JSON.parse(each.body)),
    (each) => each.at(-1)?.champion === 'b',
  );
  expect(told.at(-1)).toMatchObject({ model: 'm', epoch: 3, weights: { b: 1_000_000 } });
});

test('each split is on the topic too, signed, the newest last', async () => {
  const reader = await ports.log.reader();
  const stream = await reader.open({ topic: topicName('weir.', 'traffic-splits'), partition: 0 }, 'earliest');
  const records: LogRecord[] = [];
  while (stream.lag !== 0n) records.push(...((await stream.next(1_000))?.records ?? []));
  await reader.close();
  const splits = records.map(({ value }) => decode(value as Uint8Array).event as TrafficSplitSet);
  expect(splits.map(({ epoch, arms }) => [epoch, arms])).toEqual([
    [1, { a: 1_000_000 }],
    [2, { a: 500_000, b: 500_000 }],
    [3, { b: 1_000_000 }],
  ]);
  const { body } = await ask('/v1/models/m/split');
  expect(splits.at(-1)).toMatchObject({ owner: body.owner, decisionId: body.decisionId, keyId: body.keyId });
  expect(splits.at(-1)?.signature).toHaveLength(64);
});

test('a rollback needs the role operate, and is shown with what became of it', async () => {
  expect((await command('bo', { action: 'rollback' })).status).toBe(200);
  const rolled = await command('ops', { action: 'rollback', reason: 'complaints' });
  const shown = await eventually(
    () => ask(`/v1/models/m/commands/${rolled.body.id}`),
    ({ body }) => body.result !== undefined,
  );
  expect(shown.body).toMatchObject({ action: 'rollback', principal: 'ops', result: 'rolled back; a serves' });
});

test('lift-halt is taken over REST, and the first of two principals is told that another must ask', async () => {
  const subject = { seq: '1', leaf: 'ab'.repeat(32), owner: '1', epoch: '1' };
  const asked = await command('ops', { action: 'lift-halt', subject });
  const shown = await eventually(
    () => ask(`/v1/models/m/commands/${asked.body.id}`),
    ({ body }) => body.result !== undefined,
  );
  expect(shown.body).toMatchObject({ action: 'lift-halt', principal: 'ops', result: '1 of 2 principals' });
});

test('the kill switch ends the renewal of leases without the log, and only for who may operate', async () => {
  const stop = (by: string) =>
    ask('/v1/kill-switch/m', { method: 'PUT', by, body: JSON.stringify({ reason: 'the log is down' }) });
  expect((await stop('bo')).status).toBe(403);
  expect((await stop('ops')).status).toBe(200);
  const stopped = await ask('/v1/models/m/split');
  expect(stopped.status).toBe(503);
  expect(stopped.body.detail).toContain('stopped by ops');
  const flag = (await ask('/v1/models/m/split/flagd')).body.flags.m;
  expect(flag).toMatchObject({ targeting: {}, variants: { [flag.defaultVariant]: flag.defaultVariant } });
  expect((await ask('/v1/kill-switch/m', { method: 'DELETE', by: 'ops' })).status).toBe(200);
  const { status, body: split } = await ask('/v1/models/m/split');
  expect(status).toBe(200);
  const again = await ask('/v1/models/m/split/flagd');
  expect(again.body.flags.m.metadata).toMatchObject({ epoch: split.epoch, decisionId: split.decisionId });
  expect((await ask('/v1/models/none/split/flagd')).status).toBe(404);
  const headers = { 'if-none-match': again.headers.get('etag') ?? '' };
  expect((await ask('/v1/models/m/split/flagd', { headers })).status).toBe(304);
});

test('a refused policy leaves the one before in force', async () => {
  const { headers, body: before } = await ask('/v1/models/m/policy');
  const put = await ask('/v1/models/m/policy', {
    method: 'PUT',
    body: JSON.stringify({ kind: 'PromotionPolicy', model: 'm' }),
    headers: { 'if-match': headers.get('etag') ?? '', prefer: 'wait=5' },
  });
  expect(put.status).toBe(200);
  expect((await ask('/v1/models/m/policy')).body).toEqual(before);
});
