/** `weir send`: rows of a file as predictions and outcomes of a registered version. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEmbeddedLog } from '@weir/event-log/embedded/log';
import { LogError } from '@weir/event-log/errors';
import { partitionFor } from '@weir/event-log/partition';
import type { EventLog, NewRecord } from '@weir/event-log/port';
import { decode } from '@weir/events/codec';
import type { OutcomeObserved, PredictionLogged } from '@weir/events/generated/events';
import { parquetWriteFile } from 'hyparquet-writer';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { register } from '../src/commands/register/register.ts';
import { deliver } from '../src/commands/send/delivery.ts';
import { type EventRow, openEventRows } from '../src/commands/send/event-rows.ts';
import { send } from '../src/commands/send/send.ts';
import { runCommand, type Said } from './fixtures/run-command.ts';

const MODEL = 'demo';
const FEATURES = 'amount:numeric,country:categorical,age:numeric';
let folder: string;
let db: string;
let number = 0;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'weir-send-'));
});
beforeEach(async () => {
  db = join(folder, `${(number += 1)}.db`);
  const version = ['--model', MODEL, '--version', '1', '--features', FEATURES, '--outputs', 'score'];
  await runCommand(register, ...version, '--log', db);
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

function sent(path: string, ...more: readonly string[]): Promise<Said> {
  return runCommand(send, '--model', MODEL, '--version', '1', '--file', path, '--log', db, ...more);
}

async function eventsIn(topic: string, partitions = 1): Promise<readonly unknown[]> {
  const log = createEmbeddedLog({ file: db });
  try {
    const admin = await log.admin();
    if ((await admin.partitionCounts([`weir.${topic}`])).get(`weir.${topic}`) === undefined) return [];
    const reader = await log.reader();
    const stream = await reader.open(
      { topic: `weir.${topic}`, partition: partitionFor(MODEL, partitions) },
      'earliest',
    );
    const events: unknown[] = [];
    for (let batch = await stream.next(0); batch !== undefined; batch = await stream.next(0))
      for (const { key, value } of batch.records) {
        expect(Buffer.from(key as Uint8Array).toString()).toBe(MODEL);
        events.push(decode(value as Uint8Array).event);
      }
    return events;
  } finally {
    await log.close();
  }
}

const CSV = `when,age,amount,country,score,truth,account,took,region
2026-11-01,30,10.5,CH,0.25,1,a1,12,north
2026-11-01T10:00,,11,,0.5,,a2,,south
2026-11-01 12:00:00.5+02:00,41,NaN,DE,0.75,0,,8,
`;

test('each row in the order of the registration, with what is asked for', async () => {
  const path = file('june.csv', CSV);
  const columns = '--time when --label truth --unit account --latency took --segment region';
  const said = await sent(path, ...columns.split(' '));
  expect(said).toEqual({
    status: 0,
    err: '',
    out: '3 predictions of demo 1 sent: weir.predictions[0]@0 to 2\n2 outcomes sent: weir.outcomes[0]\n',
  });
  const [first, second, third] = (await eventsIn('predictions')) as PredictionLogged[];
  expect(first).toEqual({
    model: MODEL,
    version: '1',
    featureSet: 'demo/1',
    eventTimeMs: Date.UTC(2026, 10, 1),
    numeric: [10.5, 30],
    categorical: ['CH'],
    outputs: [0.25],
    id: 'june.csv:1',
    unit: 'a1',
    segment: { region: 'north' },
    routing: null,
    latencyMs: 12,
  });
  expect(second).toMatchObject({ numeric: [11, Number.NaN], categorical: [null], latencyMs: null });
  expect(second?.eventTimeMs).toBe(Date.UTC(2026, 10, 1, 10));
  expect(third).toMatchObject({ numeric: [Number.NaN, 41], unit: null, segment: {} });
  expect(third?.eventTimeMs).toBe(Date.UTC(2026, 10, 1, 10, 0, 0, 500));
  expect((await eventsIn('outcomes')) as OutcomeObserved[]).toEqual([
    { model: MODEL, predictionId: 'june.csv:1', eventTimeMs: first?.eventTimeMs, label: 1, reward: null, revision: 0 },
    { model: MODEL, predictionId: 'june.csv:3', eventTimeMs: third?.eventTimeMs, label: 0, reward: null, revision: 0 },
  ]);
});

test('to the partition of the key', async () => {
  const path = file('parts.csv', CSV);
  process.env['WEIR_PARTITIONS'] = '7';
  try {
    expect((await sent(path)).out).toMatch(
      new RegExp(`^3 predictions of demo 1 sent: weir.predictions\\[${partitionFor(MODEL, 7)}\\]@0 to 2\n$`),
    );
  } finally {
    delete process.env['WEIR_PARTITIONS'];
  }
  expect(await eventsIn('predictions', 7)).toHaveLength(3);
});

test('times as numbers in any unit, and as the instants of Parquet', async () => {
  const ms = Date.UTC(2026, 5, 1, 12);
  const row = (at: string) => ({ amount: 1, country: 'CH', age: 2, score: 0.5, at });
  for (const [digits, divisor] of [
    ['000000', 1],
    ['000', 1],
    ['', 1],
    ['', 1_000],
  ] as const) {
    const path = file('times.csv', `amount,country,age,score,at\n1,CH,2,0.5,${ms / divisor}${digits}\n`);
    expect(await sent(path, '--time', 'at')).toMatchObject({ status: 0, err: '' });
  }
  const lines = file('times.ndjson', `${JSON.stringify(row('2026-06-01T12:00:00Z'))}\n`);
  expect(await sent(lines, '--time', 'at')).toMatchObject({ status: 0, err: '' });
  const parquet = join(folder, 'times.parquet');
  parquetWriteFile({
    filename: parquet,
    columnData: [
      { name: 'amount', data: [1], type: 'DOUBLE' },
      // Codes of categories are often whole numbers.
      { name: 'country', data: [41], type: 'INT32' },
      { name: 'age', data: [2], type: 'INT32' },
      { name: 'score', data: [0.5], type: 'DOUBLE' },
      { name: 'at', data: [new Date(ms)], type: 'TIMESTAMP' },
      { name: 'key', data: [9_007_199_254_740_993n], type: 'INT64' },
    ],
  });
  expect(await sent(parquet, '--time', 'at', '--id', 'key')).toMatchObject({ status: 0, err: '' });
  const events = (await eventsIn('predictions')) as PredictionLogged[];
  expect(events.map(({ eventTimeMs }) => eventTimeMs)).toEqual(Array.from({ length: 6 }, () => ms));
  expect(events.at(-1)).toMatchObject({ categorical: ['41'], id: '9007199254740993' });
});

test.each([
  ['no such column', 'amount,country,score\n1,CH,2\n', [], /has no column "age"; it has amount, country, score/],
  [
    'a time that is none',
    CSV.replace('2026-11-01T10:00', '1/11/2026'),
    ['--time', 'when'],
    /row 2: --time when is "1\/11\/2026"; write times like/,
  ],
  ['a missing time', CSV.replace('2026-11-01T10:00', ''), ['--time', 'when'], /row 2: --time when is missing/],
  [
    'a number that is no time',
    CSV,
    ['--time', 'age'],
    /row 1: --time age is 30; a number must be a time from 1990 to 2100/,
  ],
  ['a missing id', CSV, ['--id', 'account'], /row 3: --id account is missing/],
  [
    'too long a text',
    CSV.replace('DE', 'D'.repeat(9_000)),
    [],
    /row 3: PredictionLogged passes a bound: field categorical/,
  ],
  ['a row that is none', CSV, ['--from', '4'], /--from is 4; .* has 3 rows/],
  ['outcomes that are none', CSV, ['--outcome-time', 'when'], /name their column with --label or --reward/],
] as const)('%s is told by row, and nothing is sent', async (_, content, more, message) => {
  const said = await sent(file('bad.csv', content), ...more);
  expect(said).toMatchObject({ status: 2, out: '' });
  expect(said.err).toMatch(message);
  expect(await eventsIn('predictions')).toEqual([]);
});

test('a version that is not registered is refused before its events would be dead-lettered', async () => {
  const path = file('june.csv', CSV);
  const other = await runCommand(send, '--model', MODEL, '--version', '2', '--file', path, '--log', db);
  expect(other).toMatchObject({ status: 2, err: expect.stringMatching(/version 2 .*model demo has 1; register/) });
  const nowhere = join(folder, 'nowhere.db');
  const none = await runCommand(send, '--model', MODEL, '--version', '1', '--file', path, '--log', nowhere);
  expect(none).toMatchObject({ status: 2, err: expect.stringMatching(/model demo is not registered; register/) });
});

test('cells that are no numbers, and rows out of order, are told of', async () => {
  const content = CSV.replace(',30,', ',abc,').replace('2026-11-01T10:00', '2026-12-01');
  const said = await sent(file('noted.csv', content), '--time', 'when');
  expect(said.status).toBe(0);
  expect(said.err).toMatch(/column age: 1 cell is no number and counts as missing: row 1 is "abc"/);
  expect(said.err).toMatch(/1 of 3 rows are earlier than a row before them; .* sort the file by when/);
});

test('a dry run sends nothing, --from begins later, --rate holds', async () => {
  const path = file('june.csv', CSV);
  expect(await sent(path, '--dry-run')).toMatchObject({ status: 0, out: expect.stringMatching(/^3 rows of /) });
  expect(await eventsIn('predictions')).toEqual([]);
  const started = performance.now();
  expect(await sent(path, '--from', '2', '--rate', '5')).toMatchObject({ status: 0 });
  expect(performance.now() - started).toBeGreaterThan(150);
  expect(((await eventsIn('predictions')) as PredictionLogged[]).map(({ id }) => id)).toEqual([
    'june.csv:2',
    'june.csv:3',
  ]);
});

test('when the log fails, what was told of is durable and the rest is named', async () => {
  const registered = { featureSet: 'demo/1', numeric: ['amount', 'age'], categorical: ['country'], outputs: ['score'] };
  const none = { time: undefined, id: undefined, unit: undefined, latency: undefined, segments: [], label: undefined };
  const path = file('long.csv', `amount,country,age,score\n${'1,CH,2,0.5\n'.repeat(1_200)}`);
  const reading = { delimiter: undefined, header: true, missing: [], decimalComma: false };
  const mapping = { ...none, reward: undefined, outcomeTime: undefined };
  const rows = await openEventRows({ path, reading, model: MODEL, version: '1', registered, mapping });
  const written: NewRecord[] = [];
  const log = createEmbeddedLog({ file: db });
  const failing: EventLog = {
    ...log,
    admin: () => log.admin(),
    producer: async () => ({
      ...(await log.producer()),
      send: async (records) => {
        if (written.length >= 1_000) throw new LogError('RETRIABLE', 'the broker went away');
        written.push(...records);
        return [
          { topic: '', partition: 0, baseOffset: BigInt(written.length - records.length), count: records.length },
        ];
      },
      close: async () => {},
    }),
  };
  let last = 0;
  const options = { topicPrefix: 'weir.', partitions: 1, model: MODEL, withOutcomes: false, rate: undefined };
  const delivering = deliver(failing, rows.rows() as AsyncIterable<EventRow>, {
    ...options,
    delivered: (row) => void (last = row),
  });
  await expect(delivering).rejects.toThrow('the broker went away');
  await log.close();
  expect(last).toBe(1_000);
  expect(written).toHaveLength(1_000);
});
