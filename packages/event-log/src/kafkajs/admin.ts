import type { Kafka } from 'kafkajs';
import { LogError } from '../errors.ts';
import type { Admin, TopicSpec } from '../port.ts';
import type { Failures } from './errors.ts';
import type { Offsets } from './fetcher.ts';

/** Of its calls, among the failures of the log. */
const KIND = 'admin';
const CREATE_TIMEOUT_MS = 30_000;
const POLL_MS = 50;
const MAX_REPLICAS = 3;
const DESCRIBE_TRIES = 20;
const DESCRIBE_RETRY_MS = 100;

export async function createAdmin(
  kafka: Kafka,
  offsets: Offsets,
  replicationFactor: number | undefined,
  failures: Failures,
): Promise<Admin> {
  const admin = kafka.admin();
  const attempt = async <T>(what: string, call: () => Promise<T>): Promise<T> => {
    try {
      const answer = await call();
      failures.succeeded(KIND);
      return answer;
    } catch (error) {
      throw failures.of(KIND, error, what);
    }
  };
  await attempt('connecting', () => admin.connect());
  const counts = async (topics: readonly string[]): Promise<ReadonlyMap<string, number | undefined>> => {
    const byName = new Map((await describe()).map(({ name, partitions }) => [name, partitions.length]));
    return new Map(topics.map((topic) => [topic, byName.get(topic)]));
  };
  /** All topics: asked for one that is gone, kafkajs says nothing of the others. It does not ask again when a connection ends. */
  const describe = async (): Promise<Awaited<ReturnType<typeof admin.fetchTopicMetadata>>['topics']> => {
    for (let tries = 1; ; tries += 1) {
      try {
        const { topics } = await admin.fetchTopicMetadata();
        failures.succeeded(KIND);
        return topics;
      } catch (error) {
        const failure = failures.of(KIND, error, 'describing topics');
        if (failure.code !== 'RETRIABLE' || tries === DESCRIBE_TRIES) throw failure;
        await new Promise((resolve) => setTimeout(resolve, DESCRIBE_RETRY_MS));
      }
    }
  };
  const check = (specs: readonly TopicSpec[], found: ReadonlyMap<string, number | undefined>): readonly TopicSpec[] => {
    for (const { topic, partitions } of specs) {
      const count = found.get(topic);
      if (count !== undefined && count !== partitions)
        throw new LogError(
          'FATAL',
          `topic ${topic} has ${count} partitions, ${partitions} are configured; keys would move. Configure ${count}, or use another topic prefix`,
        );
    }
    return specs.filter(({ topic }) => found.get(topic) === undefined);
  };
  return {
    createTopics: async (specs) => {
      const missing = check(specs, await counts(specs.map(({ topic }) => topic)));
      if (missing.length === 0) return;
      const { brokers } = await attempt('describing the cluster', () => admin.describeCluster());
      const replicas = replicationFactor ?? Math.min(brokers.length, MAX_REPLICAS);
      try {
        await admin.createTopics({
          waitForLeaders: false,
          timeout: CREATE_TIMEOUT_MS,
          topics: missing.map((spec) => ({
            topic: spec.topic,
            numPartitions: spec.partitions,
            replicationFactor: replicas,
            configEntries: configOf(spec, replicas),
          })),
        });
      } catch (error) {
        // Another process may have created them in between; then they must be as we would have made them.
        const after = await counts(specs.map(({ topic }) => topic));
        if (check(specs, after).length > 0) {
          const [first] = missing;
          const rest = missing.length === 1 ? '' : ` and ${missing.length - 1} more`;
          throw failures.of(KIND, error, `creating ${first?.topic}${rest}`);
        }
      }
      // The brokers hear of a new topic one after another.
      const deadline = Date.now() + CREATE_TIMEOUT_MS;
      while (check(specs, await counts(specs.map(({ topic }) => topic))).length > 0 && Date.now() < deadline)
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    },
    partitionCounts: counts,
    offsets,
    deleteTopics: async (topics) => {
      const found = await counts(topics);
      const there = topics.filter((topic) => found.get(topic) !== undefined);
      if (there.length > 0) await attempt('deleting topics', () => admin.deleteTopics({ topics: there }));
    },
    close: async () => {
      await admin.disconnect().catch(() => {});
    },
  };
}

function configOf(spec: TopicSpec, replicas: number): { name: string; value: string }[] {
  const entries: readonly (readonly [string, string | number | undefined])[] = [
    ['cleanup.policy', spec.cleanup],
    ['retention.ms', spec.retentionMs ?? -1],
    ['retention.bytes', spec.retentionBytes],
    ['max.message.bytes', spec.maxRecordBytes],
    // Of three copies two must have a record before it counts: one broker may be lost at any moment without losing what was acknowledged.
    ['min.insync.replicas', Math.max(1, Math.min(replicas - 1, 2))],
    // Kafka 4 refuses timestamps an hour ahead; Weir itself quarantines a wrong clock, with a reason, in the dead-letter topic.
    ['message.timestamp.after.max.ms', String(2n ** 63n - 1n)],
  ];
  return entries.flatMap(([name, value]) => (value === undefined ? [] : [{ name, value: String(value) }]));
}
