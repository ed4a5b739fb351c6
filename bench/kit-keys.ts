/**
 * Many keys of which few are busy: what a checkpoint, a restore and the memory of a service cost then, on the embedded log with the counter of
 * the kit's tests. The peer of the same run is a checkpoint of all keys, as a first one is. Memory is what the heap holds after a collection
 * beyond what it held before the first key.
 *   npm run bench -- kit-keys [KEYS] [BUSY] [WEIR_STATE_MEMORY_BYTES in MiB; 0: no bound]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createEmbeddedLog } from '@weir/event-log/embedded/log';
import { createSqliteCheckpoints } from '@weir/service-kit/checkpoints/sqlite';
import { StateMemory, UNBOUNDED } from '@weir/service-kit/processing/state-memory';
import { RUNNER_DEFAULTS, type Runner, startRunner, topicSpecs } from '@weir/service-kit/runner';
import { createSqliteViews } from '@weir/service-kit/views/sqlite';
import { COUNTER, countRecord } from '../packages/service-kit/test/counter.ts';

const keys = Number(process.argv[3] ?? 100_000);
const busy = Number(process.argv[4] ?? 1_000);
const boundMiB = Number(process.argv[5] ?? 64);
const EVENTS = 200_000;
const MIB = 2 ** 20;
const BATCH = 5_000;
const NOW_MS = Date.parse('2026-01-01T00:00:00Z');

const folder = mkdtempSync(join(tmpdir(), 'weir-bench-'));
const log = createEmbeddedLog({ file: join(folder, 'log.db') });
const store = createSqliteCheckpoints(log.database);
const views = createSqliteViews(log.database);
const stateMemory = boundMiB === 0 ? UNBOUNDED : new StateMemory(boundMiB * MIB);
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const saves: { readonly keys: number; readonly ms: number }[] = [];
const timed = {
  ...store,
  save: async (...args: Parameters<typeof store.save>) => {
    const from = performance.now();
    const result = await store.save(...args);
    saves.push({ keys: args[2].length, ms: performance.now() - from });
    return result;
  },
};
let processed = 0;
let restoredMs = 0;
let restoredRecords = 0;

async function start(): Promise<Runner> {
  const from = performance.now();
  const { promise: restored, resolve } = Promise.withResolvers<void>();
  const runner = await startRunner(
    COUNTER,
    { log, checkpoints: timed, views, outputViews: () => [] },
    {
      ...RUNNER_DEFAULTS,
      topicPrefix: 'weir.',
      partitions: 1,
      config: { every: 1_000 },
      checkpointEveryRecords: EVENTS / 4,
      stateMemory,
      now: () => NOW_MS,
    },
    {
      committed: ({ records }) => void (processed += records),
      restored: ({ records }) => {
        restoredMs = performance.now() - from;
        restoredRecords = records;
        resolve();
      },
      failed: (_, error) => {
        throw error;
      },
    },
  );
  await restored;
  return runner;
}

async function send(topic: string, count: number, keyOf: (index: number) => string): Promise<void> {
  const producer = await log.producer();
  for (let at = 0; at < count; at += BATCH) {
    const records = Array.from({ length: Math.min(BATCH, count - at) }, (_, of) => {
      const record = countRecord(topic, keyOf(at + of), `${topic}${at + of}`, 1, NOW_MS - 1_000);
      return { ...record, topic: `weir.${topic}` };
    });
    await producer.send(records);
  }
  await producer.close();
}

function heapMiB(): number {
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return (heapUsed + arrayBuffers) / MIB;
}

async function until(count: number): Promise<void> {
  while (processed < count) await new Promise((resolve) => setTimeout(resolve, 20));
}

const admin = await log.admin();
await admin.createTopics(topicSpecs(COUNTER, 'weir.', 1));
await admin.close();
const before = heapMiB();
const rssBefore = process.memoryUsage().rss / MIB;
let runner = await start();
await send('models', keys, (index) => `model-${index}`);
await until(keys);
await runner.stop();
const first = saves.toSorted((a, b) => b.keys - a.keys)[0];
runner = await start();
const restoreOfAllMs = restoredMs;
const introduced = saves.length;
await send('predictions', EVENTS, (index) => `model-${index % busy}`);
await until(keys + EVENTS);
const later = saves.slice(introduced);
const held = heapMiB() - before;
const spilled = runner.figures.reduce((sum, { spilledKeys }) => sum + spilledKeys, 0);
await runner.stop();
const shown = (ms: number): string => `${Math.round(ms)} ms`;
console.log(
  `${keys.toLocaleString('en')} keys, ${busy.toLocaleString('en')} busy: a checkpoint of ${busy.toLocaleString('en')} changed keys takes ` +
    `${shown(Math.max(...later.map(({ ms }) => ms)))} at most, of ${(first?.keys ?? 0).toLocaleString('en')} ${shown(first?.ms ?? Number.NaN)}; ` +
    `a restore from it ${shown(restoreOfAllMs)} (${restoredRecords} records again); the states hold ` +
    `${Math.round(held)} MiB${boundMiB === 0 ? '' : ` of ${boundMiB} MiB`}, ${spilled.toLocaleString('en')} keys on disk; resident at most ` +
    `${Math.round(process.resourceUsage().maxRSS / 1024)} MiB, ${Math.round(rssBefore)} MiB before the first key`,
);
await log.close();
rmSync(folder, { recursive: true });
