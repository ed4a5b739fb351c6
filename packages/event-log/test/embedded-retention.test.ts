/** What the embedded log drops by age and by size, when, and what it remembers of it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createEmbeddedLog, type EmbeddedLog } from '../src/embedded/log.ts';
import type { NewRecord, PartitionStream, TopicSpec } from '../src/port.ts';

const DAY_MS = 86_400_000;
const tp = { topic: 't', partition: 0 };
let folder: string;
let file: string;
let log: EmbeddedLog;
let clockMs: number;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'weir-'));
  file = join(folder, 'log.db');
  clockMs = Date.parse('2026-11-24T00:00:00Z');
  log = createEmbeddedLog({ file, now: () => clockMs });
});

afterEach(async () => {
  await log.close();
  rmSync(folder, { recursive: true });
});

async function reopen(): Promise<void> {
  await log.close();
  log = createEmbeddedLog({ file, now: () => clockMs });
}

async function createTopic(spec: Partial<TopicSpec>): Promise<void> {
  await (await log.admin()).createTopics([{ topic: 't', partitions: 1, cleanup: 'delete', ...spec }]);
}

/** A stored batch. `bytes` is what it takes in the file: 20 go before each value. */
async function send(values: readonly string[], bytes = 21, timestampMs?: number): Promise<bigint | undefined> {
  const producer = await log.producer();
  const records = values.map((value): NewRecord => {
    const record = { ...tp, key: null, value: Buffer.from(value.padEnd(bytes - 20)) };
    return timestampMs === undefined ? record : { ...record, timestampMs };
  });
  return (await producer.send(records))[0]?.baseOffset;
}

const offsets = async (): Promise<unknown> => (await log.admin()).offsets(tp);
const open = async (from: bigint | 'earliest'): Promise<PartitionStream> => (await log.reader()).open(tp, from);

async function read(from: bigint | 'earliest' = 'earliest'): Promise<string[]> {
  const stream = await open(from);
  const found: string[] = [];
  for (let batch = await stream.next(0); batch !== undefined; batch = await stream.next(0))
    for (const { offset, value } of batch.records)
      found.push(
        offset +
          Buffer.from(value ?? [])
            .toString()
            .trim(),
      );
  expect(stream.lag).toBe(0n);
  return found;
}

describe('by time', () => {
  test('a batch goes when its newest record is older than asked for, with the next append', async () => {
    await createTopic({ retentionMs: DAY_MS });
    await send(['a', 'b']);
    clockMs += 1_000;
    await send(['c']);
    clockMs += DAY_MS - 1_000;
    await send(['d']);
    expect(await read()).toEqual(['0a', '1b', '2c', '3d']);
    clockMs += 1_000;
    expect(await read()).toEqual(['0a', '1b', '2c', '3d']);
    await send(['e']);
    expect(await read()).toEqual(['2c', '3d', '4e']);
    expect(await offsets()).toEqual({ earliest: 2n, end: 5n });
  });

  test('a younger batch in front keeps those behind it, as a younger record its batch', async () => {
    await createTopic({ retentionMs: DAY_MS });
    await send(['young']);
    clockMs += 1_000;
    await send(['old'], 21, clockMs - 2 * DAY_MS);
    expect(await read()).toEqual(['0young', '1old']);
    clockMs += DAY_MS;
    await send(['new']);
    expect(await read()).toEqual(['2new']);
  });

  test('no sooner than a second after the last look', async () => {
    await createTopic({ retentionMs: 1 });
    await send(['a']);
    clockMs += 999;
    await send(['b']);
    expect(await read()).toEqual(['0a', '1b']);
    clockMs += 1;
    await send(['c']);
    expect(await read()).toEqual(['1b', '2c']);
  });

  test('another topic’s append drops too', async () => {
    await createTopic({ retentionMs: DAY_MS });
    await createTopic({ topic: 'other' });
    await send(['a']);
    clockMs += 2 * DAY_MS;
    await (await log.producer()).send([{ topic: 'other', partition: 0, key: null, value: null }]);
    expect(await offsets()).toEqual({ earliest: 1n, end: 1n });
  });

  test('a backlog goes in bounded runs, one with each append', async () => {
    await createTopic({ retentionMs: DAY_MS });
    for (let index = 0; index < 2_500; index += 1) await send(['old']);
    clockMs += 2 * DAY_MS;
    const earliest: unknown[] = [];
    for (let index = 0; index < 4; index += 1) {
      await send(['new']);
      earliest.push(((await offsets()) as { earliest: bigint }).earliest);
    }
    expect(earliest).toEqual([1_000n, 2_000n, 2_500n, 2_500n]);
  });

  test('who appends much drops more: the log cannot outgrow its retention', async () => {
    await createTopic({ retentionMs: DAY_MS });
    for (let index = 0; index < 50; index += 1) await send(['old'], 100_000);
    clockMs += 2 * DAY_MS;
    await send(['new', 'new', 'new'], 1_000_000);
    expect(await offsets()).toEqual({ earliest: 50n, end: 53n });
  });

  test('a log that is only read stays whole, however old', async () => {
    await createTopic({ retentionMs: DAY_MS });
    await send(['a']);
    clockMs += 365 * DAY_MS;
    await reopen();
    expect(await read(0n)).toEqual(['0a']);
  });
});

