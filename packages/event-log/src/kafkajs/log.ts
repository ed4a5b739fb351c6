/** The Kafka adapter: the event-log port on Apache Kafka 4, through kafkajs. Connects when first used. */
import type { ConnectionOptions } from 'node:tls';
import { Kafka, logLevel, type SASLOptions } from 'kafkajs';
import { LogError } from '../errors.ts';
import type { Features } from '../features.ts';
import type {
  Admin,
  EventLog,
  Group,
  GroupOptions,
  Producer,
  ProducerOptions,
  Reader,
  TopicPartition,
} from '../port.ts';
import { createAdmin } from './admin.ts';
import { Failures } from './errors.ts';
import { Fetcher, type Offsets } from './fetcher.ts';
import { joinGroup } from './group.ts';
import { type ClusterClient, type ClusterOptions, createCluster } from './internals.ts';
import { createProducer } from './producer.ts';
import { createReader } from './reader.ts';

export const KAFKA_FEATURES: Features = {
  transactions: true,
  fencing: true,
  durable: true,
  multiHost: true,
  compaction: true,
  retention: true,
  codecs: ['gzip', 'snappy', 'lz4', 'zstd'],
};

export interface KafkaOptions {
  /** `host:port` of some brokers; the others are learnt from them. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  /** Of topics that we create. Absent: 3, or as many as there are brokers. */
  readonly replicationFactor?: number;
  /** After this long without a heartbeat a member's partitions go to others, ms. A take-over after a crash waits for it. */
  readonly sessionTimeoutMs?: number;
  /** A transaction left open by a crash blocks readers of committed records this long unless its owner returns, ms. */
  readonly transactionTimeoutMs?: number;
  /** TLS, with authorities and a certificate of our own where Node's do not do. */
  readonly ssl?: boolean | ConnectionOptions;
  readonly sasl?: SASLOptions;
  /** Records after which a producer is replaced; a seam for tests. */
  readonly maxSequence?: number;
}

const SESSION_TIMEOUT_MS = 6_000;
const TRANSACTION_TIMEOUT_MS = 30_000;
/** A broker that takes longer is asked again: a half-open connection must not hold a partition for minutes. */
const REQUEST_TIMEOUT_MS = 10_000;
const HEARTBEAT_MS = 500;
/** Isolation level "read committed" of ListOffsets: the end is the last stable offset. */
const COMMITTED = 1;
const EARLIEST = -2;
const LATEST = -1;
const PING_RETRY_MS = 200;
const LOOKUP_TRIES = 40;
const LOOKUP_RETRY_MS = 100;
const COUNT_TRIES = 4;

export function createKafkaLog(options: KafkaOptions): EventLog {
  return new KafkaLog(options);
}

class KafkaLog implements EventLog {
  readonly features: Features = KAFKA_FEATURES;
  readonly #options: KafkaOptions;
  readonly #kafka: Kafka;
  readonly #cluster: ClusterClient;
  readonly #fetcher: Fetcher;
  readonly #failures = new Failures();
  /** Partition counts of topics seen. */
  readonly #known = new Map<string, number>();
  readonly #closing = new Set<() => Promise<void>>();
  #closed = false;

