/** `weir register` and `weir reference`, into a log and over the REST interface of a service. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { contentFault } from '@weir/catalogue/reference-content';
import { createEmbeddedLog } from '@weir/event-log/embedded/log';
import { partitionFor } from '@weir/event-log/partition';
import { decode } from '@weir/events/codec';
import type { ModelVersionRegistered, ReferenceSet } from '@weir/events/generated/events';
import { loadServiceConfig } from '@weir/service-kit/config/common-settings';
import { loadPrincipals } from '@weir/service-kit/http/principals';
import { createLogger } from '@weir/service-kit/logger';
import { connectPorts } from '@weir/service-kit/ports';
import { type Services, startServices } from '@weir/service-kit/service';
import { parquetWriteFile } from 'hyparquet-writer';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sampled } from '../src/commands/reference/column-content.ts';
import { reference } from '../src/commands/reference/reference.ts';
import { register } from '../src/commands/register/register.ts';
import { runCommand, type Said } from './fixtures/run-command.ts';

const MODEL = 'flight-delay';
const TOKEN = 'a-token-of-the-test-0';
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'weir-control-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

function words(line: string): readonly string[] {
  return line.split(' ');
}

async function eventsIn(db: string, topic: string, partitions = 1): Promise<readonly unknown[]> {
  const log = createEmbeddedLog({ file: db });
  const reader = await log.reader();
  const events: unknown[] = [];
  const partition = partitionFor(MODEL, partitions);
  const stream = await reader.open({ topic: `weir.${topic}`, partition }, 'earliest');
  for (let batch = await stream.next(0); batch !== undefined; batch = await stream.next(0))
    for (const { value, key } of batch.records) {
      expect(Buffer.from(key as Uint8Array).toString()).toBe(MODEL);
      events.push(decode(value as Uint8Array).event);
    }
  await log.close();
  return events;
}

const CSV = `distance,hour,carrier,when,id
100,1,AA,2001-01-01,a1
200,,UA,2001-01-02,a2
100,3,AA,2001-01-03,a3
NaN,4,,2001-01-04,a4
`;

test('register: words on the command line, into a log that has no topics yet', async () => {
  const db = join(folder, 'register.db');
  const said = await runCommand(
    register,
    ...words(
      `--model ${MODEL} --version 7 --features distance:numeric:mi,carrier:categorical --outputs score,delay:min`,
    ),
    '--log',
    db,
  );
  expect(said).toMatchObject({
    status: 0,
    out: expect.stringMatching(/^flight-delay 7: models\[0\]@\d+\n/) as unknown,
  });
  const [event] = (await eventsIn(db, 'models')) as ModelVersionRegistered[];
  expect(event).toMatchObject({
    model: MODEL,
    version: '7',
    featureSet: {
      id: 'flight-delay/7',
      features: [
        { name: 'distance', type: 'numeric', unit: 'mi', protected: false },
        { name: 'carrier', type: 'categorical', unit: null, protected: false },
      ],
    },
    outputs: [
      { name: 'score', unit: null },
      { name: 'delay', unit: 'min' },
    ],
  });
});

test.each([
  ['file:loan.txt', { kind: 'file', location: 'loan.txt' }],
  [
    'oip-v2-binary:http://models:8080/v2/models/loan',
    { kind: 'oip-v2-binary', location: 'http://models:8080/v2/models/loan' },
  ],
])('register: --access %s stands in the event', async (text, access) => {
  const db = join(folder, 'access.db');
  const args = ['--model', MODEL, '--version', '1', '--features', 'x:numeric', '--access'];
  const said = await runCommand(register, ...args, text, '--log', db);
  expect(said).toMatchObject({ status: 0, out: expect.stringContaining(`access        ${access.kind} `) as unknown });
  expect((await eventsIn(db, 'models')).at(-1)).toMatchObject({ access });
});

test('register: the columns of a file of data but for its outputs, or a JSON list', async () => {
  const csv = file('train.csv', 'x,carrier,score\n1,AA,0.5\n2,UA,0.25\n');
  const json = file('features.json', '[{"name": "age", "type": "numeric", "unit": "a", "protected": true}]');
  for (const [features, expected] of [
    [csv, ['x numeric false', 'carrier categorical false']],
    [json, ['age numeric true']],
  ] as const) {
    const db = join(folder, `${expected.length}.db`);
    const args = ['--model', MODEL, '--version', '1', '--features', features, '--outputs', 'score', '--log', db];
    expect(await runCommand(register, ...args)).toMatchObject({ status: 0, err: '' });
    const [event] = (await eventsIn(db, 'models')) as ModelVersionRegistered[];
    expect(event?.featureSet.features.map((each) => `${each.name} ${each.type} ${each.protected}`)).toEqual(expected);
  }
});

test('reference: all columns of a file in one command, in the log as the catalogue takes them', async () => {
  const db = join(folder, 'reference.db');
  const said = await runCommand(reference, '--model', MODEL, '--file', file('january.csv', CSV), '--log', db);
  expect(said.status).toBe(0);
  expect(said.out).toMatch(/^distance {2}3 values, 2 distinct, 1 missing {2}references\[0\]@\d+\nhour /);
  expect(said.out).toMatch(/\n4 references of flight-delay set\n$/);
  expect(said.err).toBe('weir: without a reference: when (dates and times)\n');
  const events = (await eventsIn(db, 'references')) as ReferenceSet[];
  expect(events.map(contentFault)).toEqual([undefined, undefined, undefined, undefined]);
  expect(
    events.map(({ column, values, categories, counts, missing }) => ({ column, values, categories, counts, missing })),
  ).toEqual([
    { column: 'distance', values: [100, 200], categories: null, counts: [2, 1], missing: 1 },
    { column: 'hour', values: [1, 3, 4], categories: null, counts: [1, 1, 1], missing: 1 },
    { column: 'carrier', values: [], categories: ['AA', 'UA'], counts: [2, 1], missing: 1 },
    { column: 'id', values: [], categories: ['a1', 'a2', 'a3', 'a4'], counts: [1, 1, 1, 1], missing: 0 },
  ]);
  expect(events[0]?.source).toBe('january.csv');
});

test('NDJSON and Parquet give what CSV gives', async () => {
  const rows = [
    { x: 1.5, carrier: 'AA', late: true },
    { x: null, carrier: 'UA', late: false },
    { x: -0, carrier: null, late: true },
  ];
  const ndjson = file('rows.ndjson', rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  const parquet = join(folder, 'rows.parquet');
  parquetWriteFile({
    filename: parquet,
    columnData: [
      { name: 'x', data: rows.map(({ x }) => x), type: 'DOUBLE' },
      { name: 'carrier', data: rows.map(({ carrier }) => carrier), type: 'STRING' },
      { name: 'late', data: rows.map(({ late }) => late), type: 'BOOLEAN' },
    ],
  });
  const contents: unknown[] = [];
  for (const path of [ndjson, parquet]) {
    const db = `${path}.db`;
    expect(await runCommand(reference, '--model', MODEL, '--file', path, '--log', db)).toMatchObject({
      status: 0,
      err: '',
    });
    const events = (await eventsIn(db, 'references')) as ReferenceSet[];
    contents.push(
      events.map(({ values, categories, counts, missing, hash }) => ({ values, categories, counts, missing, hash })),
    );
  }
  expect(contents[0]).toEqual(contents[1]);
  expect(contents[0]).toMatchObject([
    { values: [0, 1.5], counts: [1, 1], missing: 1 },
    { categories: ['AA', 'UA'], counts: [1, 1], missing: 1 },
    { categories: ['false', 'true'], counts: [1, 2], missing: 0 },
  ]);
});

test('--sample keeps the distribution function within one step of the whole one, and the share of missing values', () => {
  for (const size of [1, 7, 100, 999]) {
    const counts = Array.from({ length: 321 }, (_, at) => 1 + ((at * 7919) % 13));
    const values = counts.map((_, at) => at * at);
    const total = counts.reduce((sum, each) => sum + each, 0);
    const kept = sampled({ values, categories: null, counts, missing: total }, size);
    expect(kept.counts.reduce((sum, each) => sum + each, 0)).toBe(size);
    expect(kept.missing).toBe(size);
    let [whole, part] = [0, 0];
    for (const [at, value] of values.entries()) {
      whole += counts[at] as number;
      part += kept.counts[kept.values.indexOf(value)] ?? 0;
      expect(Math.abs(whole / total - part / size)).toBeLessThanOrEqual(0.5 / size + 1e-12);
    }
  }
});

/** A service without a fold on an embedded log: the kit's own routes of writes. */
async function service(db: string): Promise<{ readonly services: Services; readonly close: () => Promise<void> }> {
  const config = loadServiceConfig(
    { settings: {}, prefixes: [] },
    { WEIR_LOG_FILE: db, WEIR_HTTP_PORT: '0', WEIR_PARTITIONS: '2', WEIR_HTTP_TOKEN: TOKEN },
  );
  const ports = await connectPorts(config, { clientId: 'test', report: () => {} });
  const admin = await ports.log.admin();
  for (const topic of ['weir.models', 'weir.references'])
    await admin.createTopics([{ topic, partitions: 2, cleanup: 'delete', maxRecordBytes: 8 << 20 }]);
  const definition = { name: 'toy', title: 'Toy', description: 'a toy' };
  const services = await startServices([definition], {
    ports,
    config,
    principals: loadPrincipals(config),
    logger: createLogger('test', 'silent'),
  });
  const close = async (): Promise<void> => {
    await services.stop();
    await ports.close();
  };
  return { services, close };
}

