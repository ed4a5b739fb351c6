/** Replays that begin at an anchor in a real Redis, after the log has dropped the records before it. */
import { findRedis, type RedisServer } from '@weir/testkit/redis';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRedisCheckpoints } from '../src/checkpoints/redis.ts';
import { COUNTER, type Count } from './counter.ts';
import { NOW_MS, Stage } from './stage.ts';

const found = await findRedis();
const where = 'skip' in found ? found.skip : `at ${found.url}`;

const DAY_MS = 86_400_000;
/** Inputs are kept for seven. */
const DAYS = 10;
const EVENTS_A_DAY = 30;

describe.skipIf('skip' in found)(`a real Redis: ${where}`, () => {
  const server = found as RedisServer;
  const keyPrefix = `anchors-${process.pid}-${Date.now()}.`;
  let redis: Redis;
  let stage: Stage;

  beforeAll(async () => {
    redis = new Redis(server.url, { keyPrefix });
    stage = new Stage(createRedisCheckpoints(redis));
    await stage.create();
    for (let day = 0; day < DAYS; day += 1) {
      await stage.start();
      await stage.count(EVENTS_A_DAY);
      if (stage.failures.length > 0) throw stage.failures[0];
      await stage.stop();
      stage.clockMs += DAY_MS;
    }
  }, 60_000);

  afterAll(async () => {
    await stage.end();
    redis.disconnect();
    await server.stop();
  });

  const yesterday = (): number => stage.clockMs - 1.5 * DAY_MS;

  test('the records of the first days are gone, and so is a replay from the beginning of the journal', async () => {
    const admin = await stage.log.admin();
    const { earliest, end } = await admin.offsets({ topic: 'weir.predictions', partition: 0 });
    await admin.close();
    expect(end).toBe(BigInt(DAYS * EVENTS_A_DAY));
    expect(earliest).toBeGreaterThanOrEqual(BigInt(2 * EVENTS_A_DAY));
    await expect(stage.replay({ anchors: false })).rejects.toMatchObject({ code: 'GONE' });
  });

  test('from yesterday: the last day alone, byte for byte', async () => {
    expect(await stage.replay({ fromMs: yesterday() })).toEqual({
      anchorMs: NOW_MS + (DAYS - 2) * DAY_MS,
      entries: expect.any(Number) as number,
      records: EVENTS_A_DAY,
      outputs: 2,
      otherState: undefined,
      difference: undefined,
    });
  });

  test('from the oldest anchor that the log reaches back to: every day that is kept, byte for byte', async () => {
    const report = await stage.replay();
    expect(report).toMatchObject({ otherState: undefined, difference: undefined });
    expect(report.anchorMs).toBeGreaterThan(NOW_MS);
    expect(report.records).toBeGreaterThanOrEqual(6 * EVENTS_A_DAY);
    expect(report.records).toBeLessThanOrEqual(8 * EVENTS_A_DAY);
  });

  test('a kernel that adds otherwise differs at the first output after the anchor', async () => {
    const kernel = (config: { every: number }) => {
      const own = COUNTER.kernel(config);
      const load = (...read: Parameters<typeof own.load>): Count => {
        const state = own.load(...read);
        return { ...state, sum: state.sum + 1 };
      };
      return { ...own, load };
    };
    const { difference } = await stage.replay({ fromMs: yesterday(), processor: { ...COUNTER, kernel } });
    expect(difference).toMatchObject({ topic: 'alerts', index: 0 });
    expect(text(difference?.replayed?.value)).not.toBe(text(difference?.committed?.value));
  });

  // Last: it leaves the anchor damaged.
  test('a flipped bit in the anchor is refused with the key', async () => {
    const records = 'weir.counter-0:checkpoint-keys';
    for (const field of await redis.hkeys(records)) {
      const value = (await redis.hgetBuffer(records, field)) as Buffer;
      value[value.length - 1] = (value.at(-1) as number) ^ 1;
      await redis.hset(records, field, value);
    }
    await expect(stage.replay({ fromMs: yesterday() })).rejects.toThrow(
      /the checkpoint of key "[ab]" of weir\.counter-0 is torn/,
    );
  });
});

function text(value: Uint8Array | null | undefined): string {
  return Buffer.from(value ?? []).toString();
}
