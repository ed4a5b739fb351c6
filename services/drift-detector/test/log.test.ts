import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEmbeddedLog, type EmbeddedLog } from '@weir/event-log/embedded/log';
import type { LogRecord, NewRecord } from '@weir/event-log/port';
import { decode } from '@weir/events/codec';
import { createMemoryViews, type ReadViews } from '@weir/service-kit/read-views';
import { RUNNER_DEFAULTS, type Runner, startRunner, topicSpecs } from '@weir/service-kit/runner';
import { createSqliteSnapshots } from '@weir/service-kit/snapshot-store';
import { predictionOf, referenceSetOf, registrationOf } from '@weir/testkit/events';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DRIFT_DEFAULTS } from '../src/config.ts';
import { createDriftProcessor } from '../src/processor.ts';

const PREFIX = 'weir.';
const NOW = Date.parse('2026-11-24T00:00:00Z');
let folder: string;
let log: EmbeddedLog;
let views: ReadViews;
let runner: Runner | undefined;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'weir-'));
  log = createEmbeddedLog({ file: join(folder, 'log.db') });
  await (await log.admin()).createTopics(topicSpecs('drift-detector', PREFIX, 1));
});

afterEach(async () => {
  await runner?.stop();
  await log.close();
  rmSync(folder, { recursive: true });
});

async function start(
  overrides: { readonly snapshotEveryRecords?: number; readonly sliceRecords?: number } = {},
): Promise<void> {
  views = createMemoryViews();
  runner = await startRunner(
    createDriftProcessor({ ...DRIFT_DEFAULTS, countWindows: [200], readingsPerFalseAlarm: 1e6 }),
    { log, snapshots: createSqliteSnapshots(log.database), views },
    { ...RUNNER_DEFAULTS, topicPrefix: PREFIX, seed: 's', partitions: 1, now: () => NOW, ...overrides },
    { committed: () => {}, restored: () => {}, failed: () => {} },
  );
  runner.done.catch(() => {});
  await expect.poll(() => runner?.ready).toBe(true);
}

function record(topic: string, value: Uint8Array): NewRecord {
  return { topic: PREFIX + topic, partition: 0, key: Buffer.from('m'), value };
}

function registration(): NewRecord[] {
  const values = Array.from({ length: 1_000 }, (_, index) => index / 1_000);
  const counts = values.map(() => 1);
  const eventTimeMs = NOW - 1e9;
  return [
    record(
      'models',
      registrationOf(['x'], {
        model: 'm',
        eventTimeMs,
        id: 'r1',
      }),
    ),
    record(
      'references',
      referenceSetOf({
        model: 'm',
        column: 'x',
        values,
        counts,
        eventTimeMs,
        id: 'r2',
      }),
    ),
  ];
}

/** Values on a fixed low-discrepancy sequence: uniform, without chance. */
function prediction(index: number, shift: number, change: object = {}): NewRecord {
  const x = ((index * 0.618034) % 1) * (1 - shift) + shift;
  return record(
    'predictions',
    predictionOf({
      model: 'm',
      eventTimeMs: NOW - 1e6 + index,
      numeric: [x],
      id: `p${index}`,
      ...change,
    }),
  );
}

async function send(records: readonly NewRecord[]): Promise<void> {
  const producer = await log.producer();
  await producer.send(records);
  await producer.close();
}

async function read(topic: string): Promise<LogRecord[]> {
  const reader = await log.reader();
  const stream = await reader.open({ topic: PREFIX + topic, partition: 0 }, 'earliest');
  const found: LogRecord[] = [];
  for (let batch = await stream.next(0); batch !== undefined; batch = await stream.next(0))
    found.push(...batch.records);
  await reader.close();
  return found;
}

const range = (from: number, to: number, shift: number): NewRecord[] =>
  Array.from({ length: to - from }, (_, at) => prediction(from + at, shift));
