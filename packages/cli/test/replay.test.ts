/** `weir replay` on a log that a drift detector recorded. */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DRIFT_DEFAULTS, type DriftConfig } from '@weir/drift-detector/config';
import { createDriftProcessor } from '@weir/drift-detector/processor';
import { createEmbeddedLog } from '@weir/event-log/embedded/log';
import { createSqliteCheckpoints } from '@weir/service-kit/checkpoints/sqlite';
import { replayPartition } from '@weir/service-kit/journal/replay';
import type { AnyProcessor, Output, StepContext } from '@weir/service-kit/processor';
import { RUNNER_DEFAULTS, startRunner, topicSpecs } from '@weir/service-kit/runner';
import { createMemoryViews } from '@weir/service-kit/views/memory';
import { predictionOf, referenceSetOf, registrationOf } from '@weir/testkit/events';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { replay } from '../src/commands/replay/replay.ts';
import { runCommand, type Said } from './fixtures/run-command.ts';

const EVENTS = 6_000;
const CONFIG: DriftConfig = { ...DRIFT_DEFAULTS, countWindows: [200], readingsPerFalseAlarm: 1e6 };
let folder: string;
let file: string;
/** The same without the checkpoints of the first sitting, with those of the second. */
let anchored: string;

/** A log recorded in two sittings, the second without the first one's checkpoint; each raises and resolves an alert. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'weir-replay-'));
  file = join(folder, 'log.db');
  anchored = join(folder, 'anchored.db');
  const log = createEmbeddedLog({ file });
  const admin = await log.admin();
  await admin.createTopics(topicSpecs(createDriftProcessor(), 'weir.', 1));
  const producer = await log.producer();
  const at = (topic: string, value: Uint8Array) => ({
    topic: `weir.${topic}`,
    partition: 0,
    key: Buffer.from('m'),
    value,
  });
  const values = Array.from({ length: 500 }, (_, index) => index / 500);
  const counts = values.map(() => 1);
  await producer.send([
    at('models', registrationOf(['x'], { model: 'm' })),
    at('references', referenceSetOf({ model: 'm', column: 'x', values, counts, source: 's', id: 'f' })),
  ]);
  for (const half of [0, 1]) {
    await producer.send(Array.from({ length: EVENTS / 2 }, (_, index) => at('predictions', prediction(half, index))));
    let processed = 0;
    const checkpoints = createSqliteCheckpoints(log.database);
    const runner = await startRunner(
      createDriftProcessor(),
      { log, checkpoints, views: createMemoryViews(), outputViews: () => [] },
      { ...RUNNER_DEFAULTS, topicPrefix: 'weir.', partitions: 1, config: CONFIG, sliceRecords: 173, batchRecords: 500 },
      { committed: ({ records }) => void (processed += records), restored: () => {}, failed: () => {} },
    );
    await vi.waitUntil(() => processed >= EVENTS / 2, { timeout: 10_000 });
    await runner.stop();
    if (half === 0) await checkpoints.prune('weir.drift-detector-0', []);
  }
  await log.close();
  copyFileSync(file, anchored);
  const copy = createEmbeddedLog({ file });
  await createSqliteCheckpoints(copy.database).prune('weir.drift-detector-0', []);
  await copy.close();
});

afterAll(() => rmSync(folder, { recursive: true }));

function prediction(half: number, index: number): Buffer {
  const shift = index > 1_000 && index < 1_500 ? 0.5 : 0;
  const numeric = [((index * 0.618034) % 1) * (1 - shift) + shift];
  return predictionOf({ model: 'm', eventTimeMs: half * EVENTS + index, numeric, id: `p${half}-${index}` });
}

function weirReplay(...args: readonly string[]): Promise<Said> {
  return runCommand(replay, ...args);
}

test('a recorded run is reproduced byte for byte', async () => {
  expect(await weirReplay('--file', file)).toMatchObject({
    status: 0,
    out: expect.stringMatching(
      /^drift-detector\[0\]: 4 outputs of \d+ entries from 6002 records are the same, byte for byte; from the beginning of its journal\n$/,
    ) as unknown,
  });
});

test('--from begins at a checkpoint, and says so; without one of that time it says that too', async () => {
  const at = new Date(Date.now() + 1_000).toISOString();
  const { status, out } = await weirReplay('--file', anchored, '--from', at);
  expect(status).toBe(0);
  expect(out).toMatch(/^drift-detector\[0\]: 0 outputs of \d+ entries from 0 records .*; from the anchor of 20/);
  const early = await weirReplay('--file', anchored, '--from', '2001-01-01');
  expect(early).toMatchObject({
    status: 0,
    err: expect.stringMatching(/drift-detector\[0\] has no checkpoint of 2001-01-01T00:00:00 or before/) as unknown,
    out: expect.stringMatching(/4 outputs .* from the beginning/) as unknown,
  });
});

test('other settings: every output that they add or take away, by model, column and rule', async () => {
  const raised = /AlertRaised +m +x +ks-200 +0 +2 +0\n/;
  const { status, out } = await weirReplay('--file', file, '--set', 'minEffect=0.9');
  expect(status).toBe(1);
  expect(out).toMatch(
    /^drift-detector\[0\] from the beginning of its journal: 6002 records as recorded, and with minEffect=0\.9\n/,
  );
  expect(out).toMatch(raised);
  expect(out).toMatch(/AlertResolved +m +x +ks-200 +0 +2 +0\n/);
  const more = await weirReplay('--file', file, '--set', 'countWindows=200,100');
  expect(more.out).toMatch(/AlertRaised +m +x +ks-100 +0 +0 +[2-9]\n/);
  expect(more.out).toMatch(/AlertRaised +m +x +ks-200 +2 +0 +0\n/);
  expect(await weirReplay('--file', file, '--set', 'minEffect=0', '--set', 'countWindows=[200]')).toMatchObject({
    status: 0,
  });
});

/** A kernel whose outputs go through `change`. */
function changed(change: (output: Output) => Output): AnyProcessor {
  const processor: AnyProcessor = createDriftProcessor();
  const through = (context: StepContext): StepContext => ({
    topic: context.topic,
    partition: context.partition,
    key: context.key,
    clockMs: context.clockMs,
    commit: context.commit,
    get watermarkMs() {
      return context.watermarkMs;
    },
    recordOf: (index) => context.recordOf(index),
    emit: (index, output) => context.emit(index, change(output)),
    reject: (index, rejection) => context.reject(index, rejection),
  });
  return {
    ...processor,
    kernel: (config) => {
      const kernel = processor.kernel(config);
      return { ...kernel, step: (state, run, context) => kernel.step(state, run, through(context)) };
    },
  };
}

