/**
 * The drift detector alone over a recorded embedded log: 5 features, m = W = 1,000, exact KS after every value.
 * The peer of the same run decodes the same records with the plain Avro decoder and does nothing else.
 *   npm run bench -- drift-service [EVENTS]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DRIFT_DEFAULTS } from '@weir/drift-detector/config';
import { createDriftProcessor } from '@weir/drift-detector/processor';
import { createEmbeddedLog, type EmbeddedLog } from '@weir/event-log/embedded/log';
import type { NewRecord } from '@weir/event-log/port';
import { decode, encode } from '@weir/events/codec';
import { referenceHash } from '@weir/events/reference-hash';
import { topicName } from '@weir/events/topics';
import { createMemoryViews } from '@weir/service-kit/read-views';
import { RUNNER_DEFAULTS, startRunner, topicSpecs } from '@weir/service-kit/runner';
import { createSqliteSnapshots } from '@weir/service-kit/snapshot-store';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

const PREFIX = 'weir.';
const FEATURES = 5;
const REFERENCE = 1_000;
const WINDOW = 1_000;
const ROUNDS = 5;
const START_MS = Date.UTC(2026, 0, 1);
const events = Number(process.argv[3] ?? 1_000_000);

for (const models of [2, 50]) {
  const folder = mkdtempSync(join(tmpdir(), 'weir-bench-'));
  const log = createEmbeddedLog({ file: join(folder, 'log.db') });
  try {
    await record(log, models);
    const rates: number[] = [];
    const ratios: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const decoding = await decodeAll(log);
      const detecting = await detect(log, `bench-${models}-${round}.`);
      rates.push(detecting);
      ratios.push(detecting / decoding);
    }
    const median = (values: readonly number[]): number =>
      values.toSorted((a, b) => a - b)[values.length >> 1] as number;
    console.log(
      `${models} models: ${Math.round(median(rates)).toLocaleString('en')} events per CPU-second (median of ${ROUNDS}, ${events.toLocaleString('en')} events), ` +
        `${median(ratios).toFixed(2)} × decoding alone; peak resident ${Math.round(process.resourceUsage().maxRSS / 1024)} MB`,
    );
  } finally {
    await log.close();
    rmSync(folder, { recursive: true });
  }
}

/** Registrations, references and predictions of `models` models in turn, standard uniform like their references. */
async function record(log: EmbeddedLog, models: number): Promise<void> {
  await (await log.admin()).createTopics(topicSpecs('drift-detector', PREFIX, 1));
  const producer = await log.producer();
  const rng = xoroshiro128plus(0x9e3779b9 | 0);
  for (let i = 0; i < 100; i += 1) uniformFloat64(rng);
  const names = Array.from({ length: models }, (_, index) => `model-${index}`);
  const columns = Array.from({ length: FEATURES }, (_, index) => `x${index}`);
  const values = Float64Array.from({ length: REFERENCE }, () => uniformFloat64(rng)).sort();
  const counts = Array.from(values, () => 1);
  const at = (topic: string, model: string, value: Uint8Array, timestampMs: number): NewRecord => ({
    topic: topicName(PREFIX, topic),
    partition: 0,
    key: Buffer.from(model),
    value,
    timestampMs,
  });
  for (const model of names) {
    const registration = encode('ModelVersionRegistered', {
      model,
      version: '1',
      featureSet: {
        id: 'fs',
        features: columns.map((name) => ({ name, type: 'numeric', unit: null, protected: false })),
      },
      outputs: [{ name: 'score', unit: null }],
      access: null,
      digest: null,
      eventTimeMs: START_MS,
      id: `${model}/1`,
    });
    const references = columns.map((column) =>
      encode('ReferenceSet', {
        model,
        column,
        values: [...values],
        counts,
        missing: 0,
        hash: referenceHash([...values], counts, 0),
        source: 'bench',
        eventTimeMs: START_MS,
        id: `${model}/${column}`,
      }),
    );
    await producer.send([
      at('models', model, registration, START_MS),
      ...references.map((value) => at('references', model, value, START_MS)),
    ]);
  }
  let batch: NewRecord[] = [];
  for (let index = 0; index < events; index += 1) {
    const model = names[index % models] as string;
    const eventTimeMs = START_MS + index;
    const value = encode('PredictionLogged', {
      model,
      version: '1',
      featureSet: 'fs',
      eventTimeMs,
      numeric: columns.map(() => uniformFloat64(rng)),
      categorical: [],
      outputs: [uniformFloat64(rng)],
      id: `prediction-${index}`,
      unit: `user-${index % 9_973}`,
      segment: { region: 'eu' },
      routing: null,
      latencyMs: 12.5,
    });
    batch.push(at('predictions', model, value, eventTimeMs));
    if (batch.length === 4_000 || index === events - 1) {
      await producer.send(batch);
      batch = [];
    }
  }
  await producer.close();
}

/** Events per CPU-second of reading and decoding, nothing else. */
async function decodeAll(log: EmbeddedLog): Promise<number> {
  const started = process.cpuUsage();
  const reader = await log.reader();
  const stream = await reader.open({ topic: topicName(PREFIX, 'predictions'), partition: 0 }, 'earliest');
  let seen = 0;
  while (seen < events) {
    for (const { value } of (await stream.next(1_000))?.records ?? []) {
      decode(value as Uint8Array);
      seen += 1;
    }
  }
  await reader.close();
  return events / cpuSeconds(started);
}

/** Events per CPU-second of the whole service, from take-over to the last commit. Journal and snapshots have a name of their own each round. */
async function detect(log: EmbeddedLog, task: string): Promise<number> {
  const processor = { ...createDriftProcessor({ ...DRIFT_DEFAULTS, countWindows: [WINDOW] }), service: `${task}drift` };
  const { promise: finished, resolve } = Promise.withResolvers<void>();
  let folded = 0;
  const started = process.cpuUsage();
  const runner = await startRunner(
    processor,
    { log, snapshots: createSqliteSnapshots(log.database), views: createMemoryViews() },
    { ...RUNNER_DEFAULTS, topicPrefix: PREFIX, seed: 'bench', partitions: 1, now: () => START_MS + 1e9 },
    {
      committed: ({ records, rejections }) => {
        if (rejections.length > 0) throw new Error('the bench sent bad records');
        folded += records;
        if (folded >= events) resolve();
      },
      restored: () => {},
      failed: (_, error) => {
        throw error;
      },
    },
  );
  await Promise.race([finished, runner.done]);
  const rate = events / cpuSeconds(started);
  await runner.stop();
  return rate;
}

function cpuSeconds(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1e6;
}
