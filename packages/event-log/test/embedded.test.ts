import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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

test('a second opener is refused with the file, its owner and the cure in the message', () => {
  const owner = process.platform === 'linux' ? `this process (${process.pid})` : 'another process';
  expect(() => createEmbeddedLog({ file })).toThrow(
    `log.db is in use by ${owner}; stop that one, or give this one a file`,
  );
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

test('a file of no bytes is refused: it may be a log that was cut', async () => {
  await log.close();
  writeFileSync(file, '');
  expect(() => createEmbeddedLog({ file })).toThrow(
    /log\.db exists and is empty.*restore it from a copy, or delete it/,
  );
  rmSync(file);
  log = createEmbeddedLog({ file });
});

test('a file that is no database is refused with the cure', async () => {
  await log.close();
  const other = join(folder, 'other.db');
  writeFileSync(other, 'not a database'.repeat(1_000));
  expect(() => createEmbeddedLog({ file: other })).toThrow(/other\.db: .*restore the file from a copy/);
});

test('damaged pages are FATAL and name the file and the cure, whatever touches them', async () => {
  await (await log.producer()).send(Array.from({ length: 5_000 }, (_, index) => record(`value ${index}`)));
  await log.close();
  const bytes = readFileSync(file);
  // All but the first page, which holds the schema.
  writeFileSync(file, Buffer.concat([bytes.subarray(0, 4_096), Buffer.alloc(bytes.length - 4_096, 0xa5)]));
  const told = {
    name: 'LogError',
    code: 'FATAL',
    message: expect.stringMatching(/log\.db: .*restore the file from a copy/),
  };
  const damaged = (async () => {
    log = createEmbeddedLog({ file });
    await values();
  })();
  await expect(damaged).rejects.toMatchObject(told);
});

test('a file that says how far its partitions were compacted is read on', async () => {
  await log.close();
  const raw = new DatabaseSync(file);
  raw.exec('DROP TABLE partition');
  raw.exec(
    'CREATE TABLE partition(topic TEXT NOT NULL, partition INTEGER NOT NULL, log_start INTEGER NOT NULL, compacted_to INTEGER NOT NULL, PRIMARY KEY(topic, partition)) STRICT, WITHOUT ROWID',
  );
  raw.exec("INSERT INTO partition VALUES ('t', 0, 7, 0)");
  raw.close();
  log = createEmbeddedLog({ file });
  await (await log.producer()).send([record('a')]);
  expect(await values()).toEqual(['7a']);
});

test('a topic that asks for compaction is refused', async () => {
  const admin = await log.admin();
  await expect(admin.createTopics([{ topic: 'c', partitions: 1, cleanup: 'compact' }])).rejects.toMatchObject({
    code: 'FATAL',
    message: expect.stringContaining('cleanup is compact'),
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
