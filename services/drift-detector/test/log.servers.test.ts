import { createKafkaLog } from '@weir/event-log/kafkajs/log';
import { findKafka, type KafkaServer } from '@weir/testkit/broker';
import { afterAll, describe, expect, test } from 'vitest';
import { EXPECTED, toldOfBadRecords } from './bad-records.ts';
import { Scene } from './scene.ts';

const kafka = await findKafka();
const where = 'skip' in kafka ? kafka.skip : `at ${kafka.brokers.join(',')}`;

describe.skipIf('skip' in kafka)(`a real Kafka: ${where}`, () => {
  afterAll(() => (kafka as KafkaServer).stop());

  test('each bad record is in the dead-letter topic once with its reason, and the stream goes on', async () => {
    const scene = new Scene();
    const { brokers } = kafka as KafkaServer;
    await scene.useLog(createKafkaLog({ brokers, clientId: 'bad-records' }), `bad-records-${Date.now()}.`);
    try {
      expect(await toldOfBadRecords(scene)).toEqual(EXPECTED);
    } finally {
      await scene.end();
    }
  });
});
