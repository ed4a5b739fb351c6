/** Redis is stopped under a service that runs and raises alerts, and comes back as it was, or empty. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadServiceConfig } from '@weir/service-kit/config/common-settings';
import { loadPrincipals } from '@weir/service-kit/http/principals';
import { createLogger } from '@weir/service-kit/logger';
import { connectPorts, type Ports } from '@weir/service-kit/ports';
import { type Services, startServices } from '@weir/service-kit/service';
import { findKafka, type KafkaServer } from '@weir/testkit/broker';
import { type RedisServer, startLocalRedis } from '@weir/testkit/redis';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { driftConfigOf, SETTINGS } from '../src/config.ts';
import { driftDetector } from '../src/service.ts';
import { range, registration } from './scene.ts';

const kafka = await findKafka();
const folder = mkdtempSync(join(tmpdir(), 'weir-redis-'));
const first = await startLocalRedis({ folder });
if (first === undefined && process.env['REQUIRE_SERVICES'] === '1')
  throw new Error('this test needs a redis-server that it may stop: install redis-server');
const lacking = 'skip' in kafka ? kafka.skip : first === undefined ? 'no redis-server to stop' : undefined;

describe.skipIf(lacking !== undefined)(`Redis goes away${lacking === undefined ? '' : ` (${lacking})`}`, () => {
  let redis = first as RedisServer;
  const port = Number(new URL(first?.url ?? 'redis://127.0.0.1:1').port);
  const prefix = `redis-away-${process.pid}-${Date.now()}.`;
  let ports: Ports;
  let services: Services;
  let sent = 0;
  let taken = 0;
  let raisedOrResolved = 0;

  beforeAll(async () => {
    const config = loadServiceConfig(SETTINGS, {
      WEIR_LOG: 'kafka',
      KAFKA_BROKERS: (kafka as KafkaServer).brokers.join(','),
      REDIS_URL: redis.url,
      WEIR_TOPIC_PREFIX: prefix,
      WEIR_PARTITIONS: '1',
      WEIR_HTTP_PORT: '0',
      WEIR_DRIFT_WINDOWS: '200',
      WEIR_DRIFT_EVENTS_BETWEEN_FALSE_ALARMS: '1000000',
    });
    ports = await connectPorts(config, { clientId: 'redis-away', report: () => {} });
    services = await startServices([driftDetector(driftConfigOf(config))], {
      ports,
      config,
      logger: createLogger('test', 'silent'),
      principals: loadPrincipals(config),
      events: {
        committed: (_, { records, outputs }) => {
          taken += records;
          raisedOrResolved += outputs.length;
        },
      },
    });
    await send([...registration(), ...range(0, 500, 0), ...range(500, 800, 0.6)]);
  });
  afterAll(async () => {
    await services?.stop();
    await ports?.close();
    await redis.stop();
    await (kafka as KafkaServer).stop();
    rmSync(folder, { recursive: true });
  });

  /** Until they are committed. */
  async function send(records: ReturnType<typeof range>): Promise<void> {
    const producer = await ports.log.producer();
    await producer.send(records.map((each) => ({ ...each, topic: prefix + each.topic.slice('weir.'.length) })));
    await producer.close();
    sent += records.length;
    await vi.waitUntil(() => taken === sent, { timeout: 20_000 });
  }

  async function ready(): Promise<{ readonly status: number; readonly reasons: string }> {
    const response = await fetch(`${services.url}/readyz?verbose`);
    const { checks } = (await response.json()) as { readonly checks: readonly { readonly reason?: string }[] };
    return { status: response.status, reasons: checks.flatMap(({ reason }) => reason ?? []).join('; ') };
  }

  /** Of every alert that was raised or resolved, oldest first; what it says instead while it cannot. */
  async function alerts(): Promise<readonly string[] | number> {
    const response = await fetch(`${services.url}/v1/alerts`);
    if (response.status !== 200) return response.status;
    const { items } = (await response.json()) as { readonly items: readonly { readonly state: string }[] };
    return items.map(({ state }) => state).toReversed();
  }

  const soon = { timeout: 25_000, interval: 200 };

  test('its alerts are there to begin with', async () => {
    expect(raisedOrResolved).toBe(1);
    await expect.poll(alerts, soon).toEqual(['raised']);
    await expect.poll(ready, soon).toEqual({ status: 200, reasons: '' });
  });

  test('away: alerts are committed all the same, and /readyz?verbose says that the views are behind', async () => {
    await redis.stop();
    await send([...range(800, 1_600, 0), ...range(1_600, 1_900, 0.6)]);
    expect(raisedOrResolved).toBe(3);
    await expect.poll(ready, soon).toEqual({
      status: 503,
      reasons: expect.stringMatching(
        /read views are older than the last commit: .*did not answer.*; the connection to redis/,
      ) as unknown,
    });
    expect(await alerts()).toBe(503);
  });

  test('back as it was: what was raised and resolved meanwhile is shown', async () => {
    redis = (await startLocalRedis({ port, folder })) as RedisServer;
    await expect.poll(alerts, soon).toEqual(['raised', 'resolved', 'raised']);
    await expect.poll(ready, soon).toEqual({ status: 200, reasons: '' });
  });

  test('away while nothing happens: the views are known to be behind', async () => {
    await redis.stop();
    await expect.poll(ready, soon).toEqual({
      status: 503,
      reasons: expect.stringMatching(
        /read views are older than the last commit: .*did not answer.*; the connection to redis/,
      ) as unknown,
    });
  });

  test('back and empty: everything is shown again, without another event', async () => {
    redis = (await startLocalRedis({ port })) as RedisServer;
    await expect.poll(alerts, soon).toEqual(['raised', 'resolved', 'raised']);
    await expect.poll(ready, soon).toEqual({ status: 200, reasons: '' });
  });

  test('emptied between two questions: everything is shown again, without another event', async () => {
    await redis.stop();
    redis = (await startLocalRedis({ port })) as RedisServer;
    await expect.poll(alerts, soon).toEqual(['raised', 'resolved', 'raised']);
    await expect.poll(ready, soon).toEqual({ status: 200, reasons: '' });
  });
});
