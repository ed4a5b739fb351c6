/** Defects of kafkajs 2.2.4 that the adapter works around, each shown on a real broker. */
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
  test.each(KAFKA_FEATURES.codecs)('records that the broker compressed with %s are read', async (codec) => {
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

  test('an idle producer takes next to no processor time', async () => {
    const producer = await log.producer();
    await producer.send([{ topic: await topicOf('idle'), partition: 0, key: null, value: Buffer.from('x') }]);
    const before = process.cpuUsage();
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    const { user, system } = process.cpuUsage(before);
    await producer.close();
    // kafkajs alone takes 21 ms a second on an idle connection.
    expect((user + system) / 3_000).toBeLessThan(10);
  });

  test('a producer replaced before its sequence numbers run out goes on without a gap or a repeat', async () => {
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
