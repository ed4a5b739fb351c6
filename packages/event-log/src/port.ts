/**
 * The event-log port: everything Weir asks of a partitioned log, stated as semantics.
 *
 * Two adapters implement it: `embedded/` on SQLite and `kafkajs/` on Apache Kafka. `contract/` holds the one suite that
 * both must pass; a behaviour that is not tested there is not part of the port.
 *
 * Three roles are kept apart because they fail apart: a **producer** writes and fences, a **reader** reads from positions
 * that its caller keeps, and a **group** only says which partitions are whose. No offsets are committed anywhere as truth:
 * a task's position is the last record of its journal (see `@weir/service-kit`).
 */
import type { LogError } from './errors.ts';
import type { Features } from './features.ts';

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** Ordered, duplicates kept, values are raw bytes. */
export type Headers = readonly (readonly [name: string, value: Uint8Array])[];

/** A record on its way in. `partition` is always explicit: see `partitionFor` in partition.ts. */
export interface NewRecord extends TopicPartition {
  readonly key: Uint8Array | null;
  /** `null` is a tombstone. */
  readonly value: Uint8Array | null;
  readonly headers?: Headers;
  /** Milliseconds since the epoch, UTC; the record's event time. Absent: the log's own clock. */
  readonly timestampMs?: number;
}

/** A record as stored. The bytes are views into a batch buffer: copy them to keep them beyond the batch. */
export interface LogRecord {
  readonly offset: bigint;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: Headers;
  readonly timestampMs: number;
}

export interface RecordBatch extends TopicPartition {
  /** Ascending offsets, possibly with gaps (transaction markers, compaction). May be empty when only markers were passed. */
  readonly records: readonly LogRecord[];
  /** Where to read on after this batch; past the trailing markers too. */
  readonly nextOffset: bigint;
}

export interface Ack extends TopicPartition {
  /** Offset of the first record of the send in this partition; the others follow in order, gaps aside. */
  readonly baseOffset: bigint;
  readonly count: number;
}

/** How a transaction ends. */
export type Outcome = 'commit' | 'abort';

/** A partition in which records of an earlier transaction were ended after the fact, and how. */
export interface Settled extends TopicPartition {
  readonly outcome: Outcome;
}

export interface ProducerOptions {
  /** Makes the producer transactional and fences every earlier one of that id before `producer` resolves. */
  readonly fenceId?: string;
  /**
   * Every partition that transactions of the fence id write, under every owner: brokers may have left out in any of them what ends the last
   * transaction, and the next one there would end it instead. Those named are made good before `producer` resolves.
   */
  readonly writes?: readonly TopicPartition[];
  /** Hears where a transaction had to be ended after the fact: at the take-over, or after one of this producer's. Rare. */
  readonly onSettled?: (partitions: readonly Settled[]) => void;
}

export interface Producer {
  /**
   * Write records. Order is kept per partition. Resolves when they are durable (Kafka: acks=all; embedded: committed).
   * Rejects as a whole; a rejected send has written nothing of it visible in a partition out of order.
   */
  send(records: readonly NewRecord[]): Promise<readonly Ack[]>;
  /**
   * Begin a transaction. Only for producers created with a `fenceId`; one at a time.
   * On the first call of a producer every earlier producer with the same fence id has already been fenced.
   */
  begin(): Promise<Transaction>;
  close(): Promise<void>;
}

export interface Transaction {
  send(records: readonly NewRecord[]): Promise<void>;
  /**
   * After it resolves every record of the transaction is visible to readers, at once or a moment later (Kafka's brokers write their markers
   * then), and at once to the next owner of the fence id; if it rejects with FENCED none ever is.
   * The acks cover all sends of the transaction, in order: a journal learns its own offset from them.
   */
  commit(): Promise<readonly Ack[]>;
  /** After it resolves none of the records is ever visible. */
  abort(): Promise<void>;
}

/** One partition being read. Not a group member: any number of streams may read one partition. */
export interface PartitionStream extends TopicPartition {
  /** The next batch, or `undefined` after `maxWaitMs` without one. Only committed records are ever returned, in offset order. */
  next(maxWaitMs: number): Promise<RecordBatch | undefined>;
  /** Offset that the next batch starts at or after. */
  readonly position: bigint;
  /** Records not yet handed out, against the last stable offset; 0 when everything committed was read. Undefined before the first fetch. */
  readonly lag: bigint | undefined;
  /** Offset after the last record that is committed by now: asked of the log, where `lag` tells what it last said. */
  end(): Promise<bigint>;
  close(): void;
}

