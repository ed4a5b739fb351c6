/** `weir dlq` on letters as the kit writes them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEmbeddedLog } from '@weir/event-log/embedded/log';
import { partitionFor } from '@weir/event-log/partition';
import type { LogRecord } from '@weir/event-log/port';
import { deadLetter } from '@weir/service-kit/processing/dead-letter';
import { predictionOf } from '@weir/testkit/events';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { dlq } from '../src/commands/dlq/dlq.ts';
import { runCommand } from './fixtures/run-command.ts';

const PARTITIONS = 3;
const DLQ = 'weir.drift-detector.dlq';
const MODEL = 'flight-delay';
const PREDICTION = predictionOf({ model: MODEL, id: 'p1', eventTimeMs: 1_000, numeric: [1, Number.NaN] });
const TORN = Buffer.from([7, 7, 7]);
let folder: string;
let file: string;

interface Sent {
  readonly value: Uint8Array | null;
  readonly code: string;
  readonly key?: string | null;
  readonly atMs: number;
}

/** In partition 0, whatever the key: a producer with another partitioner sent them. */
async function record(sent: readonly Sent[]): Promise<void> {
  const log = createEmbeddedLog({ file });
  const admin = await log.admin();
  await admin.createTopics([
    { topic: DLQ, partitions: PARTITIONS, cleanup: 'delete', maxRecordBytes: 8 << 20 },
    { topic: 'weir.predictions', partitions: PARTITIONS, cleanup: 'delete', maxRecordBytes: 8 << 20 },
  ]);
  const producer = await log.producer();
  for (const [index, { value, code, key = MODEL, atMs }] of sent.entries()) {
    const original: LogRecord = {
      offset: BigInt(100 + index),
      key: key === null ? null : Buffer.from(key),
      value,
      headers: [['trace', Buffer.from(`t${index}`)]],
      timestampMs: 5,
    };
    const rejection = { code, message: `${code} of letter ${index}` };
    const letter = deadLetter(DLQ, { topic: 'weir.predictions', partition: 0 }, original, rejection);
    await producer.send([{ ...letter, timestampMs: atMs }]);
  }
  await log.close();
}

async function predictions(): Promise<readonly (readonly [partition: number, record: LogRecord])[]> {
  const log = createEmbeddedLog({ file });
  const reader = await log.reader();
  const found: [number, LogRecord][] = [];
  for (let partition = 0; partition < PARTITIONS; partition += 1) {
    const stream = await reader.open({ topic: 'weir.predictions', partition }, 'earliest');
    for (let batch = await stream.next(0); batch !== undefined; batch = await stream.next(0))
      for (const each of batch.records) found.push([partition, each]);
  }
  await log.close();
  return found;
}

const NOW = Date.now();
const LETTERS: readonly Sent[] = [
  { value: PREDICTION, code: 'UNKNOWN_MODEL', atMs: NOW },
  { value: TORN, code: 'UNDECODABLE', atMs: NOW + 1_000 },
  { value: PREDICTION, code: 'UNKNOWN_MODEL', atMs: NOW + 2_000 },
  { value: PREDICTION, code: 'UNKNOWN_MODEL', key: 'other', atMs: NOW + 3_000 },
];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'weir-dlq-'));
  file = join(folder, 'log.db');
});
afterEach(() => rmSync(folder, { recursive: true }));

test('list counts by topic, reason and model, with the newest time, its place and its message', async () => {
  await record(LETTERS);
  const { status, out } = await runCommand(dlq, 'list', '--file', file, '--json');
  const at = (ms: number): string => new Date(ms).toISOString();
  const common = { service: 'drift-detector', topic: 'weir.predictions' };
  expect(status).toBe(0);
  expect(
    out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
  ).toEqual([
    {
      ...common,
      reason: 'UNKNOWN_MODEL',
      model: MODEL,
      count: 2,
      newest: at(NOW + 2_000),
      at: '0:2',
      message: 'UNKNOWN_MODEL of letter 2',
    },
    {
      ...common,
      reason: 'UNKNOWN_MODEL',
      model: 'other',
      count: 1,
      newest: at(NOW + 3_000),
      at: '0:3',
      message: 'UNKNOWN_MODEL of letter 3',
    },
    {
      ...common,
      reason: 'UNDECODABLE',
      model: MODEL,
      count: 1,
      newest: at(NOW + 1_000),
      at: '0:1',
      message: 'UNDECODABLE of letter 1',
    },
  ]);
  const text = (await runCommand(dlq, 'list', '--file', file, '--model', 'other')).out;
  expect(text).toMatch(
    /^count  topic .*\n +1  weir\.predictions  UNKNOWN_MODEL  other .* 0:3\n {4}UNKNOWN_MODEL of letter 3\n/,
  );
  expect((await runCommand(dlq, 'list', '--file', file, '--reason', 'NOPE')).out).toBe('no dead letters\n');
});