test('over REST: the same events as straight into a log; refusals say what the service said', async () => {
  const db = join(folder, 'rest.db');
  const { services, close } = await service(db);
  const { url } = services;
  const january = file('january.csv', CSV);
  const asked = (...args: readonly string[]): Promise<Said> =>
    runCommand(reference, '--model', MODEL, '--file', january, '--wait', '0', ...args);
  let refused: readonly Said[];
  try {
    expect(await asked('--url', url, '--token', TOKEN, '--column', 'carrier', '--column', 'hour')).toMatchObject({
      status: 0,
      out: expect.stringMatching(/^hour {5}3 values, 3 distinct, 1 missing {2}references\[[01]\]@\d+, /) as unknown,
    });
    const args = [
      '--model',
      MODEL,
      '--version',
      '1',
      '--features',
      'x:numeric',
      '--url',
      url,
      '--token',
      TOKEN,
      '--wait',
      '0',
    ];
    expect(await runCommand(register, ...args)).toMatchObject({ status: 0 });
    refused = [
      await asked('--url', url),
      await asked('--url', `${url}/nothing`, '--token', TOKEN),
      await runCommand(register, ...args.with(1, 'm'.repeat(501))),
    ];
  } finally {
    await close();
  }
  expect(refused[0]?.err).toMatch(
    / was refused \(401\): the request has no token; .*; give a token with --token or WEIR_HTTP_TOKEN\n$/,
  );
  expect(refused[1]?.err).toMatch(/ was refused \(404\): /);
  expect(refused[2]?.err).toMatch(/ was refused \(400\): .*500/);
  expect((await asked('--url', url)).err).toMatch(
    /no service answers at http:\/\/127\.0\.0\.1:\d+ \(ECONNREFUSED\); start one/,
  );
  const events = (await eventsIn(db, 'references', 2)) as ReferenceSet[];
  expect(events.map(contentFault)).toEqual([undefined, undefined]);
  expect(events.map(({ column }) => column)).toEqual(['hour', 'carrier']);
  const [version] = (await eventsIn(db, 'models', 2)) as ModelVersionRegistered[];
  expect(version?.featureSet).toMatchObject({ id: 'flight-delay/1', features: [{ name: 'x', type: 'numeric' }] });
}, 20_000);

