import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Kafka } from 'kafkajs';
import { expect, test } from 'vitest';
import { EMBEDDED_FEATURES } from '../src/embedded/log.ts';
import type { Features } from '../src/features.ts';
import { Failures, UNEXPLAINED_MS } from '../src/kafkajs/errors.ts';
import { EXPECTED_KAFKAJS_VERSION, KAFKAJS_VERSION } from '../src/kafkajs/internals.ts';
import { createKafkaLog, KAFKA_FEATURES } from '../src/kafkajs/log.ts';
import { createProducer } from '../src/kafkajs/producer.ts';

test('kafkajs is the version whose internals were read; another needs internals.ts read again', () => {
  expect(KAFKAJS_VERSION).toBe(EXPECTED_KAFKAJS_VERSION);
});

test('a question that every broker failed to answer ends with what the last one said', async () => {
  const BrokerPool = createRequire(import.meta.url)('kafkajs/src/cluster/brokerPool') as {
    readonly prototype: { withBroker(this: object, use: (each: object) => Promise<unknown>): Promise<unknown> };
  };
  const pool = { brokers: { 1: {}, 2: {} }, findBroker: async () => ({}) };
  let asked = 0;
  const failing = async (): Promise<never> => {
    asked += 1;
    throw new Error('connection closed');
  };
  await expect(BrokerPool.prototype.withBroker.call(pool, failing)).rejects.toThrow('connection closed');
  expect(asked).toBe(2);
  expect(await BrokerPool.prototype.withBroker.call(pool, async () => 'answer')).toBe('answer');
});

test('an answer that names the place of earlier records is a failed send, and another producer goes on', async () => {
  let made = 0;
  let next = 0;
  const sendBatch = async (): Promise<readonly object[]> => [{ baseOffset: String(next) }];
  const kafka = {
    producer: () => {
      made += 1;
      return { connect: async () => {}, disconnect: async () => {}, sendBatch };
    },
  } as unknown as Kafka;
  const producer = await createProducer(kafka, { check: async () => {}, failures: new Failures() });
  const send = () => producer.send([{ topic: 't', partition: 0, key: null, value: null }]);
  next = 5;
  expect(await send()).toMatchObject([{ baseOffset: 5n }]);
  await expect(send()).rejects.toMatchObject({ code: 'RETRIABLE', message: expect.stringContaining('t[0]') });
  next = 6;
  expect(await send()).toMatchObject([{ baseOffset: 6n }]);
  expect(made).toBe(2);
});

test('the broker that all others are learnt from stays known when it was the last one', () => {
  const BrokerPool = createRequire(import.meta.url)('kafkajs/src/cluster/brokerPool') as {
    readonly prototype: { removeBroker(this: object, address: object): void };
  };
  const seed = { nodeId: 1, connectionPool: { host: 'a', port: 1 } };
  const pool = { brokers: { 1: seed }, seedBroker: seed };
  BrokerPool.prototype.removeBroker.call(pool, { host: 'a', port: 1 });
  expect(pool).toMatchObject({ brokers: {}, seedBroker: seed });
});

test('an error that nothing explains is counted and retriable, and FATAL when it stays', () => {
  let nowMs = 0;
  const failures = new Failures(() => nowMs);
  const bug = new Error('wrapped', { cause: new TypeError("reading 'nodeId' of undefined") });
  const code = (kind = 'producer a') => failures.of(kind, bug, 'writing').code;
  expect([code(), failures.unexplained]).toEqual(['RETRIABLE', 1]);
  nowMs = UNEXPLAINED_MS - 1;
  expect(code()).toBe('RETRIABLE');
  failures.succeeded('producer a');
  nowMs = UNEXPLAINED_MS;
  expect(code()).toBe('RETRIABLE');
  nowMs = 2 * UNEXPLAINED_MS;
  // Another kind of call has only begun to fail.
  expect([code('admin'), code(), failures.unexplained]).toEqual(['RETRIABLE', 'FATAL', 5]);
  expect(failures.of('admin', Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }), 'asking').code).toBe(
    'RETRIABLE',
  );
  expect(failures.unexplained).toBe(5);
});

test('a ping waits for a broker until its deadline', async () => {
  const log = createKafkaLog({ brokers: ['127.0.0.1:1'], clientId: 'none' });
  const from = performance.now();
  await expect(log.ping(2_500)).rejects.toMatchObject({
    code: 'RETRIABLE',
    message: expect.stringContaining('no Kafka broker answered at 127.0.0.1:1 within 2500 ms; start it'),
  });
  expect(performance.now() - from).toBeGreaterThan(2_000);
  await log.close();
});

test('the README says of each adapter what it claims in code', () => {
  const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8');
  const said = (value: Features[keyof Features]): string =>
    Array.isArray(value) ? value.join(', ') || 'no' : value === true ? 'yes' : 'no';
  for (const feature of Object.keys(KAFKA_FEATURES) as (keyof Features)[]) {
    const cells = readme
      .split('\n')
      .find((line) => line.startsWith(`| \`${feature}\``))
      ?.split('|')
      .map((cell) => cell.trim());
    expect([feature, ...(cells?.slice(2, 4) ?? [])]).toEqual([
      feature,
      said(EMBEDDED_FEATURES[feature]),
      said(KAFKA_FEATURES[feature]),
    ]);
  }
});
