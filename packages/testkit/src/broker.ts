/** Finds or starts a real Kafka: the broker named in KAFKA_BROKERS, else Java 17 and the Maven jars, else Docker. Never a fake. */
import { startCluster } from '@weir/kafka/cluster';
import { javaVersion } from '@weir/kafka/jars';
import { dockerAnswers, startKafkaContainer } from './docker.ts';
import { type Found, search } from './search.ts';

export interface KafkaServer {
  readonly brokers: readonly string[];
  stop(): Promise<void>;
}

export function findKafka(): Promise<Found<KafkaServer>> {
  return search<KafkaServer>('Kafka', [
    {
      way: 'address',
      cure: 'set KAFKA_BROKERS',
      open: async () => {
        const { KAFKA_BROKERS: named } = process.env;
        return named === undefined || named === '' ? undefined : { brokers: named.split(','), stop: async () => {} };
      },
    },
    {
      way: 'local',
      cure: 'install Java 17 and Maven',
      open: async () => ((await javaVersion()) === undefined ? undefined : await startCluster()),
    },
    {
      way: 'docker',
      cure: 'start Docker',
      open: async () => ((await dockerAnswers()) ? await startKafkaContainer() : undefined),
    },
  ]);
}
