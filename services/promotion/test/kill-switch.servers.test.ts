/** The kill drill with the log really down: a Kafka whose only broker is stopped, the service as it runs, and a client that keeps its lease. */
import { hash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { topicName } from '@weir/events/topics';
import { loadServiceConfig } from '@weir/service-kit/config/common-settings';
import { loadPrincipals } from '@weir/service-kit/http/principals';
import { createLogger } from '@weir/service-kit/logger';
import { connectPorts, type Ports } from '@weir/service-kit/ports';
import { type Services, startServices } from '@weir/service-kit/service';
import { findKafkaNodes } from '@weir/testkit/broker';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Assigner } from '../../../packages/client/src/assigner.ts';
import { keepLease } from '../../../packages/client/src/poller.ts';
import { SETTINGS } from '../src/config.ts';
import { promotionService } from '../src/service.ts';
import { entryIn, policySet, version } from './scene.ts';

const kafka = await findKafkaNodes();
const where = 'skip' in kafka ? kafka.skip : 'one node';
const LEASE_MS = 3_000;
const UNITS = Array.from({ length: 100 }, (_, unit) => `unit-${unit}`);
const sha256 = (bytes: Uint8Array): Uint8Array => hash('sha256', bytes, 'buffer');

describe.skipIf('skip' in kafka)(`a real Kafka: ${where}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'weir-'));
  const leaving = new AbortController();
  let cluster: Awaited<ReturnType<Exclude<typeof kafka, { readonly skip: string }>['start']>>;
  let ports: Ports;
  let services: Services;

  beforeAll(async () => {
    if ('skip' in kafka) return;
    cluster = await kafka.start({});
    const config = loadServiceConfig(SETTINGS, {
      WEIR_LOG: 'kafka',
      KAFKA_BROKERS: cluster.brokers.join(','),
      WEIR_HTTP_PORT: '0',
      WEIR_PROMOTION_KEY_FILE: join(folder, 'key.pem'),
      WEIR_PROMOTION_MAKE_KEY: 'true',
      WEIR_PROMOTION_LEASE_MS: String(LEASE_MS),
    });
    ports = await connectPorts(config, { clientId: 'test', report: () => {} });
    const logger = createLogger('promotion', 'silent');
    const principals = loadPrincipals(config);
    services = await startServices([promotionService(config)], { ports, config, logger, principals });
  });
  afterAll(async () => {
    leaving.abort();
    await services?.stop();
    await ports?.close();
    await cluster?.stop();
    rmSync(folder, { recursive: true });
  });

  const ask = async (method: string, path: string, body?: object) => {
    const headers = { 'content-type': 'application/json', 'idempotency-key': 'the-kill' };
    const sent = body === undefined ? {} : { headers, body: JSON.stringify(body) };
    const answer = await fetch(services.url + path, { method, ...sent, signal: AbortSignal.timeout(60_000) });
    const text = await answer.text();
    return { status: answer.status, body: text === '' ? null : JSON.parse(text) };
  };

  function client(): Assigner {
    const monotonic = (): number => performance.now();
    const assigner = new Assigner({ model: 'm', champion: 'a', sha256, monotonic });
    const wait = (ms: number, signal: AbortSignal) => sleep(ms, undefined, { signal }).catch(() => {});
    const { url } = services;
    void keepLease({ url, model: 'm', assigner, monotonic, sleep: wait, fetch, failed: () => {} }, leaving.signal);
    return assigner;
  }

  async function kindsInLog(): Promise<readonly string[]> {
    const reader = await ports.log.reader();
    const stream = await reader.open({ topic: topicName('weir.', 'governance-log'), partition: 0 }, 'earliest');
    const kinds: string[] = [];
    for (let batch = await stream.next(3_000); batch !== undefined; batch = await stream.next(500))
      kinds.push(...batch.records.map(({ value }) => entryIn(value as Uint8Array).kind));
    await reader.close();
    return kinds;
  }

  test('without a broker the kill switch ends every lease, the split says so, and the kill is in the log when the broker is back', async () => {
    const producer = await ports.log.producer();
    const records = [version('m', 'a'), version('m', 'b'), policySet('m')];
    await producer.send(records.map((each) => ({ ...each, topic: topicName('weir.', each.topic) })));
    await producer.close();
    const assigner = client();
    const served = (): ReadonlySet<string> => new Set(UNITS.map((unit) => assigner.assign(unit).version));
    await expect.poll(() => served().size, { timeout: 30_000 }).toBe(2);

    await cluster.kill(1);
    // Leases are renewed with the log down: serving does not depend on it.
    await sleep(LEASE_MS + 1_000);
    expect(served().size).toBe(2);
    const started = performance.now();
    expect((await ask('PUT', '/v1/kill-switch/m', { reason: 'wrong prices' })).status).toBe(200);
    const split = await ask('GET', '/v1/models/m/split');
    expect(split).toMatchObject({ status: 503, body: { code: 'NOT_READY' } });
    expect(split.body.detail).toContain('wrong prices');
    await expect.poll(served, { timeout: LEASE_MS + 2_000, interval: 20 }).toEqual(new Set(['a']));
    expect(performance.now() - started).toBeLessThan(LEASE_MS + 1_000);

    await cluster.start(1);
    const kill = { action: 'kill', reason: 'wrong prices; the broker was down' };
    await expect
      .poll(async () => (await ask('POST', '/v1/models/m/commands', kill)).status, { timeout: 60_000, interval: 500 })
      .toBeLessThan(300);
    await expect.poll(kindsInLog, { timeout: 60_000, interval: 500 }).toContain('killed');
    expect((await ask('DELETE', '/v1/kill-switch/m')).status).toBe(200);
    await expect
      .poll(async () => (await ask('GET', '/v1/models/m/split')).body.arms, { timeout: 30_000 })
      .toEqual({ a: 1_000_000 });
    expect((await kindsInLog()).filter((kind) => kind === 'killed')).toHaveLength(1);
  });
});
