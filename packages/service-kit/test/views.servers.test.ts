import { findRedis, type RedisServer } from '@weir/testkit/redis';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRedisViews } from '../src/views/redis.ts';
import { readViewsContract } from './views-contract.ts';

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

  readViewsContract('Redis', (maxHistory) => createRedisViews(redis, 'weir.', maxHistory));

  test('says once that its entries are lost when Redis came back empty', async () => {
    const views = createRedisViews(redis, 'lost.');
    const scope = { service: 'toy', partition: 3 };
    const put = (): Promise<'kept' | 'lost'> => views.put(scope, [{ key: 'model/a', json: '1' }]);
    expect(await put()).toBe('lost');
    expect(await put()).toBe('kept');
    const other = { ...scope, partition: 4 };
    expect(await views.put(other, [])).toBe('lost');
    await redis.del('lost.toy:views', 'lost.toy:view-keys', 'lost.toy:view-keys:3', 'lost.toy:view-markers');
    // A restore replaces its entries first; the histories are still to be put again.
    await views.replace(scope, [{ key: 'model/a', json: '1' }]);
    expect(await put()).toBe('lost');
    expect(await put()).toBe('kept');
    expect(await createRedisViews(redis, 'lost.').put(scope, [])).toBe('kept');
  });
});