const REGISTER = ['--model', 'm', '--version', '1', '--log', 'DB'];
test.each([
  [['--version', '1', '--features', 'x:numeric'], /--model is not given; it must be the id of the model/],
  [[...REGISTER, '--features', 'x'], /--features has "x"; a feature is NAME:numeric or NAME:categorical/],
  [[...REGISTER, '--features', 'x:text'], /--features has "x:text"/],
  [[...REGISTER, '--features', 'x:numeric,x:numeric'], /"x" stands twice among features and outputs/],
  [[...REGISTER, '--features', 'x:numeric', '--outputs', 'x'], /"x" stands twice/],
  [[...REGISTER, '--features', 'x:numeric', '--access', 'loan.txt'], /--access is "loan.txt"; it must be KIND:WHERE/],
  [
    [...REGISTER, '--features', 'x:numeric', '--access', 'oip-v2:models:8080'],
    /--access is "oip-v2:models:8080"; where a model is asked must begin with http:\/\//,
  ],
  [[...REGISTER, '--features', 'none.csv'], /none\.csv does not exist/],
  [
    [...REGISTER, '--features', 'x:numeric', '--url', 'http://h'],
    /--url, --token and --wait exclude --log and --kafka/,
  ],
  [['--model', 'm', '--version', '1', '--features', 'x:numeric', '--url', 'h:1'], /--url is "h:1"; it must be/],
  [
    ['--model', 'm', '--version', '1', '--features', 'x:numeric', '--prefix', 'p.'],
    /--prefix goes with --log or --kafka/,
  ],
  [['--nonsense'], /--nonsense/],
])('register %j is refused with the rule', async (args, rule) => {
  const { status, err } = await runCommand(
    register,
    ...args.map((word) => (word === 'DB' ? join(folder, 'x.db') : word)),
  );
  expect(status).toBe(2);
  expect(err).toMatch(rule);
});

test('reference: a column that gives none is refused when it was asked for', async () => {
  const path = file('odd.csv', 'x,when,empty\n1,2001-01-01,\n2,2001-01-02,\n');
  const asked = (...args: readonly string[]): Promise<Said> =>
    runCommand(reference, '--model', 'm', '--file', path, '--log', join(folder, 'odd.db'), ...args);
  expect((await asked('--column', 'when')).err).toMatch(/gives no reference: when \(dates and times\)/);
  expect((await asked('--column', 'empty')).err).toMatch(/gives no reference: empty \(no values\)/);
  expect((await asked('--column', 'y')).err).toMatch(/has no column "y"; it has x, when, empty/);
  expect((await asked('--sample', '0')).err).toMatch(/--sample is "0"; it must be a whole number from 1/);
});

test('register: times in a file of data are no features, which is said; a file of nothing else is refused', async () => {
  const version = ['--model', MODEL, '--version', '1', '--log', join(folder, 'times.db')];
  const said = await runCommand(register, ...version, '--features', file('first.csv', CSV));
  expect(said).toMatchObject({ status: 0, err: 'weir: no feature: when (dates and times)\n' });
  expect(said.out).toMatch(/numeric {7}distance, hour\n {2}categorical {3}carrier, id\n/);
  const none = await runCommand(register, ...version, '--features', file('days.csv', 'day\n2026-01-01\n2026-01-02\n'));
  expect(none).toMatchObject({
    status: 2,
    err: expect.stringMatching(/gives no feature: day \(dates and times\); name/),
  });
});