test('show gives headers and the event where the bytes are one, and the bytes where they are none', async () => {
  await record(LETTERS);
  const { out } = await runCommand(dlq, 'show', '0:0', '--file', file);
  expect(out).toContain('from      weir.predictions[0]@100\n');
  expect(out).toContain('header    trace: t0\n');
  expect(out).not.toContain('__streams');
  const event = JSON.parse(out.slice(out.indexOf('{'))) as unknown;
  expect(event).toMatchObject({ model: MODEL, id: 'p1', numeric: [1, 'NaN'] });
  expect((await runCommand(dlq, 'show', '--file', file, '0:1')).out).toMatch(
    /value {5}3 bytes that are no event: .*\n {2}000000 {2}07 07 07 /,
  );
  expect(await runCommand(dlq, 'show', '--file', file, '2:0')).toMatchObject({
    status: 2,
    err: 'weir: there is no dead letter at 2:0; weir dlq list prints their places\n',
  });
});

test('redrive sends the bytes and headers that came, to the partition of the key, and not twice with --since', async () => {
  await record(LETTERS);
  const first = await runCommand(dlq, 'redrive', '--file', file, '--reason', 'UNKNOWN_MODEL', '--limit', '2');
  expect(first.out).toMatch(/^sent 2 to weir\.predictions\n/);
  const [since = ''] = /--since \S+/.exec(first.out) ?? [];
  await runCommand(dlq, 'redrive', '--file', file, '--reason', 'UNKNOWN_MODEL', ...since.split(' '));
  const found = await predictions();
  const [mine, other] = [partitionFor(MODEL, PARTITIONS), partitionFor('other', PARTITIONS)];
  expect(found.filter(([partition]) => partition === mine)).toHaveLength(2);
  expect(found.filter(([partition]) => partition === other)).toHaveLength(1);
  for (const [, { value, headers }] of found) {
    expect(Buffer.from(value as Uint8Array).equals(PREDICTION)).toBe(true);
    expect(headers.map(([name]) => name)).toEqual(['trace']);
  }
  expect(new Set(found.map(([, { headers }]) => String(headers[0]?.[1]))).size).toBe(3);
});

test('redrive gives a record the key that it lacked when its partition was wrong, and changes no other key', async () => {
  await record([
    { value: PREDICTION, code: 'WRONG_PARTITION', key: null, atMs: NOW },
    { value: PREDICTION, code: 'WRONG_PARTITION', key: 'other', atMs: NOW },
    { value: TORN, code: 'WRONG_PARTITION', key: 'other', atMs: NOW },
    { value: PREDICTION, code: 'UNKNOWN_MODEL', key: 'other', atMs: NOW },
  ]);
  await runCommand(dlq, 'redrive', '--file', file);
  const found = await predictions();
  expect(found.map(([partition, { key }]) => `${partition} ${Buffer.from(key ?? []).toString()}`).sort()).toEqual(
    [MODEL, MODEL, 'other', 'other'].map((key) => `${partitionFor(Buffer.from(key), PARTITIONS)} ${key}`).sort(),
  );
});

test('a dry run sends nothing; what was too large to be kept whole is counted, and never sent', async () => {
  await record([...LETTERS, { value: Buffer.alloc(1_000_000), code: 'UNDECODABLE', atMs: NOW }]);
  const dry = await runCommand(dlq, 'redrive', '--file', file, '--dry-run');
  expect(dry).toMatchObject({
    out: 'would send 4 to weir.predictions\n',
    err: expect.stringMatching(/^weir: 1 were too large .*\n$/) as unknown,
  });
  expect(await predictions()).toEqual([]);
});

test.each([
  [['list'], /one of --file PATH and --kafka HOST:PORT is needed/],
  [['burn', '--file', 'x'], /"burn" is not an action; it can be list, show or redrive/],
  [['list', '--file', 'none.db'], /none\.db does not exist/],
  [['list', '--file', 'none.db', '--service', 'x'], /does not exist|--service is "x"/],
  [['redrive', '--file', 'FILE', '--limit', '0'], /--limit is "0"; it must be a whole number from 1/],
  [['list', '--file', 'FILE', '--since', 'noon'], /--since is "noon"; it must be a time/],
  [['show', '--file', 'FILE', 'here'], /"here" is no place; give PARTITION:OFFSET/],
  [['list', '--file', 'FILE', '--prefix', 'none.'], /no topic none\.drift-detector\.dlq/],
])('%j is refused with the rule', async (args, rule) => {
  await record([]);
  const { status, err } = await runCommand(dlq, ...args.map((word) => (word === 'FILE' ? file : word)));
  expect(status).toBe(2);
  expect(err).toMatch(rule);
});
