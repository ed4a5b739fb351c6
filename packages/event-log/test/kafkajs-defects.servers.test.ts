/** Defects of kafkajs 2.2.4 that a healthy broker shows; those that need faults are in kafkajs-faults, the whole list in kafkajs-defects.test.ts. */
import { createRequire } from 'node:module';
import { findKafka, type KafkaServer } from '@weir/testkit/broker';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createKafkaLog, KAFKA_FEATURES } from '../src/kafkajs/log.ts';
import type { EventLog } from '../src/port.ts';

const kafka = await findKafka();
const where = 'skip' in kafka ? kafka.skip : `at ${kafka.brokers.join(',')}`;

describe.skipIf('skip' in kafka)(`a real Kafka: ${where}`, () => {
  const { brokers } = kafka as KafkaServer;
  const plain = new Kafka({ brokers: [...(brokers ?? [])], clientId: 'plain', logLevel: logLevel.NOTHING });
  const admin = plain.admin();
  let log: EventLog;

  beforeAll(async () => {
    log = createKafkaLog({ brokers, clientId: 'defects', replicationFactor: 1 });
    await admin.connect();
  });
  afterAll(async () => {
    await admin.disconnect();
    await log.close();
    await (kafka as KafkaServer).stop();
  });

  // The broker itself compresses here, so these are the bytes of the Java implementations and not of a codec of ours.
  test.each(KAFKA_FEATURES.codecs)('#10 records that the broker compressed with %s are read', async (codec) => {
    const topic = `codec-${codec}-${Date.now()}`;
    const configEntries = [{ name: 'compression.type', value: codec }];
    await admin.createTopics({ topics: [{ topic, numPartitions: 1, replicationFactor: 1, configEntries }] });
    const values = Array.from({ length: 300 }, (_, index) => `${index} ${'weir '.repeat(index % 40)}`);
    const producer = plain.producer();
    await producer.connect();
    await producer.send({ topic, messages: values.map((value) => ({ key: 'k', value, headers: { h: 'x' } })) });
    await producer.disconnect();
    const found: string[] = [];
    const reader = await log.reader();
    const stream = await reader.open({ topic, partition: 0 }, 'earliest');
    while (found.length < values.length) {
      const batch = await stream.next(5_000);
      if (batch === undefined) break;
      found.push(...batch.records.map(({ value }) => Buffer.from(value ?? []).toString()));
    }
    await reader.close();
    expect(found).toEqual(values);
  });

  test('#1 an idle producer, reader and member take next to no processor time, and warn of nothing', async () => {
    const topic = await topicOf('idle');
    const warnings: string[] = [];
    const warn = ({ name }: Error): void => void warnings.push(name);
    process.on('warning', warn);
    /** Processor time a second, ms; of the calmest of some seconds, since what was before leaves garbage to collect. */
    const idleMs = async (): Promise<number> => {
      const seconds: number[] = [];
      while (seconds.length < 4) {
        const before = process.cpuUsage();
        await new Promise((resolve) => setTimeout(resolve, 1_000));
        const { user, system } = process.cpuUsage(before);
        seconds.push((user + system) / 1_000);
      }
      return Math.min(...seconds);
    };
    const producer = await log.producer();
    await producer.send([{ topic, partition: 0, key: null, value: Buffer.from('x') }]);
    const ofProducer = await idleMs();
    const reader = await log.reader();
    const stream = await reader.open({ topic, partition: 0 }, 'latest');
    const group = await log.joinGroup({ groupId: topic, topics: [topic], onAssignment: async () => {} });
    const ofAll = await idleMs();
    process.off('warning', warn);
    expect(await stream.next(0)).toBeUndefined();
    await Promise.all([producer.close(), reader.close(), group.leave()]);
    // 4 and 11 ms a second; with kafkajs's timers 25 and 33.
    expect(ofProducer).toBeLessThan(12);
    expect(ofAll).toBeLessThan(22);
    expect(warnings).toEqual([]);
  });

  test('#2 #3 nothing commits offsets in a transaction or asks for them: all there is, is the courtesy to lag tools', async () => {
    const { asked, restore } = recordRequests();
    const topic = await topicOf('requests');
    const producer = await log.producer({ fenceId: topic });
    const transaction = await producer.begin();
    await transaction.send([{ topic, partition: 0, key: null, value: Buffer.from('x') }]);
    await transaction.commit();
    const group = await log.joinGroup({ groupId: topic, topics: [topic], onAssignment: async () => {} });
    const reader = await log.reader();
    const stream = await reader.open({ topic, partition: 0 }, 'earliest');
    expect((await stream.next(5_000))?.records).toHaveLength(1);
    expect(await group.commitOffsets([{ topic, partition: 0, offset: 1n }])).toBe(true);
    const owner = await log.producer({ fenceId: topic });
    await Promise.all([reader.close(), group.leave(), producer.close(), owner.close()]);
    restore();
    for (const each of ['Fetch', 'JoinGroup', 'InitProducerId', 'EndTxn', 'OffsetCommit'])
      expect(asked).toContain(each);
    for (const each of ['OffsetFetch', 'TxnOffsetCommit', 'AddOffsetsToTxn']) expect(asked).not.toContain(each);
  });

  test('#9 a producer replaced before its sequence numbers run out goes on without a gap or a repeat', async () => {
    const rotating = createKafkaLog({ brokers, clientId: 'rotating', replicationFactor: 1, maxSequence: 50 });
    const topic = await topicOf('rotation');
    const producer = await rotating.producer();
    for (let at = 0; at < 200; at += 20)
      await producer.send(
        Array.from({ length: 20 }, (_, index) => ({
          topic,
          partition: 0,
          key: null,
          value: Buffer.from(String(at + index)),
        })),
      );
    await producer.close();
    const reader = await rotating.reader();
    const stream = await reader.open({ topic, partition: 0 }, 'earliest');
    const found: number[] = [];
    for (
      let batch = await stream.next(2_000);
      batch !== undefined && found.length < 200;
      batch = await stream.next(2_000)
    )
      found.push(...batch.records.map(({ value }) => Number(Buffer.from(value ?? []).toString())));
    await reader.close();
    await rotating.close();
    expect(found).toEqual(Array.from({ length: 200 }, (_, index) => index));
  });

  async function topicOf(name: string): Promise<string> {
    const topic = `${name}-${Date.now()}`;
    await admin.createTopics({ topics: [{ topic, numPartitions: 1, replicationFactor: 1 }], waitForLeaders: true });
    return topic;
  }
});

/** Names of all requests that kafkajs's connections send from now on, whoever asks. */
function recordRequests(): { readonly asked: ReadonlySet<string>; readonly restore: () => void } {
  const { prototype } = createRequire(import.meta.url)('kafkajs/src/network/connection') as {
    prototype: { send: (request: { request: { apiName: string } }) => Promise<unknown> };
  };
  const { send } = prototype;
  const asked = new Set<string>();
  prototype.send = function record(request) {
    asked.add(request.request.apiName);
    return send.call(this, request);
  };
  return {
    asked,
    restore: () => {
      prototype.send = send;
    },
  };
}