export interface Reader {
  /**
   * Read `tp` from `from` on. `from` before the first offset kept rejects the next `next()` with GONE and says what was lost, and so it does
   * when retention overtakes a stream: data loss is never skipped silently. What compaction dropped is no loss: reading goes on behind it.
   */
  open(tp: TopicPartition, from: bigint | 'earliest' | 'latest'): Promise<PartitionStream>;
  close(): Promise<void>;
}

/** A member's share of the group. `partitions` holds numbers: partition p of *every* topic of the group belongs to one member. */
export interface Assignment {
  readonly partitions: readonly number[];
  /** Grows by at least 1 with every rebalance. */
  readonly generation: number;
  /** Addresses of the owners of all partitions, as far as members named one. Absent where the log tells none. */
  readonly addresses?: ReadonlyMap<number, string>;
}

export interface GroupOptions {
  readonly groupId: string;
  /** Topics with the same number of partitions; joining rejects with FATAL when they differ, naming the counts. */
  readonly topics: readonly string[];
  /** Where this member answers requests; the others are told it with each assignment. */
  readonly address?: string;
  /** Called for each new assignment, one call at a time, in order. Heartbeats go on while it runs. */
  readonly onAssignment: (assignment: Assignment) => Promise<void>;
  /** Called when membership was lost and is being rebuilt: own nothing until the next assignment. */
  readonly onLost?: () => void;
  /**
   * Called when membership was lost and cannot be rebuilt (FATAL: authorisation, a group of another kind): own nothing from here on.
   * Absent: the error is an unhandled rejection, which ends the process.
   */
  readonly onFailed?: (error: LogError) => void;
}

export interface Group {
  /**
   * Record positions for lag tools: unfenced, lossy, never read back by Weir. Errors are swallowed by design and counted by the caller
   * through the returned boolean.
   */
  commitOffsets(positions: readonly (TopicPartition & { readonly offset: bigint })[]): Promise<boolean>;
  /** Leave at once, so that others need not wait for the session time-out. */
  leave(): Promise<void>;
}

export interface TopicSpec {
  readonly topic: string;
  readonly partitions: number;
  /** What goes: the oldest records, as retention says; or, whatever retention says, those that have a newer one of their key. */
  readonly cleanup: 'delete' | 'compact';
  /** Kept at least so long, counted from a record's timestamp: one that is written with an old timestamp may go at once. Absent: for ever. */
  readonly retentionMs?: number;
  /** So many bytes of each partition are kept at least. Absent: all. */
  readonly retentionBytes?: number;
  readonly maxRecordBytes?: number;
}

export interface Admin {
  /** Create the topics that do not exist; exact no-op for those that do with the same partition count, FATAL when the count differs. */
  createTopics(topics: readonly TopicSpec[]): Promise<void>;
  /** Partition count per topic; undefined for a topic that does not exist. */
  partitionCounts(topics: readonly string[]): Promise<ReadonlyMap<string, number | undefined>>;
  /** First offset kept and the offset after the last stable record; the same when none is kept. The end never goes back. */
  offsets(tp: TopicPartition): Promise<{ readonly earliest: bigint; readonly end: bigint }>;
  deleteTopics(topics: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

export interface EventLog {
  readonly features: Features;
  producer(options?: ProducerOptions): Promise<Producer>;
  reader(): Promise<Reader>;
  joinGroup(options: GroupOptions): Promise<Group>;
  admin(): Promise<Admin>;
  /**
   * Errors since the log was opened that nothing explains, neither a broker nor a connection: faults of the client library or of the
   * adapter. Each is RETRIABLE, until calls of the same kind have had nothing else for five minutes: then FATAL.
   * Absent where there is no client library.
   */
  readonly unexplainedErrors?: number;
  /**
   * Resolves when the log answers. One that cannot be reached is asked again until `timeoutMs` have passed; then, and at once where
   * waiting cannot help (login, certificate), it rejects with a LogError that names the address or file and the cure.
   */
  ping(timeoutMs: number): Promise<void>;
  close(): Promise<void>;
}
