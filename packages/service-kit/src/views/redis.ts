/**
 * Read views in Redis, so that any replica answers any query. Of each service: a hash of the entries, a sorted set that orders their keys,
 * a set of each partition's keys, and a marker for each partition that says that its entries were put here. A key that is no history is of
 * one partition for ever, as models are.
 */
import type { ChainableCommander, Redis } from 'ioredis';
import type { View } from '../processor.ts';
import { HISTORY_PREFIXES, isHistory, MAX_HISTORY, type ReadViews, type ViewScope } from './read-views.ts';

/** Sorts after every key with the prefix: no key has this character. */
const LAST = '\u{10ffff}';
/** Views of one transaction: Redis serves nobody else meanwhile. */
const CHUNK = 500;

export function createRedisViews(redis: Redis, prefix: string, maxHistory: number = MAX_HISTORY): ReadViews {
  const names = (service: string): { entries: string; order: string; markers: string } => ({
    entries: `${prefix}${service}:views`,
    order: `${prefix}${service}:view-keys`,
    markers: `${prefix}${service}:view-markers`,
  });
  const ownKeys = ({ service, partition }: ViewScope): string => `${prefix}${service}:view-keys:${partition}`;

  const write = async (scope: ViewScope, views: readonly View[]): Promise<void> => {
    const { entries, order } = names(scope.service);
    for (let from = 0; from < views.length; from += CHUNK) {
      const pipeline = redis.multi();
      for (const { key, json } of views.slice(from, from + CHUNK)) {
        if (json === null) pipeline.hdel(entries, key).zrem(order, key).srem(ownKeys(scope), key);
        else pipeline.hset(entries, key, json).zadd(order, 0, key);
        if (json !== null && !isHistory(key)) pipeline.sadd(ownKeys(scope), key);
      }
      await run(pipeline);
    }
    for (const history of HISTORY_PREFIXES)
      if (views.some(({ key }) => key.startsWith(history))) await trim(scope.service, history);
  };
  const trim = async (service: string, history: string): Promise<void> => {
    const { entries, order } = names(service);
    const range = [`[${history}`, `[${history}${LAST}`] as const;
    const surplus = (await redis.zlexcount(order, ...range)) - maxHistory;
    for (let left = surplus; left > 0; left -= CHUNK) {
      const oldest = await redis.zrangebylex(order, ...range, 'LIMIT', 0, Math.min(left, CHUNK));
      if (oldest.length > 0)
        await run(
          redis
            .multi()
            .hdel(entries, ...oldest)
            .zrem(order, ...oldest),
        );
    }
  };
  return {
    put: async (scope, views) => {
      // The first to find no marker says so and sets it: a fresh store, or one that came back empty.
      const found = await redis.hsetnx(names(scope.service).markers, String(scope.partition), '1');
      await write(scope, views);
      return found === 1 ? 'lost' : 'kept';
    },
    replace: async (scope, views) => {
      const kept = new Set(views.map(({ key }) => key));
      const removed = (await redis.smembers(ownKeys(scope))).filter((key) => !kept.has(key));
      await write(scope, [...removed.map((key) => ({ key, json: null })), ...views]);
    },
    get: async (service, key) => (await redis.hget(names(service).entries, key)) ?? undefined,
    list: async (service, { prefix: start, after, limit, newestFirst = false }) => {
      const { entries, order } = names(service);
      const keys = newestFirst
        ? await redis.zrevrangebylex(
            order,
            after === undefined ? `[${start}${LAST}` : `(${after}`,
            `[${start}`,
            'LIMIT',
            0,
            limit,
          )
        : await redis.zrangebylex(
            order,
            after === undefined ? `[${start}` : `(${after}`,
            `[${start}${LAST}`,
            'LIMIT',
            0,
            limit,
          );
      if (keys.length === 0) return [];
      const found = await redis.hmget(entries, ...keys);
      return keys.flatMap((key, index) => {
        const json = found[index];
        return json === null || json === undefined ? [] : [{ key, json }];
      });
    },
  };
}

/** `exec` resolves even when a command failed. */
async function run(pipeline: ChainableCommander): Promise<void> {
  for (const [error] of (await pipeline.exec()) ?? []) if (error !== null) throw error;
}