test('a kernel changed on purpose is caught at the first output that it touches', async () => {
  // One bit of one alert, and no other.
  const processor = changed((output) => {
    const value = Buffer.from(output.value ?? []);
    if (output.eventTimeMs >= EVENTS) value[value.length - 1] = (value.at(-1) as number) ^ 1;
    return { ...output, value };
  });
  const copy = join(folder, 'copy.db');
  copyFileSync(file, copy);
  const log = createEmbeddedLog({ file: copy });
  try {
    const report = await replayPartition({ log, topicPrefix: 'weir.', partition: 0, processor });
    expect(report.difference).toMatchObject({ topic: 'alerts', index: 2, committed: { offset: 2n } });
    expect(report.outputs).toBe(2);
  } finally {
    await log.close();
  }
});

async function aged(from: string, name: string): Promise<string> {
  const copy = join(folder, name);
  copyFileSync(from, copy);
  const log = createEmbeddedLog({ file: copy, now: () => Date.now() + 8 * 86_400_000 });
  const producer = await log.producer();
  const value = predictionOf({ model: 'm', id: 'later', eventTimeMs: 0, numeric: [0] });
  await producer.send([{ topic: 'weir.predictions', partition: 0, key: Buffer.from('m'), value }]);
  await log.close();
  return copy;
}

test('a log that no longer keeps its inputs is replayed from a checkpoint; without one it says what is missing', async () => {
  expect(await weirReplay('--file', await aged(anchored, 'aged-anchored.db'))).toMatchObject({
    status: 0,
    out: expect.stringMatching(/ from 0 records are the same, byte for byte; from the anchor of 20/) as unknown,
  });
  expect(await weirReplay('--file', await aged(file, 'aged.db'))).toMatchObject({
    status: 2,
    err: expect.stringMatching(
      /^weir: records 0 to \d+ of weir\.predictions\[0\] are gone.*; a replay begins where the journal does, or at a checkpoint/,
    ) as unknown,
  });
});

test.each([
  [['--file', 'none.db'], /none\.db does not exist; record a log with weir dev --file PATH\n$/],
  [['--file', import.meta.filename], /^weir: .*\n$/],
  [[], /one of --file PATH and --kafka HOST:PORT is needed/],
  [
    ['--file', 'LOG', '--prefix', 'other.'],
    /the log has no topic other\.drift-detector\.journal.*--prefix names another/,
  ],
  [['--file', 'LOG', '--service', 'x'], /--service is "x"; it can be drift-detector/],
  [['--file', 'LOG', '--from', 'yesterday'], /--from is "yesterday"; it must be a time/],
  [['--file', 'LOG', '--set', 'nope=1'], /there is no setting "nope"; drift-detector has .*countWindows/],
  [['--file', 'LOG', '--set', 'minEffect'], /--set is "minEffect"; it must be NAME=VALUE/],
  [['--file', 'LOG', '--set', 'minEffect=much'], /--set minEffect=much: "much" is not a number, like the default 0/],
])('%j is refused in one line', async (args, rule) => {
  const { status, err } = await weirReplay(...args.map((word) => (word === 'LOG' ? file : word)));
  expect(status).toBe(2);
  expect(err).toMatch(rule);
});
