/** The embedded adapter: the event-log port on one SQLite file, for one process, without a broker. */
import type { DatabaseSync } from 'node:sqlite';
import { LogError } from '../errors.ts';
import type { Features } from '../features.ts';
import type {
  Ack,
  EventLog,
  Group,
  GroupOptions,
  NewRecord,
  PartitionStream,
  Producer,
  ProducerOptions,
  Reader,
  RecordBatch,
  TopicPartition,
  Transaction,
} from '../port.ts';
import { storedSize } from './batch-bytes.ts';
import { GroupCoordinator } from './group.ts';
import { LogCleaner } from './log-cleaner.ts';
import { Store } from './store.ts';

/** Held in memory until they are committed. */
const MAX_TRANSACTION_BYTES = 256 << 20;

export const EMBEDDED_FEATURES: Features = {
  transactions: true,
  fencing: true,
  durable: true,
  multiHost: false,
  compaction: false,
  retention: true,
  codecs: [],
};

export interface EmbeddedOptions {
  /** Path of the file, created when absent; `:memory:` for tests. */
  readonly file: string;
  /** What an acknowledged record survives: SIGKILL of the process, or loss of power. */
  readonly durability?: 'process' | 'power';
  /** Clock for records without a timestamp and for retention, ms. */
  readonly now?: () => number;
}

export interface EmbeddedLog extends EventLog {
  /** The same file for snapshots and read views. All calls are synchronous: a caller's own transaction cannot interleave with a commit. */
  readonly database: DatabaseSync;
}

/** @throws {LogError} FATAL when the file is in use, unreadable or not a database. */
export function createEmbeddedLog(options: EmbeddedOptions): EmbeddedLog {
  return new Embedded(options);
}

class Embedded implements EmbeddedLog {
  readonly features: Features = EMBEDDED_FEATURES;
  readonly #store: Store;
  readonly #cleaner: LogCleaner;
  readonly #now: () => number;
  readonly #groups = new Map<string, GroupCoordinator>();
  readonly #streams = new Set<Stream>();
  #closed = false;

  constructor(options: EmbeddedOptions) {
    this.#store = new Store(options.file, options.durability ?? 'process');
    this.#cleaner = new LogCleaner(this.#store);
    this.#now = options.now ?? Date.now;
  }

  get database(): DatabaseSync {
    return this.#store.database;
  }