describe('by size', () => {
  test('never less than what was asked for is kept', async () => {
    await createTopic({ retentionBytes: 250 });
    for (const value of ['a', 'b', 'c', 'd', 'e']) {
      clockMs += 1_000;
      await send([value], 100);
    }
    // Three batches hold 300: without the oldest it would be 200.
    expect(await read()).toEqual(['2c', '3d', '4e']);
    clockMs += 1_000;
    await send(['large'], 250);
    expect(await read()).toEqual(['5large']);
  });

  test('a clock that was set back is no reason to wait', async () => {
    await createTopic({ retentionBytes: 100 });
    await send(['a'], 100);
    clockMs -= DAY_MS;
    await send(['b'], 100);
    expect(await read()).toEqual(['1b']);
  });

  test('what the file holds is counted when it is opened', async () => {
    await createTopic({ retentionBytes: 100 });
    for (const value of ['a', 'b', 'c']) await send([value], 100);
    expect(await read()).toEqual(['0a', '1b', '2c']);
    await reopen();
    await send(['d'], 100);
    expect(await read()).toEqual(['3d']);
  });
});

describe('what was dropped is remembered', () => {
  beforeEach(async () => {
    await createTopic({ retentionMs: DAY_MS });
    await send(['a', 'b']);
    await send(['c']);
    clockMs += 1_000;
    await send(['d'], 21, clockMs - 2 * DAY_MS);
    clockMs += 2 * DAY_MS;
    await send(['e'], 21, clockMs - 2 * DAY_MS);
  });

  test.each([['in the same sitting'], ['after the file was reopened']])('the end never goes back: %s', async (how) => {
    if (how !== 'in the same sitting') await reopen();
    expect(await offsets()).toEqual({ earliest: 5n, end: 5n });
    expect(await read()).toEqual([]);
    expect(await send(['f'])).toBe(5n);
    expect(await read()).toEqual(['5f']);
  });

  test.each([0n, 1n, 2n, 4n])('a reader at %d is told what is gone', async (from) => {
    await send(['f']);
    await expect((await open(from)).next(0)).rejects.toMatchObject({
      code: 'GONE',
      message: `records ${from} to 4 of t[0] are gone (retention); reading on would skip them silently`,
    });
    expect(await read(5n)).toEqual(['5f']);
  });

  test('and so is one that retention overtakes', async () => {
    await send(['f']);
    await send(['g']);
    const stream = await open('earliest');
    expect((await stream.next(0))?.nextOffset).toBe(6n);
    clockMs += 2 * DAY_MS;
    await send(['h']);
    await expect(stream.next(0)).rejects.toMatchObject({ code: 'GONE', message: /^records 6 to 6 of / });
  });

  test('a topic that was deleted begins anew', async () => {
    await (await log.admin()).deleteTopics(['t']);
    await createTopic({});
    expect(await send(['a'])).toBe(0n);
    expect(await read(0n)).toEqual(['0a']);
  });
});

test('an append that was committed is not failed by what could not be dropped', async () => {
  await createTopic({ retentionMs: DAY_MS });
  await send(['a']);
  clockMs += 2 * DAY_MS;
  log.database.exec(
    "CREATE TRIGGER full BEFORE DELETE ON batch BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END",
  );
  expect(await send(['b'])).toBe(1n);
  expect(await read(0n)).toEqual(['0a', '1b']);
  log.database.exec('DROP TRIGGER full');
  clockMs += 1_000;
  await send(['c']);
  expect(await read()).toEqual(['1b', '2c']);
});

test('dropped pages are filled again: the file stops growing', async () => {
  await createTopic({ retentionMs: DAY_MS });
  const pages = async (appends: number): Promise<number> => {
    for (let index = 0; index < appends; index += 1) {
      clockMs += DAY_MS / 10;
      await send(['a'], 50_000);
    }
    return Number(log.database.prepare('PRAGMA page_count').get()?.['page_count']);
  };
  const before = await pages(20);
  expect(await pages(200)).toBeLessThanOrEqual(before + 50_000 / 4_096 + 1);
});

test('a file from before retention is read, kept to and remembered', async () => {
  await createTopic({ retentionMs: DAY_MS });
  await send(['a']);
  await send(['b']);
  await log.close();
  const raw = new DatabaseSync(file);
  raw.exec(`
    DROP TABLE partition;
    ALTER TABLE batch RENAME TO new;
    CREATE TABLE batch(topic TEXT NOT NULL, partition INTEGER NOT NULL, base_offset INTEGER NOT NULL, count INTEGER NOT NULL, max_timestamp REAL NOT NULL, checksum INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY(topic, partition, base_offset)) STRICT, WITHOUT ROWID;
    INSERT INTO batch SELECT * FROM new;
    DROP TABLE new;
  `);
  raw.close();
  log = createEmbeddedLog({ file, now: () => clockMs });
  expect(await read(0n)).toEqual(['0a', '1b']);
  clockMs += 2 * DAY_MS;
  await send(['c'], 21, clockMs - 2 * DAY_MS);
  await reopen();
  expect(await offsets()).toEqual({ earliest: 3n, end: 3n });
});
