import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DRIFT_DEFAULTS, type DriftConfig } from '@weir/drift-detector/config';
import { createDriftProcessor } from '@weir/drift-detector/processor';
import { createEmbeddedLog } from '@weir/event-log/embedded/log';
import { createMemoryViews } from '@weir/service-kit/read-views';
import { replayPartition } from '@weir/service-kit/replay';
import { RUNNER_DEFAULTS, startRunner, topicSpecs } from '@weir/service-kit/runner';
import { createSqliteSnapshots } from '@weir/service-kit/snapshot-store';
import { predictionOf, referenceSetOf, registrationOf } from '@weir/testkit/events';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';

const EVENTS = 6_000;
const CONFIG: DriftConfig = { ...DRIFT_DEFAULTS, countWindows: [200], readingsPerFalseAlarm: 1e6 };
let folder: string;
let file: string;

/** A log recorded in two sittings, the second without the first one's snapshot; it holds two raised and two resolved alerts. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'weir-replay-'));
  file = join(folder, 'log.db');
  const log = createEmbeddedLog({ file });
  await (await log.admin()).createTopics(topicSpecs('drift-detector', 'weir.', 1));
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
    at(
      'references',
      referenceSetOf({
        model: 'm',
        column: 'x',
        values,
        counts,
        source: 's',
        id: 'f',
      }),
    ),
  ]);
  for (const half of [0, 1]) {
    const predictions = Array.from({ length: EVENTS / 2 }, (_, index) => {
      const shift = index > 1_000 && index < 1_500 ? 0.5 : 0;
      return at(
        'predictions',
        predictionOf({
          model: 'm',
          eventTimeMs: half * EVENTS + index,
          numeric: [((index * 0.618034) % 1) * (1 - shift) + shift],
          id: `p${half}-${index}`,
        }),
      );
    });
    await producer.send(predictions);
    let folded = 0;
    const runner = await startRunner(
      createDriftProcessor(CONFIG),
      { log, snapshots: createSqliteSnapshots(log.database), views: createMemoryViews() },
      { ...RUNNER_DEFAULTS, topicPrefix: 'weir.', seed: 's', partitions: 1, sliceRecords: 173 },
      { committed: ({ records }) => void (folded += records), restored: () => {}, failed: () => {} },
    );
    await vi.waitUntil(() => folded >= EVENTS / 2, { timeout: 10_000 });
    await runner.stop();
    log.database.exec('DELETE FROM snapshot');
  }
  await log.close();
});

afterAll(() => rmSync(folder, { recursive: true }));

function weirReplay(...args: readonly string[]): { status: number | null; out: string; err: string } {
  const main = join(import.meta.dirname, '../src/main.ts');
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, 'replay', ...args], { encoding: 'utf8' });
  return { status, out: stdout, err: stderr };
}

test('a recorded run is reproduced byte for byte', () => {
  expect(weirReplay('--file', file)).toMatchObject({
    status: 0,
    out: expect.stringMatching(/^4 outputs from 6002 records are the same, byte for byte/),
    err: '',
  });
});

test('another setting is a difference, shown with the event at which it first appears', () => {
  const { status, out } = weirReplay('--file', file, '--set', 'minEffect=0.3');
  expect(status).toBe(1);
  expect(out).toMatch(
    /output 0 of partition 0 differs, from journal entry \d+:\n {2}committed {2}alerts\[0\]@0 .*AlertRaised.*\(event p0-1\d\d\d\)\n {2}replayed {3}nothing\n$/,
  );
});

test('a kernel changed on purpose is caught at the first output that it touches', async () => {
  const changed = (config: unknown) => {
    const processor = createDriftProcessor(config as DriftConfig);
    return {
      ...processor,
      stepRun: ((state, events, context) =>
        processor.stepRun(state, events, {
          ...context,
          // One bit of one alert, and no other.
          emit: (index, output) => {
            const value = Buffer.from(output.value);
            if (output.eventTimeMs >= EVENTS) value[value.length - 1] = (value.at(-1) as number) ^ 1;
            context.emit(index, { ...output, value });
          },
        })) as typeof processor.stepRun,
    };
  };
  const copy = join(folder, 'copy.db');
  copyFileSync(file, copy);
  const log = createEmbeddedLog({ file: copy });
  try {
    const options = { log, topicPrefix: 'weir.', partition: 0, service: 'drift-detector' };
    const report = await replayPartition({ ...options, processorFor: changed });
    expect(report.difference).toMatchObject({ topic: 'alerts', index: 2, committed: { offset: 2n } });
    expect(report.outputs).toBe(2);
  } finally {
    await log.close();
  }
});

test('a log that no longer keeps its inputs: what is gone, and what a replay needs', async () => {
  const copy = join(folder, 'aged.db');
  copyFileSync(file, copy);
  const log = createEmbeddedLog({ file: copy, now: () => Date.now() + 8 * 86_400_000 });
  const producer = await log.producer();
  const value = predictionOf({ model: 'm', id: 'later', eventTimeMs: 0, numeric: [0] });
  await producer.send([{ topic: 'weir.predictions', partition: 0, key: Buffer.from('m'), value }]);
  await log.close();
  expect(weirReplay('--file', copy)).toMatchObject({
    status: 2,
    err: expect.stringMatching(
      /^weir: records 0 to \d+ of weir\.predictions\[0\] are gone .* keep inputs for as long as .*\n$/,
    ),
  });
});

test('a file that is not there, is not a log, or was never recorded in: one line, exit 2', () => {
  expect(weirReplay('--file', join(folder, 'none.db'))).toMatchObject({
    status: 2,
    err: expect.stringMatching(/^weir: .*does not exist; record a log with weir dev --file PATH\n$/),
  });
  expect(weirReplay('--file', join(import.meta.dirname, 'replay.test.ts')).status).toBe(2);
  expect(weirReplay('--file', file, '--set', 'nope=1')).toMatchObject({
    status: 2,
    err: expect.stringMatching(/there is no setting "nope"; there are countWindows/),
  });
});