  constructor(options: KafkaOptions) {
    this.#options = options;
    this.#kafka = new Kafka({
      brokers: [...options.brokers],
      clientId: options.clientId,
      connectionTimeout: 3_000,
      requestTimeout: REQUEST_TIMEOUT_MS,
      retry: { initialRetryTime: 50, factor: 0.2, maxRetryTime: 1_000, retries: 12 },
      // Everything that matters comes back as a LogError; kafkajs would print normal answers of transactions as errors.
      logLevel: logLevel.NOTHING,
      ...(options.ssl === undefined ? {} : { ssl: options.ssl }),
      ...(options.sasl === undefined ? {} : { sasl: options.sasl }),
    });
    this.#cluster = this.#newCluster(REQUEST_TIMEOUT_MS);
    this.#fetcher = new Fetcher(this.#cluster, (tp) => this.#offsets(tp), this.#failures);
  }

  async producer({ fenceId, writes = [], onSettled = () => {} }: ProducerOptions = {}): Promise<Producer> {
    this.#open();
    const { transactionTimeoutMs = TRANSACTION_TIMEOUT_MS, maxSequence } = this.#options;
    await this.#mustExist(writes, 'FATAL');
    const producer = await createProducer(this.#kafka, {
      failures: this.#failures,
      check: (records) => this.#mustExist(records, 'POISON'),
      ...(fenceId === undefined
        ? {}
        : { owner: { ...this.#clusterOptions(REQUEST_TIMEOUT_MS), fenceId, writes, onSettled, transactionTimeoutMs } }),
      ...(maxSequence === undefined ? {} : { maxSequence }),
    });
    const close = (): Promise<void> => producer.close();
    this.#closing.add(close);
    return {
      send: (records) => producer.send(records),
      begin: () => producer.begin(),
      close: async () => {
        this.#closing.delete(close);
        await close();
      },
    };
  }

  async reader(): Promise<Reader> {
    this.#open();
    return createReader(this.#fetcher, (tp) => this.#offsets(tp));
  }

  async joinGroup(options: GroupOptions): Promise<Group> {
    this.#open();
    const counts = [...(await this.#counts(options.topics))];
    const first = counts[0]?.[1];
    if (first === undefined || counts.some(([, count]) => count !== first)) {
      const said = counts.map(([topic, count]) => `${topic}: ${count ?? 'does not exist'}`).join(', ');
      throw new LogError('FATAL', `group ${options.groupId} needs topics with equal partition counts, found ${said}`);
    }
    const sessionTimeoutMs = this.#options.sessionTimeoutMs ?? SESSION_TIMEOUT_MS;
    // An answer that takes a session comes too late to keep the membership.
    const group = await joinGroup(this.#newCluster(sessionTimeoutMs), options, first, {
      sessionTimeoutMs,
      heartbeatMs: Math.min(HEARTBEAT_MS, sessionTimeoutMs / 3),
      rebalanceTimeoutMs: 2 * sessionTimeoutMs,
      failures: this.#failures,
    });
    const leave = (): Promise<void> => group.leave();
    this.#closing.add(leave);
    return {
      commitOffsets: (positions) => group.commitOffsets(positions),
      leave: async () => {
        this.#closing.delete(leave);
        await leave();
      },
    };
  }

  async admin(): Promise<Admin> {
    this.#open();
    return createAdmin(this.#kafka, (tp) => this.#offsets(tp), this.#options.replicationFactor, this.#failures);
  }

  get unexplainedErrors(): number {
    return this.#failures.unexplained;
  }

  async ping(timeoutMs: number): Promise<void> {
    this.#open();
    const { brokers } = this.#options;
    const deadline = Date.now() + timeoutMs;
    const asked = `no Kafka broker answered at ${brokers.join(', ')} within ${timeoutMs} ms`;
    for (;;) {
      const failure = await this.#answersWithin(deadline - Date.now());
      if (failure === undefined) return;
      if (failure.code !== 'RETRIABLE' || this.#closed) throw failure;
      if (Date.now() + PING_RETRY_MS >= deadline) {
        throw new LogError('RETRIABLE', `${asked}; start it, or correct the address`, { cause: failure });
      }
      await new Promise((resolve) => setTimeout(resolve, PING_RETRY_MS));
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#fetcher.close();
    await Promise.all([...this.#closing].map((close) => close()));
    await this.#cluster.disconnect().catch(() => {});
  }

  /** Why it does not answer; undefined when it does. */
  async #answersWithin(timeoutMs: number): Promise<LogError | undefined> {
    const asking = `asking ${this.#options.brokers.join(', ')}`;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new LogError('RETRIABLE', `${asking}: no answer`)), Math.max(0, timeoutMs));
    });
    try {
      await Promise.race([this.#cluster.connect().then(() => this.#cluster.refreshMetadata()), late]);
      this.#failures.succeeded('ping');
      return undefined;
    } catch (error) {
      return this.#failures.of('ping', error, asking);
    } finally {
      clearTimeout(timer);
    }
  }

  #newCluster(requestTimeoutMs: number): ClusterClient {
    return createCluster(this.#clusterOptions(requestTimeoutMs));
  }

  #clusterOptions(requestTimeoutMs: number): ClusterOptions {
    const { brokers, clientId, ssl, sasl } = this.#options;
    return { brokers, clientId, ssl, sasl, requestTimeoutMs };
  }

  /** kafkajs leaves records of a partition that does not exist out without a word. */
  async #mustExist(places: readonly TopicPartition[], code: 'POISON' | 'FATAL'): Promise<void> {
    const isKnown = ({ topic, partition }: TopicPartition): boolean =>
      partition >= 0 && partition < (this.#known.get(topic) ?? 0);
    if (places.every(isKnown)) return;
    const topics = new Set(places.filter((place) => !isKnown(place)).map(({ topic }) => topic));
    for (const [topic, count] of await this.#counts([...topics])) {
      if (count === undefined) {
        const cure = 'create it first (the service that reads it does at its start)';
        throw new LogError(code, `topic ${topic} does not exist; ${cure}`);
      }
      this.#known.set(topic, count);
    }
    const stray = places.find((place) => !isKnown(place));
    if (stray !== undefined) {
      const { topic, partition } = stray;
      throw new LogError(code, `partition ${partition} of ${topic} does not exist; it has ${this.#known.get(topic)}`);
    }
  }

  async #counts(topics: readonly string[]): ReturnType<Admin['partitionCounts']> {
    const admin = await this.admin();
    try {
      for (let attempt = 1; ; attempt += 1) {
        const counts = await admin.partitionCounts(topics);
        // The brokers hear of a new topic one after another.
        if (attempt >= COUNT_TRIES || ![...counts.values()].includes(undefined)) return counts;
        await new Promise((resolve) => setTimeout(resolve, LOOKUP_RETRY_MS));
      }
    } finally {
      await admin.close();
    }
  }

  async #offsets(tp: TopicPartition): ReturnType<Offsets> {
    this.#open();
    await this.#mustExist([tp], 'FATAL');
    for (let attempt = 1; ; attempt += 1) {
      try {
        const [earliest, end] = await this.#lookUp(tp);
        this.#failures.succeeded('offsets');
        return { earliest, end };
      } catch (error) {
        if (attempt >= LOOKUP_TRIES || this.#closed)
          throw this.#failures.of('offsets', error, `asking where ${tp.topic}[${tp.partition}] begins and ends`);
        await this.#cluster.connect().catch(() => {});
        await this.#cluster.refreshMetadata().catch(() => {});
        await new Promise((resolve) => setTimeout(resolve, LOOKUP_RETRY_MS));
      }
    }
  }

  async #lookUp({ topic, partition }: TopicPartition): Promise<[bigint, bigint]> {
    await this.#cluster.connect();
    await this.#cluster.addMultipleTargetTopics([topic]);
    const [nodeId] = Object.keys(this.#cluster.findLeaderForPartitions(topic, [partition]));
    if (nodeId === undefined) throw new Error(`partition ${partition} of ${topic} has no leader`);
    const broker = await this.#cluster.findBroker({ nodeId });
    const offsetAt = async (timestamp: number): Promise<bigint> => {
      const { responses } = await broker.listOffsets({
        isolationLevel: COMMITTED,
        topics: [{ topic, partitions: [{ partition, timestamp }] }],
      });
      return BigInt(responses[0]?.partitions[0]?.offset ?? -1);
    };
    return [await offsetAt(EARLIEST), await offsetAt(LATEST)];
  }

  #open(): void {
    if (this.#closed) throw new LogError('CLOSED', 'the log was closed');
  }
}