const caughtUp = (): Promise<void> => expect.poll(() => runner?.lagRecords, { timeout: 5_000 }).toBe(0);
const journaled = async (): Promise<number> =>
  (await read('drift-detector.journal'))
    .flatMap(({ value }) => {
      const decoded = decode(value as Uint8Array);
      return decoded.name === 'JournalEntry' ? decoded.event.steps : [];
    })
    .reduce((sum, entry) => sum + ('count' in entry && entry.topic === 'predictions' ? entry.count : 0), 0);

test('a shifted feature raises one alert on the topic and in the views, and resolves when it is back', async () => {
  await start();
  await send([...registration(), ...range(0, 1_000, 0)]);
  await caughtUp();
  await expect.poll(journaled).toBe(1_000);
  expect(await read('alerts')).toEqual([]);
  await send(range(1_000, 2_000, 0.4));
  await expect.poll(async () => (await read('alerts')).length).toBe(1);
  const raised = decode((await read('alerts'))[0]?.value as Uint8Array);
  expect(raised).toMatchObject({
    name: 'AlertRaised',
    event: { model: 'm', column: 'x', rule: 'ks-200', direction: 1, windowSize: 200, referenceSize: 1_000 },
  });
  await expect.poll(() => views.list('drift-detector', { prefix: 'alert/', limit: 10 })).toHaveLength(1);
  await send(range(2_000, 4_000, 0));
  await expect
    .poll(async () => (await read('alerts')).map(({ value }) => decode(value as Uint8Array).name))
    .toEqual(['AlertRaised', 'AlertResolved']);
});

test('stopped and started at any point, with and without its snapshot, it gives the bytes of an undisturbed run', async () => {
  const parts = [[...registration(), ...range(0, 900, 0)], range(900, 1_337, 0.3), range(1_337, 2_500, 0)];
  await start({ sliceRecords: 97 });
  await send(parts.flat());
  await expect.poll(journaled).toBe(2_500);
  await runner?.stop();
  const whole = (await read('alerts')).map(({ value }) => Buffer.from(value as Uint8Array).toString('hex'));
  expect(whole).toHaveLength(2);

  await log.close();
  log = createEmbeddedLog({ file: join(folder, 'again.db') });
  await (await log.admin()).createTopics(topicSpecs('drift-detector', PREFIX, 1));
  let sent = 0;
  for (const [index, part] of parts.entries()) {
    await start({ sliceRecords: 50 + index });
    await send(part);
    sent += part.length;
    const expected = sent - 2;
    await expect.poll(journaled).toBe(expected);
    await runner?.stop();
    if (index === 1) log.database.exec('DELETE FROM snapshot');
  }
  expect((await read('alerts')).map(({ value }) => Buffer.from(value as Uint8Array).toString('hex'))).toEqual(whole);
});

test('each bad record is in the dead-letter topic once with its reason, and the stream goes on', async () => {
  await start();
  await send([
    ...registration(),
    record('predictions', Buffer.from('not avro')),
    record('predictions', Buffer.from([0, 0, 0, 9, 9, 1])),
    prediction(0, 0, { numeric: [1, 2] }),
    prediction(1, 0, { model: 'nobody' }),
    prediction(2, 0, { eventTimeMs: Date.parse('9999-12-31T00:00:00Z') }),
    record('predictions', Buffer.alloc(5_000_000, 7)),
    prediction(3, 0),
  ]);
  await expect.poll(async () => (await read('drift-detector.dlq')).length).toBe(6);
  const reasons = (await read('drift-detector.dlq')).map(({ headers }) =>
    Buffer.from(headers.find(([name]) => name === '__streams.errors.exception')?.[1] ?? []).toString(),
  );
  expect(reasons.toSorted()).toEqual([
    'FUTURE_TIMESTAMP',
    'UNDECODABLE',
    'UNDECODABLE',
    'UNKNOWN_MODEL',
    'UNKNOWN_SCHEMA',
    'WRONG_LENGTH',
  ]);
  await expect
    .poll(async () => JSON.parse((await views.get('drift-detector', 'model/m')) ?? '{}'))
    .toMatchObject({ events: 1 });
});
