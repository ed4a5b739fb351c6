import { findRedis, type RedisServer } from '@weir/testkit/redis';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRedisCheckpoints } from '../src/checkpoints/redis.ts';
import { TornCheckpoint } from '../src/checkpoints/store.ts';
import { all } from '../src/testing/all.ts';
import { checkpointStoreContract } from './checkpoints-contract.ts';

const found = await findRedis();
const where = 'skip' in found ? found.skip : `at ${found.url}`;

describe.skipIf('skip' in found)(`a real Redis: ${where}`, () => {
  const server = found as RedisServer;
  let redis: Redis;

  beforeAll(() => {
    redis = new Redis(server.url, { keyPrefix: `test-${process.pid}-${Date.now()}.` });
  });
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
  });

  checkpointStoreContract('Redis', () => createRedisCheckpoints(redis));

  test('a flipped bit is noticed', async () => {
    const store = createRedisCheckpoints(redis);
    const owner = { build: 'b', config: '{}' };
    const head = { generation: 1n, seq: 0, clockMs: 0, positions: {}, outputs: {}, owner, writtenMs: 0 };
    await store.save('torn', head, [{ key: 'a', stateVersion: 1, bytes: Buffer.from([1, 2, 3]) }]);
    const value = (await redis.hgetBuffer('torn:checkpoint-keys', '1:a')) as Buffer;
    value[value.length - 1] = 2;
    await redis.hset('torn:checkpoint-keys', '1:a', value);
    await expect(all(store.keys('torn', 1n))).rejects.toThrow(TornCheckpoint);
  });
});
