/** The examples as a user runs them, against a real Kafka with two partitions: a record lands where the services expect it. */
import { execFile, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createKafkaLog } from '@weir/event-log/kafkajs/log';
import { partitionFor } from '@weir/event-log/partition';
import { decode } from '@weir/events/codec';
import type { PredictionLogged } from '@weir/events/generated/events';
import { findKafka, type KafkaServer } from '@weir/testkit/broker';
import { afterAll, describe, expect, test } from 'vitest';

const PARTITIONS = 2;
const COUNT = 60;
/** Keys of both partitions. */
const MODELS = ['demo', 'flight-delay', 'credit', 'fraud', 'churn', 'ranking'];
const kafka = await findKafka();
const where = 'skip' in kafka ? kafka.skip : `at ${kafka.brokers.join(',')}`;
const folder = join(import.meta.dirname, '..');

const PYTHON = process.env['WEIR_PYTHON'] ?? 'python3';
const { status, stderr } = spawnSync(PYTHON, ['-c', 'import confluent_kafka, fastavro'], { encoding: 'utf8' });
const withoutPython =
  status === 0
    ? undefined
    : `no Python with confluent-kafka and fastavro (${stderr?.trim().split('\n').at(-1) ?? `no ${PYTHON}`}): pip install -r examples/producers/python/requirements.txt, WEIR_PYTHON names the interpreter`;
if (withoutPython !== undefined && process.env['REQUIRE_SERVICES'] === '1')
  throw new Error(`${withoutPython} (REQUIRE_SERVICES=1 makes this a failure)`);
if (withoutPython !== undefined) console.log(withoutPython);

describe.skipIf('skip' in kafka)(`a real Kafka: ${where}`, () => {
  const { brokers } = kafka as KafkaServer;
  afterAll(() => (kafka as KafkaServer).stop());

  /** Predictions by model; all of them lie where they belong. */
  const landed = async (program: string, script: string): Promise<ReadonlyMap<string, number>> => {
    const prefix = `producers-${process.pid}-${Date.now()}.`;
    const log = createKafkaLog({ brokers: [...brokers], clientId: 'producers-test' });
    const admin = await log.admin();
    const topic = `${prefix}predictions`;
    await admin.createTopics([{ topic, partitions: PARTITIONS, cleanup: 'delete' }]);
    try {
      for (const model of MODELS) {
        const args = ['--brokers', brokers.join(','), '--prefix', prefix, '--model', model, '--count', String(COUNT)];
        const { stdout } = await promisify(execFile)(program, [join(folder, script), ...args]);
        expect(stdout.trim()).toBe(`${COUNT} predictions of ${model} sent to ${topic}`);
      }
      const counts = new Map<string, number>();
      const reader = await log.reader();
      for (let partition = 0; partition < PARTITIONS; partition += 1) {
        const { end } = await admin.offsets({ topic, partition });
        expect(end).toBeGreaterThan(0n);
        const stream = await reader.open({ topic, partition }, 'earliest');
        while (stream.position < end)
          for (const { key, value } of (await stream.next(1_000))?.records ?? []) {
            const { name, event } = decode(value as Uint8Array);
            expect(name).toBe('PredictionLogged');
            const { model, numeric, outputs, categorical, featureSet } = event as PredictionLogged;
            expect(Buffer.from(key as Uint8Array).toString()).toBe(model);
            expect(partitionFor(model, PARTITIONS)).toBe(partition);
            expect(featureSet).toBe(`${model}/1`);
            expect([numeric.length, categorical.length, outputs.length]).toEqual([1, 1, 1]);
            expect(outputs[0]).toBeCloseTo(1 / (1 + (numeric[0] as number)), 12);
            counts.set(model, (counts.get(model) ?? 0) + 1);
          }
        stream.close();
      }
      await reader.close();
      return counts;
    } finally {
      await admin.deleteTopics([topic]);
      await admin.close();
      await log.close();
    }
  };

  /** Ids of predictions, and those that outcomes name, of a run with --outcomes. */
  const joined = async (): Promise<readonly (readonly string[])[]> => {
    const prefix = `outcomes-${process.pid}-${Date.now()}.`;
    const log = createKafkaLog({ brokers: [...brokers], clientId: 'producers-test' });
    const admin = await log.admin();
    const topics = ['predictions', 'outcomes'].map((name) => prefix + name);
    await admin.createTopics(topics.map((topic) => ({ topic, partitions: PARTITIONS, cleanup: 'delete' })));
    try {
      const args = ['--brokers', brokers.join(','), '--prefix', prefix, '--count', String(COUNT), '--outcomes'];
      await promisify(execFile)(PYTHON, [join(folder, 'python/producer.py'), ...args]);
      const reader = await log.reader();
      const ids = topics.map(async (topic) => {
        const place = { topic, partition: partitionFor('demo', PARTITIONS) };
        const stream = await reader.open(place, 'earliest');
        const found: string[] = [];
        while (found.length < COUNT)
          for (const { value } of (await stream.next(1_000))?.records ?? []) {
            const { name, event } = decode(value as Uint8Array);
            if (name === 'PredictionLogged') found.push(event.id);
            if (name === 'OutcomeObserved') found.push(event.predictionId);
          }
        return found.sort();
      });
      const found = await Promise.all(ids);
      await reader.close();
      return found;
    } finally {
      await admin.deleteTopics(topics);
      await admin.close();
      await log.close();
    }
  };

  const all = new Map(MODELS.map((model) => [model, COUNT]));

  test('node/producer.mjs', async () => {
    expect(await landed(process.execPath, 'node/producer.mjs')).toEqual(all);
  });

  test.skipIf(withoutPython !== undefined)(
    `python/producer.py${withoutPython === undefined ? '' : `: ${withoutPython}`}`,
    async () => {
      expect(await landed(PYTHON, 'python/producer.py')).toEqual(all);
    },
  );

  test.skipIf(withoutPython !== undefined)('python/producer.py --outcomes: one for each prediction', async () => {
    const [predictions, outcomes] = await joined();
    expect(predictions).toHaveLength(COUNT);
    expect(outcomes).toEqual(predictions);
  });
});
