/** The containers that stand in where a machine has Docker and nothing else. */
import { createKafkaLog } from '@weir/event-log/kafkajs/log';
import { Redis } from 'ioredis';
import { describe, expect, test } from 'vitest';
import { dockerAnswers, startKafkaContainer, startRedisContainer } from '../src/docker.ts';

const hasDocker = await dockerAnswers();
if (!hasDocker && process.env['REQUIRE_SERVICES'] === '1')
  throw new Error('these tests need a Docker engine: infra/docker/engine.sh start, infra/images/build.sh');

describe.skipIf(!hasDocker)('in Docker, through testcontainers', () => {
  test('Redis answers', async () => {
    const server = await startRedisContainer();
    const redis = new Redis(server.url);
    try {
      expect(await redis.ping()).toBe('PONG');
    } finally {
      redis.disconnect();
      await server.stop();
    }
  });

  test('Kafka takes a transaction and gives it back', async () => {
    const server = await startKafkaContainer();
    const log = createKafkaLog({ brokers: server.brokers, clientId: 'testkit', replicationFactor: 1 });
    try {
      await log.ping(30_000);
      const admin = await log.admin();
      await admin.createTopics([{ topic: 'in-docker', partitions: 1, cleanup: 'delete' }]);
      await admin.close();
      const producer = await log.producer({ fenceId: 'in-docker' });
      const transaction = await producer.begin();
      await transaction.send([{ topic: 'in-docker', partition: 0, key: null, value: Buffer.from('hello') }]);
      await transaction.commit();
      await producer.close();
      const reader = await log.reader();
      const stream = await reader.open({ topic: 'in-docker', partition: 0 }, 'earliest');
      const batch = await stream.next(10_000);
      expect(batch?.records.map(({ value }) => Buffer.from(value ?? []).toString())).toEqual(['hello']);
      await reader.close();
    } finally {
      await log.close();
      await server.stop();
    }
  });
});
