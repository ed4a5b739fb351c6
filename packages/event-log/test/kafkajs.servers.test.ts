import { findKafka, type KafkaServer } from '@weir/testkit/broker';
import { afterAll, describe } from 'vitest';
import { describeEventLog } from '../src/contract/suite.ts';
import { createKafkaLog, KAFKA_FEATURES } from '../src/kafkajs/log.ts';
import type { EventLog } from '../src/port.ts';

const kafka = await findKafka();
const where = 'skip' in kafka ? kafka.skip : `at ${kafka.brokers.join(',')}`;

describe.skipIf('skip' in kafka)(`a real Kafka: ${where}`, () => {
  const { brokers, restart } = kafka as KafkaServer;
  const open = (): EventLog =>
    createKafkaLog({ brokers, clientId: 'contract', sessionTimeoutMs: 2_000, replicationFactor: 1 });
  afterAll(() => (kafka as KafkaServer).stop());

  describeEventLog(
    'the Kafka log',
    async () => {
      const logs = [open()];
      return {
        log: logs[0] as EventLog,
        reopen: async () => {
          const another = open();
          logs.push(another);
          return another;
        },
        ...(restart === undefined ? {} : { restart }),
        stop: async () => {
          await Promise.all(logs.map((log) => log.close()));
        },
      };
    },
    KAFKA_FEATURES,
  );
});
