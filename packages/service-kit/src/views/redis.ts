/**
 * Read views in Redis, so that any replica answers any query. Of each service: a hash of the entries, a sorted set that orders their keys,
 * a set of each partition's keys, and a marker for each partition that says that its entries were put here. A key that is no history is of
 * one partition for ever, as models are.
 */
import type { ChainableCommander, Redis } from 'ioredis';
import { chunksOf } from '../chunks.ts';
import type { View } from '../processor.ts';
import {
  HISTORY_PREFIXES,
  isHistory,
  type ListOptions,
  MAX_HISTORY,
  type ReadViews,
  type ViewEntry,
  type ViewScope,
} from './read-views.ts';

/** Sorts after every key with the prefix: no key has this character. */
const LAST = '\u{10ffff}';
/** Views of one transaction: Redis serves no other client meanwhile. */
const CHUNK = 500;

/** @param prefix in front of every key, so that installations can share a server */
export function createRedisViews(redis: Redis, prefix: string, maxHistory: number = MAX_HISTORY): ReadViews {
  return new RedisViews(redis, prefix, maxHistory);
}

class RedisViews implements ReadViews {
  readonly #redis: Redis;
  readonly #prefix: string;
  readonly #maxHistory: number;

  constructor(redis: Redis, prefix: string, maxHistory: number) {
    this.#redis = redis;
    this.#prefix = prefix;
    this.#maxHistory = maxHistory;
  }

  /** The first to find no marker says so and sets it: the store is fresh, or it came back empty. */
  async put(scope: ViewScope, views: readonly View[]): Promise<'kept' | 'lost'> {
    const found = await this.#redis.hsetnx(this.#markers(scope.service), String(scope.partition), '1');
    await this.#write(scope, views);
    return found === 1 ? 'lost' : 'kept';
  }

  async replace(scope: ViewScope, views: Iterable<View>): Promise<void> {
    const kept = new Set<string>();
    for (const chunk of chunksOf(views, CHUNK)) {
      await this.#write(scope, chunk);
      for (const { key } of chunk) kept.add(key);
    }
    const removed = (await this.#redis.smembers(this.#ownKeys(scope))).filter((key) => !kept.has(key));
    await this.#write(
      scope,
      removed.map((key) => ({ key, json: null })),
    );
  }

  async get(service: string, key: string): Promise<string | undefined> {
    return (await this.#redis.hget(this.#entries(service), key)) ?? undefined;
  }

  async list(service: string, options: ListOptions): Promise<readonly ViewEntry[]> {
    const { prefix, after, limit, newestFirst = false } = options;
    const order = this.#order(service);
    const [first, last] = [`[${prefix}`, `[${prefix}${LAST}`];
    const keys = newestFirst
      ? await this.#redis.zrevrangebylex(order, after === undefined ? last : `(${after}`, first, 'LIMIT', 0, limit)
      : await this.#redis.zrangebylex(order, after === undefined ? first : `(${after}`, last, 'LIMIT', 0, limit);
    if (keys.length === 0) return [];
    const found = await this.#redis.hmget(this.#entries(service), ...keys);
    // One that was removed between the two questions is left out.
    return keys.flatMap((key, index) => {
      const json = found[index] ?? undefined;
      return json === undefined ? [] : [{ key, json }];
    });
  }

  async #write(scope: ViewScope, views: readonly View[]): Promise<void> {
    const { service } = scope;
    const [entries, order, ownKeys] = [this.#entries(service), this.#order(service), this.#ownKeys(scope)];
    for (const chunk of chunksOf(views, CHUNK)) {
      const pipeline = this.#redis.multi();
      for (const { key, json } of chunk) {
        if (json === null) pipeline.hdel(entries, key).zrem(order, key).srem(ownKeys, key);
        else pipeline.hset(entries, key, json).zadd(order, 0, key);
        if (json !== null && !isHistory(key)) pipeline.sadd(ownKeys, key);
      }
      await run(pipeline);
    }
    for (const history of HISTORY_PREFIXES)
      if (views.some(({ key }) => key.startsWith(history))) await this.#trim(service, history);
  }

  async #trim(service: string, history: string): Promise<void> {
    const [entries, order] = [this.#entries(service), this.#order(service)];
    const range = [`[${history}`, `[${history}${LAST}`] as const;
    const surplus = (await this.#redis.zlexcount(order, ...range)) - this.#maxHistory;
    for (let left = surplus; left > 0; left -= CHUNK) {
      const oldest = await this.#redis.zrangebylex(order, ...range, 'LIMIT', 0, Math.min(left, CHUNK));
      if (oldest.length > 0)
        await run(
          this.#redis
            .multi()
            .hdel(entries, ...oldest)
            .zrem(order, ...oldest),
        );
    }
  }

  #entries(service: string): string {
    return `${this.#prefix}${service}:views`;
  }

  #order(service: string): string {
    return `${this.#prefix}${service}:view-keys`;
  }

  #markers(service: string): string {
    return `${this.#prefix}${service}:view-markers`;
  }

  #ownKeys({ service, partition }: ViewScope): string {
    return `${this.#prefix}${service}:view-keys:${partition}`;
  }
}

/** `exec` resolves even when a command failed. */
async function run(pipeline: ChainableCommander): Promise<void> {
  for (const [error] of (await pipeline.exec()) ?? []) if (error !== null) throw error;
}
