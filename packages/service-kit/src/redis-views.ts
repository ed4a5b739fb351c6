/** Read views in Redis, so that any replica answers any query: a hash of the entries, and a sorted set that orders their keys. */
import type { Redis } from 'ioredis';
import { HISTORY_PREFIX, MAX_HISTORY, type ReadViews } from './read-views.ts';

/** Sorts after every key with the prefix: no key has this character. */
const LAST = '\u{10ffff}';

export function createRedisViews(redis: Redis, prefix: string, maxHistory: number = MAX_HISTORY): ReadViews {
  const entries = (service: string): string => `${prefix}${service}:views`;
  const order = (service: string): string => `${prefix}${service}:view-keys`;
  return {
    put: async (service, views) => {
      if (views.length === 0) return;
      const pipeline = redis.multi();
      for (const { key, json } of views) {
        if (json === null) pipeline.hdel(entries(service), key).zrem(order(service), key);
        else pipeline.hset(entries(service), key, json).zadd(order(service), 0, key);
      }
      await pipeline.exec();
      if (!views.some(({ key }) => key.startsWith(HISTORY_PREFIX))) return;
      const range = [`[${HISTORY_PREFIX}`, `[${HISTORY_PREFIX}${LAST}`] as const;
      const surplus = (await redis.zlexcount(order(service), ...range)) - maxHistory;
      if (surplus <= 0) return;
      const oldest = await redis.zrangebylex(order(service), ...range, 'LIMIT', 0, surplus);
      await redis
        .multi()
        .hdel(entries(service), ...oldest)
        .zrem(order(service), ...oldest)
        .exec();
    },
    get: async (service, key) => (await redis.hget(entries(service), key)) ?? undefined,
    list: async (service, { prefix: start, after, limit, newestFirst }) => {
      const keys =
        newestFirst === true
          ? await redis.zrevrangebylex(
              order(service),
              after === undefined ? `[${start}${LAST}` : `(${after}`,
              `[${start}`,
              'LIMIT',
              0,
              limit,
            )
          : await redis.zrangebylex(
              order(service),
              after === undefined ? `[${start}` : `(${after}`,
              `[${start}${LAST}`,
              'LIMIT',
              0,
              limit,
            );
      if (keys.length === 0) return [];
      const found = await redis.hmget(entries(service), ...keys);
      return keys.flatMap((key, index) => {
        const json = found[index];
        return json === null || json === undefined ? [] : [{ key, json }];
      });
    },
  };
}
