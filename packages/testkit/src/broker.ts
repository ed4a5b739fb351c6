/** Finds or starts a real Kafka: the broker named in KAFKA_BROKERS, else Java 17 and the Maven jars, else Docker. Never a fake. */
import { type Cluster, type ClusterOptions, startCluster } from '@weir/kafka/cluster';
import { javaVersion } from '@weir/kafka/jars';
import { dockerAnswers, startKafkaContainer } from './docker.ts';
import { type Found, search } from './search.ts';

export interface KafkaServer {
  readonly brokers: readonly string[];
  /** SIGKILL, and start again; only of a broker that the test has started. */
  readonly restart?: () => Promise<void>;
  stop(): Promise<void>;
}

/** Nodes that a test may kill and put proxies before: an address or a container will not do. */
export async function findKafkaNodes(): Promise<Found<{ start(options: ClusterOptions): Promise<Cluster> }>> {
  if ((await javaVersion()) !== undefined) return { start: startCluster };
  const skip = 'no Kafka that may be killed: install Java 17 and Maven';
  if (process.env['REQUIRE_SERVICES'] === '1') throw new Error(`${skip} (REQUIRE_SERVICES=1 makes this a failure)`);
  return { skip };
}

async function startNode(): Promise<KafkaServer> {
  const cluster = await startCluster();
  const restart = async (): Promise<void> => {
    await cluster.kill(1);
    await cluster.start(1);
  };
  return { brokers: cluster.brokers, restart, stop: () => cluster.stop() };
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
      open: async () => ((await javaVersion()) === undefined ? undefined : await startNode()),
    },
    {
      way: 'docker',
      cure: 'start Docker',
      open: async () => ((await dockerAnswers()) ? await startKafkaContainer() : undefined),
    },
  ]);
}
