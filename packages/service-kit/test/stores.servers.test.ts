import { findRedis, type RedisServer } from '@weir/testkit/redis';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRedisSnapshots } from '../src/redis-snapshots.ts';
import { snapshotStoreContract } from './store-contract.ts';

const found = await findRedis();
const where = 'skip' in found ? found.skip : `at ${found.url}`;

describe.skipIf('skip' in found)(`a real Redis: ${where}`, () => {
  const server = found as RedisServer;
  let redis: Redis;
  const prefix = `test-${process.pid}-${Date.now()}.`;

  beforeAll(() => {
    redis = new Redis(server.url, { keyPrefix: prefix });
  });
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
  });

  snapshotStoreContract('Redis', () => createRedisSnapshots(redis));

  test('a flipped bit reads as no snapshot', async () => {
    const store = createRedisSnapshots(redis);
    await store.save('torn', { epoch: 1n, journalNext: 1n, stateVersion: 1, bytes: Buffer.from([1, 2, 3]) });
    await redis.hset('torn:snapshot', 'bytes', Buffer.from([1, 2, 2]));
    expect(await store.load('torn')).toBeUndefined();
  });
});