  async producer(options?: ProducerOptions): Promise<Producer> {
    this.#open();
    const id = options?.fenceId;
    const fence = id === undefined ? undefined : { id, epoch: this.#store.raiseFence(id) };
    let closed = false;
    const append = (records: readonly NewRecord[]): readonly Ack[] => {
      this.#open();
      if (closed) throw new LogError('CLOSED', 'this producer was closed; create another');
      const nowMs = this.#now();
      const acks = this.#store.append(records, nowMs, fence);
      for (const stream of this.#streams) stream.wake();
      this.#cleaner.run(nowMs, records);
      return acks;
    };
    return {
      // A transaction is one of SQLite's: it ends everywhere or nowhere.
      send: async (records) => append(records),
      begin: async (): Promise<Transaction> => {
        if (fence === undefined) throw new LogError('FATAL', 'transactions need a producer created with a fenceId');
        if (!this.#store.holdsFence(fence.id, fence.epoch))
          throw new LogError('FENCED', `another producer has taken over ${fence.id}; drop what you hold and rejoin`);
        const held: NewRecord[] = [];
        let bytes = 0;
        return {
          send: async (records) => {
            for (const record of records) {
              this.#store.check(record);
              bytes += storedSize(record);
            }
            if (bytes > MAX_TRANSACTION_BYTES) {
              const limit = `a transaction of ${bytes} bytes is above the limit, ${MAX_TRANSACTION_BYTES}`;
              throw new LogError('POISON', `${limit}; commit it in parts`);
            }
            held.push(...records);
          },
          commit: async () => append(held),
          abort: async () => {
            held.length = 0;
          },
        };
      },
      close: async () => {
        closed = true;
      },
    };
  }

  async reader(): Promise<Reader> {
    this.#open();
    const mine = new Set<Stream>();
    return {
      open: async (tp, from) => {
        this.#open();
        if (this.#store.partitions(tp.topic) === undefined)
          throw new LogError(
            'FATAL',
            `topic ${tp.topic} does not exist; create it first (the service that reads it does at its start)`,
          );
        const start = from === 'earliest' ? this.#store.earliest(tp) : from === 'latest' ? this.#store.end(tp) : from;
        const stream = new Stream(this.#store, tp, start, () => this.#streams.delete(stream));
        this.#streams.add(stream);
        mine.add(stream);
        return stream;
      },
      close: async () => {
        for (const stream of mine) stream.close();
      },
    };
  }

  async joinGroup(options: GroupOptions): Promise<Group> {
    this.#open();
    const counts = options.topics.map((topic) => [topic, this.#store.partitions(topic)] as const);
    const first = counts[0]?.[1];
    if (first === undefined || counts.some(([, count]) => count !== first)) {
      const said = counts.map(([topic, count]) => `${topic}: ${count ?? 'does not exist'}`).join(', ');
      throw new LogError('FATAL', `group ${options.groupId} needs topics with equal partition counts, found ${said}`);
    }
    let coordinator = this.#groups.get(options.groupId);
    if (coordinator === undefined) {
      coordinator = new GroupCoordinator();
      this.#groups.set(options.groupId, coordinator);
    }
    return coordinator.join(options, first, () => this.#groups.delete(options.groupId));
  }

  async admin(): ReturnType<EventLog['admin']> {
    this.#open();
    return {
      createTopics: async (topics) => this.#store.createTopics(topics),
      partitionCounts: async (topics) => new Map(topics.map((topic) => [topic, this.#store.partitions(topic)])),
      offsets: async (tp) => ({ earliest: this.#store.earliest(tp), end: this.#store.end(tp) }),
      deleteTopics: async (topics) => {
        this.#store.deleteTopics(topics);
        this.#cleaner.reset();
      },
      close: async () => {},
    };
  }

  async ping(): Promise<void> {
    this.#open();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const stream of this.#streams) stream.close();
    this.#store.close();
  }

  #open(): void {
    if (this.#closed) throw new LogError('CLOSED', 'the log was closed');
  }
}

class Stream implements PartitionStream {
  readonly topic: string;
  readonly partition: number;
  readonly #store: Store;
  readonly #forget: () => void;
  #position: bigint;
  #closed = false;
  #waiting: (() => void) | undefined;

  constructor(store: Store, tp: TopicPartition, from: bigint, forget: () => void) {
    this.topic = tp.topic;
    this.partition = tp.partition;
    this.#store = store;
    this.#position = from;
    this.#forget = forget;
  }

  get position(): bigint {
    return this.#position;
  }

  get lag(): bigint | undefined {
    return this.#closed ? undefined : this.#store.end(this) - this.#position;
  }

  async end(): Promise<bigint> {
    return this.#store.end(this);
  }

  async next(maxWaitMs: number): Promise<RecordBatch | undefined> {
    const batch = this.#take();
    if (batch !== undefined || maxWaitMs <= 0) return batch;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, maxWaitMs);
      this.#waiting = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#waiting = undefined;
    return this.#closed ? undefined : this.#take();
  }

  wake(): void {
    if (this.#waiting !== undefined && this.#store.end(this) > this.#position) this.#waiting();
  }

  close(): void {
    this.#closed = true;
    this.#forget();
    this.#waiting?.();
  }

  #take(): RecordBatch | undefined {
    if (this.#closed) throw new LogError('CLOSED', `the stream of ${this.topic}[${this.partition}] was closed`);
    const tp = { topic: this.topic, partition: this.partition };
    const earliest = this.#store.earliest(tp);
    if (earliest > this.#position) {
      throw new LogError(
        'GONE',
        `records ${this.#position} to ${earliest - 1n} of ${this.topic}[${this.partition}] are gone (retention); reading on would skip them silently`,
      );
    }
    const batch = this.#store.read(tp, this.#position);
    if (batch !== undefined) this.#position = batch.nextOffset;
    return batch;
  }
}
