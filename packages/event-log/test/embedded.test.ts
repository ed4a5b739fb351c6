import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { describeEventLog } from '../src/contract/suite.ts';
import { createEmbeddedLog, EMBEDDED_FEATURES, type EmbeddedLog } from '../src/embedded/log.ts';
import type { NewRecord } from '../src/port.ts';

let folder: string;
let file: string;
let log: EmbeddedLog;
const tp = { topic: 't', partition: 0 };
const record = (value: string, partition = 0): NewRecord => ({
  topic: 't',
  partition,
  key: Buffer.from('k'),
  value: Buffer.from(value),
});

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'weir-'));
  file = join(folder, 'log.db');
  log = createEmbeddedLog({ file });
  await (await log.admin()).createTopics([{ topic: 't', partitions: 2, cleanup: 'delete' }]);
});

afterEach(async () => {
  await log.close();
  rmSync(folder, { recursive: true });
});

async function values(from: bigint | 'earliest' | 'latest' = 'earliest', partition = 0): Promise<string[]> {
  const reader = await log.reader();
  const stream = await reader.open({ topic: 't', partition }, from);
  const found: string[] = [];
  for (let batch = await stream.next(0); batch !== undefined; batch = await stream.next(0)) {
    for (const stored of batch.records) found.push(String(stored.offset) + Buffer.from(stored.value ?? []).toString());
  }
  expect(stream.lag).toBe(0n);
  await reader.close();
  return found;
}

test('records come back in order, from any offset, also after the file was reopened', async () => {
  const producer = await log.producer();
  expect(await producer.send([record('a'), record('x', 1), record('b')])).toEqual([
    { ...tp, baseOffset: 0n, count: 2 },
    { topic: 't', partition: 1, baseOffset: 0n, count: 1 },
  ]);
  await producer.send([record('c')]);
  expect(await values()).toEqual(['0a', '1b', '2c']);
  await log.close();
  log = createEmbeddedLog({ file });
  expect(await values(1n)).toEqual(['1b', '2c']);
  expect(await values('earliest', 1)).toEqual(['0x']);
});

test('what can never be stored is POISON and writes nothing beside it', async () => {
  const producer = await log.producer();
  const large: NewRecord = { ...tp, key: null, value: Buffer.alloc(2_000_000) };
  await expect(producer.send([record('a'), large])).rejects.toMatchObject({ code: 'POISON' });
  await expect(producer.send([{ ...tp, topic: 'none', key: null, value: null }])).rejects.toMatchObject({
    code: 'POISON',
  });
  expect(await values()).toEqual([]);
});

test('a second opener is refused with the file in the message', () => {
  expect(() => createEmbeddedLog({ file })).toThrow(/log\.db is in use by another process/);
});

test('a flipped byte is found by the checksum', async () => {
  await (await log.producer()).send([record('a')]);
  await log.close();
  const raw = new DatabaseSync(file);
  raw.exec("UPDATE batch SET bytes = CAST(substr(bytes, 1, length(bytes) - 1) || x'ff' AS BLOB)");
  raw.close();
  log = createEmbeddedLog({ file });
  await expect(values()).rejects.toMatchObject({
    code: 'FATAL',
    message: expect.stringContaining('t[0]@0 fails its checksum'),
  });
});

test('a full disk commits nothing and says so', async () => {
  const producer = await log.producer();
  await producer.send([record('a')]);
  log.database.exec(`PRAGMA max_page_count = 20`);
  await expect(
    producer.send(Array.from({ length: 5 }, () => ({ ...tp, key: null, value: Buffer.alloc(500_000) }))),
  ).rejects.toThrow(/disk is full/);
  expect(await values()).toEqual(['0a']);
  log.database.exec('PRAGMA max_page_count = 1000000');
  await producer.send([record('b')]);
  expect(await values()).toEqual(['0a', '1b']);
});

describeEventLog(
  'the embedded log',
  async () => {
    const contractFolder = mkdtempSync(join(tmpdir(), 'weir-'));
    const options = { file: join(contractFolder, 'log.db') };
    let open = createEmbeddedLog(options);
    return {
      log: open,
      reopen: async () => {
        await open.close();
        open = createEmbeddedLog(options);
        return open;
      },
      stop: async () => {
        await open.close();
        rmSync(contractFolder, { recursive: true });
      },
    };
  },
  EMBEDDED_FEATURES,
);
