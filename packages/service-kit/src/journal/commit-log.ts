/**
 * Where a task commits: outputs, dead letters and the journal entry that tells of them, in one transaction of a fenced producer. Knows where
 * the last commit left the journal and each output topic, which is where a checkpoint stands and a replay begins to compare.
 */
import { LogError } from '@weir/event-log/errors';
import type { EventLog, NewRecord, Producer, Settled, TopicPartition } from '@weir/event-log/port';
import type { JournalEntry } from '@weir/events/generated/events';
import type { CheckpointPlace } from '../checkpoints/checkpointer.ts';
import { journalRecord } from './entries.ts';

/** Topics by their full names. */
export interface CommitTopics {
  /** Names the fence: one producer of it can commit, the newest. */
  readonly task: string;
  readonly partition: number;
  /** In front of every topic. */
  readonly prefix: string;
  readonly journal: string;
  readonly dlq: string;
  readonly outputs: readonly string[];
}

export class CommitLog {
  readonly #log: EventLog;
  readonly #topics: CommitTopics;
  readonly #producer: Producer;
  #journalNext = 0n;
  /** Offset after the last own record, by full name of the output topic. */
  readonly #outputEnds = new Map<string, bigint>();

  private constructor(log: EventLog, topics: CommitTopics, producer: Producer) {
    this.#log = log;
    this.#topics = topics;
    this.#producer = producer;
  }

  /** Fences the owner before: it can commit nothing any more, and its last transaction has ended in every partition. */
  static async open(
    log: EventLog,
    topics: CommitTopics,
    onSettled: (partitions: readonly Settled[]) => void,
  ): Promise<CommitLog> {
    const { task, partition, journal, dlq, outputs } = topics;
    const writes = [journal, dlq, ...outputs].map((topic): TopicPartition => ({ topic, partition }));
    return new CommitLog(log, topics, await log.producer({ fenceId: task, writes, onSettled }));
  }

  /** Where the last commit left the journal and the outputs. */
  get place(): CheckpointPlace {
    const prefix = this.#topics.prefix.length;
    const outputs = Object.fromEntries([...this.#outputEnds].map(([topic, end]) => [topic.slice(prefix), String(end)]));
    return { generation: this.#journalNext, outputs };
  }

  /** Everything that earlier owners committed lies before these: they are fenced. */
  async findOutputEnds(): Promise<void> {
    const { partition, outputs } = this.#topics;
    const admin = await this.#log.admin();
    try {
      for (const topic of outputs) this.#outputEnds.set(topic, (await admin.offsets({ topic, partition })).end);
    } finally {
      await admin.close();
    }
  }

  /** One transaction: all of it becomes visible, or nothing. @throws {LogError} FENCED when another owner has taken over */
  async write(records: readonly NewRecord[], entry: JournalEntry): Promise<void> {
    const { journal, partition } = this.#topics;
    const transaction = await this.#producer.begin();
    await transaction.send([...records, journalRecord(journal, partition, entry)]);
    const acks = await transaction.commit();
    for (const { topic, baseOffset, count } of acks)
      if (this.#outputEnds.has(topic)) this.#outputEnds.set(topic, baseOffset + BigInt(count));
    const ack = acks.findLast(({ topic }) => topic === journal);
    if (ack === undefined) throw new LogError('FATAL', `the log did not say where the entry in ${journal} went`);
    this.#journalNext = ack.baseOffset + BigInt(ack.count);
  }

  close(): Promise<void> {
    return this.#producer.close();
  }
}
