/** What the benchmarks of the service share: the recording they read, and the service measured over it. */
import { DRIFT_DEFAULTS } from '@weir/drift-detector/config';
import { createDriftProcessor } from '@weir/drift-detector/processor';
import type { EventLog, NewRecord } from '@weir/event-log/port';
import { topicName } from '@weir/events/topics';
import { createMemoryCheckpoints } from '@weir/service-kit/checkpoints/memory';
import { RUNNER_DEFAULTS, startRunner, topicSpecs } from '@weir/service-kit/runner';
import { createMemoryViews } from '@weir/service-kit/views/memory';
import { predictionOf, referenceSetOf, registrationOf } from '@weir/testkit/events';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

export const PREFIX = 'weir.';
const FEATURES = 5;
const REFERENCE = 1_000;
const WINDOW = 1_000;
const START_MS = Date.UTC(2026, 0, 1);

/**
 * Registrations, references and predictions of `models` models in turn, standard uniform like their references.
 * @param tornEvery one prediction in so many cannot be read
 */
export async function record(
  log: EventLog,
  models: number,
  events: number,
  tornEvery: number = Infinity,
): Promise<void> {
  await (await log.admin()).createTopics(topicSpecs(createDriftProcessor(), PREFIX, 1));
  const producer = await log.producer();
  const rng = xoroshiro128plus(0x9e3779b9 | 0);
  for (let i = 0; i < 100; i += 1) uniformFloat64(rng);
  const names = Array.from({ length: models }, (_, index) => `model-${index}`);
  const columns = Array.from({ length: FEATURES }, (_, index) => `x${index}`);
  const values = Float64Array.from({ length: REFERENCE }, () => uniformFloat64(rng)).sort();
  const counts = Array.from(values, () => 1);
  const at = (topic: string, model: string, value: Uint8Array): NewRecord => ({
    topic: topicName(PREFIX, topic),
    partition: 0,
    key: Buffer.from(model),
    value,
  });
  for (const model of names) {
    const registration = registrationOf(columns, {
      model,
      outputs: [{ name: 'score', unit: null }],
      eventTimeMs: START_MS,
    });
    const references = columns.map((column) =>
      referenceSetOf({
        model,
        column,
        values: [...values],
        counts,
        source: 'bench',
        eventTimeMs: START_MS,
      }),
    );
    await producer.send([
      at('models', model, registration),
      ...references.map((value) => at('references', model, value)),
    ]);
  }
  let batch: NewRecord[] = [];
  for (let index = 0; index < events; index += 1) {
    const model = names[index % models] as string;
    const eventTimeMs = START_MS + index;
    const value = predictionOf({
      model,
      eventTimeMs,
      numeric: columns.map(() => uniformFloat64(rng)),
      outputs: [uniformFloat64(rng)],
      id: `prediction-${index}`,
      unit: `user-${index % 9_973}`,
      segment: { region: 'eu' },
      latencyMs: 12.5,
    });
    batch.push(at('predictions', model, index % tornEvery === tornEvery - 1 ? value.subarray(0, 40) : value));
    if (batch.length === 4_000 || index === events - 1) {
      await producer.send(batch);
      batch = [];
    }
  }
  await producer.close();
}

/**
 * Events per CPU-second of the whole service, from take-over to the last commit. Journal and snapshots have a name of their own each round.
 * @throws when other than `torn` records were refused
 */
export async function detect(log: EventLog, task: string, events: number, torn: number = 0): Promise<number> {
  const processor = { ...createDriftProcessor(), service: `${task}drift` };
  const config = { ...DRIFT_DEFAULTS, countWindows: [WINDOW] };
  const { promise: finished, resolve } = Promise.withResolvers<void>();
  let folded = 0;
  let refused = 0;
  const started = process.cpuUsage();
  const runner = await startRunner(
    processor,
    { log, checkpoints: createMemoryCheckpoints(), views: createMemoryViews(), outputViews: () => [] },
    { ...RUNNER_DEFAULTS, topicPrefix: PREFIX, config, partitions: 1, now: () => START_MS + 1e9 },
    {
      committed: ({ records, rejections }) => {
        refused += rejections.length;
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
  if (refused !== torn) throw new Error(`${refused} records were refused, ${torn} cannot be read`);
  return rate;
}

export function cpuSeconds(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1e6;
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] as number;
}
