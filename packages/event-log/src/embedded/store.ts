/**
 * The SQLite file: topics, batches and fences. Every method is synchronous, so nothing can interleave with a commit.
 *
 *   topic(name, partitions, …) · batch(topic, partition, base_offset, count, checksum, bytes) · fence(id, epoch)
 *   partition(topic, partition, log_start): what the batches that are left cannot say; absent until something was dropped
 */
import { existsSync, rmSync, statSync } from 'node:fs';
import { DatabaseSync, type SQLOutputValue, type StatementSync } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import { LogError } from '../errors.ts';
import type { Ack, NewRecord, RecordBatch, TopicPartition, TopicSpec } from '../port.ts';
import { decodeBatch, encodeBatch, storedSize } from './batch-bytes.ts';
import { lockOwner } from './lock-owner.ts';
import { loadPartition, type PartitionState } from './partition-state.ts';

/** Rows stay small enough that a reader never holds much, large enough that SQLite's cost per row vanishes. */
const BATCH_RECORDS = 2_000;
const BATCH_BYTES = 1 << 20;
/** Kafka's default limit for one record. */
const MAX_RECORD_BYTES = 1_048_588;

// `batch` has row ids: without them SQLite compares keys by loading whole rows, a megabyte each. Files made before this still do.
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS topic(name TEXT PRIMARY KEY, partitions INTEGER NOT NULL, cleanup TEXT NOT NULL, retention_ms INTEGER, retention_bytes INTEGER, max_record_bytes INTEGER NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS batch(topic TEXT NOT NULL, partition INTEGER NOT NULL, base_offset INTEGER NOT NULL, count INTEGER NOT NULL, max_timestamp REAL NOT NULL, checksum INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY(topic, partition, base_offset)) STRICT;
  CREATE TABLE IF NOT EXISTS partition(topic TEXT NOT NULL, partition INTEGER NOT NULL, log_start INTEGER NOT NULL, PRIMARY KEY(topic, partition)) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS fence(id TEXT PRIMARY KEY, epoch INTEGER NOT NULL) STRICT;
`;

export interface Topic {
  readonly partitions: number;
  readonly cleanup: TopicSpec['cleanup'];
  readonly retentionMs: number | undefined;
  readonly retentionBytes: number | undefined;
  readonly maxRecordBytes: number;
}

export interface StoredBatch {
  readonly base: number;
  readonly count: number;
  readonly bytes: Uint8Array;
}

export class Store {
  readonly database: DatabaseSync;
  readonly #file: string;
  readonly #topics = new Map<string, Topic>();
  readonly #states = new Map<string, PartitionState>();
  readonly #insert: StatementSync;
  readonly #read: StatementSync;

  constructor(file: string, durability: 'process' | 'power') {
    this.#file = file;
    this.database = openExclusively(file, durability);
    try {
      this.#load();
    } catch (error) {
      this.database.close();
      throw explain(file, error);
    }
    this.#insert = this.database.prepare('INSERT INTO batch VALUES (?, ?, ?, ?, ?, ?, ?)');
    this.#read = this.database.prepare(
      'SELECT base_offset AS base, count, checksum, bytes FROM batch WHERE topic = ? AND partition = ? AND base_offset >= coalesce((SELECT max(base_offset) FROM batch WHERE topic = ?1 AND partition = ?2 AND base_offset <= ?3), 0) AND base_offset + count > ?3 ORDER BY base_offset LIMIT 1',
    );
  }

  #load(): void {
    this.database.exec(SCHEMA);
    // Files of an earlier version say how far a partition was compacted; none ever was.
    const columns = this.database.prepare('PRAGMA table_info(partition)').all();
    if (columns.some((column) => column['name'] === 'compacted_to'))
      this.database.exec('ALTER TABLE partition DROP COLUMN compacted_to');
    for (const row of this.database.prepare('SELECT * FROM topic').all()) {
      this.#topics.set(String(row['name']), {
        partitions: Number(row['partitions']),
        cleanup: row['cleanup'] as Topic['cleanup'],
        retentionMs: numberIn(row['retention_ms']),
        retentionBytes: numberIn(row['retention_bytes']),
        maxRecordBytes: Number(row['max_record_bytes']),
      });
    }
    // Counting bytes takes as long as a partition is large; no append should wait for it.
    for (const [name, topic] of this.#topics)
      for (let partition = 0; partition < topic.partitions && countsBytes(topic); partition += 1)
        this.state(name, partition);
  }

  createTopics(specs: readonly TopicSpec[]): void {
    for (const spec of specs) {
      const known = this.#topics.get(spec.topic);
      if (known !== undefined && known.partitions !== spec.partitions) {
        throw new LogError(
          'FATAL',
          `topic ${spec.topic} has ${known.partitions} partitions, ${spec.partitions} were asked for; keys would move. Use ${known.partitions}, or another topic prefix`,
        );
      }
      if (known !== undefined) continue;
      if (spec.cleanup !== 'delete') {
        throw new LogError(
          'FATAL',
          `topic ${spec.topic}: cleanup is ${spec.cleanup}; the embedded log only drops by retention. Use delete, or Kafka`,
        );
      }
      if (!Number.isInteger(spec.partitions) || spec.partitions < 1) {
        throw new LogError(
          'FATAL',
          `topic ${spec.topic}: partitions is ${spec.partitions}, must be a whole number of at least 1`,
        );
      }
      const { partitions, cleanup, retentionMs, retentionBytes, maxRecordBytes = MAX_RECORD_BYTES } = spec;
      this.transact(() => {
        this.database
          .prepare('INSERT INTO topic VALUES (?, ?, ?, ?, ?, ?)')
          .run(spec.topic, partitions, cleanup, retentionMs ?? null, retentionBytes ?? null, maxRecordBytes);
      });
      this.#topics.set(spec.topic, { partitions, cleanup, retentionMs, retentionBytes, maxRecordBytes });
    }
  }

  topics(): Iterable<readonly [name: string, topic: Topic]> {
    return this.#topics;
  }

  topic(name: string): Topic | undefined {
    return this.#topics.get(name);
  }

  partitions(topic: string): number | undefined {
    return this.#topics.get(topic)?.partitions;
  }

  deleteTopics(topics: readonly string[]): void {
    this.transact(() => {
      for (const topic of topics) {
        this.database.prepare('DELETE FROM batch WHERE topic = ?').run(topic);
        this.database.prepare('DELETE FROM partition WHERE topic = ?').run(topic);
        this.database.prepare('DELETE FROM topic WHERE name = ?').run(topic);
      }
    });
    for (const topic of topics) {
      for (let partition = 0; partition < (this.partitions(topic) ?? 0); partition += 1)
        this.#states.delete(`${topic}/${partition}`);
      this.#topics.delete(topic);
    }
  }

  /** Takes the next epoch of a fence id: from here on older holders are refused. */
  raiseFence(id: string): number {
    const sql = 'INSERT INTO fence VALUES (?, 1) ON CONFLICT(id) DO UPDATE SET epoch = epoch + 1';
    let epoch = 0;
    // With RETURNING the row is there before the commit, and a commit that fails after it, on a full disk, is not told.
    this.transact(() => {
      this.database.prepare(sql).run(id);
      epoch = this.#epochOf(id);
    });
    return epoch;
  }

  holdsFence(id: string, epoch: number): boolean {
    return this.#explained(() => this.#epochOf(id)) === epoch;
  }

  #epochOf(id: string): number {
    return Number(this.database.prepare('SELECT epoch FROM fence WHERE id = ?').get(id)?.['epoch']);
  }

  /** @throws {LogError} POISON for a record that can never be stored. */
  check(record: NewRecord): void {
    const topic = this.#topics.get(record.topic);
    if (topic === undefined)
      throw new LogError(
        'POISON',
        `topic ${record.topic} does not exist; create it first (the service that reads it does at its start)`,
      );
    if (!(record.partition >= 0 && record.partition < topic.partitions)) {
      throw new LogError(
        'POISON',
        `partition ${record.partition} of ${record.topic} does not exist; it has ${topic.partitions}`,
      );
    }
    const size = storedSize(record);
    if (size > topic.maxRecordBytes) {
      throw new LogError(
        'POISON',
        `a record of ${size} bytes is above the limit of ${record.topic}, ${topic.maxRecordBytes}; send less or raise maxRecordBytes`,
      );
    }
  }

  /** One SQL transaction: all records or none. `fence` is checked inside it. */
  append(records: readonly NewRecord[], nowMs: number, fence?: { readonly id: string; readonly epoch: number }): Ack[] {
    for (const record of records) this.check(record);
    const acks: Ack[] = [];
    const written: { readonly state: PartitionState; readonly end: number; readonly bytes: number }[] = [];
    this.transact(() => {
      if (fence !== undefined && !this.holdsFence(fence.id, fence.epoch)) {
        throw new LogError('FENCED', `another producer has taken over ${fence.id}; drop what you hold and rejoin`);
      }
      for (const group of groupByPartition(records).values()) {
        const { topic, partition } = group[0] as NewRecord;
        const state = this.state(topic, partition);
        let end = state.end;
        let size = 0;
        for (const part of splitBatch(group)) {
          const bytes = encodeBatch(part, nowMs);
          const newest = part.reduce(
            (latest, record) => Math.max(latest, record.timestampMs ?? nowMs),
            Number.NEGATIVE_INFINITY,
          );
          this.#insert.run(topic, partition, end, part.length, newest, crc32(bytes), bytes);
          end += part.length;
          size += bytes.length;
        }
        written.push({ state, end, bytes: size });
        acks.push({ topic, partition, baseOffset: BigInt(state.end), count: group.length });
      }
    });
    for (const { state, end, bytes } of written) {
      state.end = end;
      state.bytes += bytes;
    }
    return acks;
  }

  end(tp: TopicPartition): bigint {
    return BigInt(this.state(tp.topic, tp.partition).end);
  }

  /** The first offset kept; the end when nothing is. */
  earliest(tp: TopicPartition): bigint {
    return BigInt(this.state(tp.topic, tp.partition).start);
  }

  /** The stored batch that holds `from` or follows it, cut to start at `from`. */
  read(tp: TopicPartition, from: bigint): RecordBatch | undefined {
    if (from >= this.end(tp)) return undefined;
    const row = this.#explained(() => this.#read.get(tp.topic, tp.partition, Number(from)));
    if (row === undefined) return undefined;
    const { base, count, bytes } = this.intact(tp, row);
    const skip = Math.max(0, Number(from) - base);
    return { ...tp, records: decodeBatch(bytes, BigInt(base), count, skip), nextOffset: BigInt(base + count) };
  }

  /** A row of `batch` whose bytes are what was written. @throws {LogError} FATAL when they are not. */
  intact({ topic, partition }: TopicPartition, row: Readonly<Record<string, SQLOutputValue>>): StoredBatch {
    const batch = { base: Number(row['base']), count: Number(row['count']), bytes: row['bytes'] as Uint8Array };
    if (crc32(batch.bytes) !== Number(row['checksum'])) {
      throw new LogError(
        'FATAL',
        `${this.#file}: the batch at ${topic}[${partition}]@${batch.base} fails its checksum; restore the file from a copy`,
      );
    }
    return batch;
  }

  state(topic: string, partition: number): PartitionState {
    const place = `${topic}/${partition}`;
    let state = this.#states.get(place);
    if (state === undefined) {
      const spec = this.#topics.get(topic);
      const counts = spec !== undefined && countsBytes(spec);
      state = this.#explained(() => loadPartition(this.database, topic, partition, counts));
      this.#states.set(place, state);
    }
    return state;
  }

  /** Inside the transaction that drops records. */
  keepStart({ topic, partition }: TopicPartition, start: number): void {
    this.database.prepare('INSERT OR REPLACE INTO partition VALUES (?, ?, ?)').run(topic, partition, start);
  }

  /** One SQL transaction: all of `body` or none. */
  transact(body: () => void): void {
    this.#begin();
    try {
      body();
      this.database.exec('COMMIT');
    } catch (error) {
      if (this.database.isTransaction) this.database.exec('ROLLBACK');
      throw explain(this.#file, error);
    }
  }

  close(): void {
    this.database.close();
  }

  #begin(): void {
    this.#explained(() => this.database.exec('BEGIN IMMEDIATE'));
  }

  #explained<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw explain(this.#file, error);
    }
  }
}

/** What SQLite says of a file, with the cure; also for those who keep tables of their own in it. */
export function explain(file: string, error: unknown): LogError {
  if (error instanceof LogError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const cures: readonly (readonly [RegExp, string])[] = [
    [/full/i, 'the disk is full; nothing of this commit was written. Free space and start again'],
    [/malformed|not a database/i, `${message}: a page of the file is damaged; restore the file from a copy`],
    [/i\/o error/i, `${message}: check the disk, then restore the file from a copy if it stays unreadable`],
  ];
  const said = cures.find(([pattern]) => pattern.test(message))?.[1] ?? message;
  return new LogError('FATAL', `${file}: ${said}`, { cause: error });
}

/** SQLite would let a second process in, but groups and caches live in this one. */
function openExclusively(file: string, durability: 'process' | 'power'): DatabaseSync {
  const isNew = !existsSync(file);
  if (!isNew && statSync(file).size === 0) {
    const cure = 'restore it from a copy, or delete it to begin a new log';
    throw new LogError('FATAL', `${file} exists and is empty: a log that was cut to nothing, or never begun; ${cure}`);
  }
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file);
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL;');
    database.exec(`PRAGMA synchronous = ${durability === 'power' ? 'FULL' : 'NORMAL'}; PRAGMA busy_timeout = 0;`);
    // The lock is only taken with the first write.
    database.exec('BEGIN IMMEDIATE; COMMIT;');
    return database;
  } catch (error) {
    database?.close();
    // An empty file would be refused by the next start, which may find space.
    if (isNew && existsSync(file) && statSync(file).size === 0) rmSync(file);
    const message = error instanceof Error ? error.message : String(error);
    if (/locked|busy/i.test(message)) {
      throw new LogError(
        'FATAL',
        `${file} is in use by ${lockOwner(file)}; stop that one, or give this one a file of its own`,
        { cause: error },
      );
    }
    if (/unable to open/i.test(message)) {
      const cure = 'create its folder, or grant read and write on both';
      throw new LogError('FATAL', `cannot open ${file}: ${message}; ${cure}`, { cause: error });
    }
    throw explain(file, error);
  }
}

function countsBytes(topic: Topic): boolean {
  return topic.retentionBytes !== undefined;
}

function numberIn(value: SQLOutputValue | undefined): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function groupByPartition(records: readonly NewRecord[]): Map<string, NewRecord[]> {
  const groups = new Map<string, NewRecord[]>();
  let place = '';
  let group: NewRecord[] = [];
  let last: NewRecord | undefined;
  for (const record of records) {
    if (last === undefined || last.topic !== record.topic || last.partition !== record.partition) {
      place = `${record.topic}/${record.partition}`;
      group = groups.get(place) ?? [];
      groups.set(place, group);
    }
    group.push(record);
    last = record;
  }
  return groups;
}

function* splitBatch(records: readonly NewRecord[]): Generator<readonly NewRecord[]> {
  let start = 0;
  let bytes = 0;
  for (let at = 0; at < records.length; at += 1) {
    const size = storedSize(records[at] as NewRecord);
    if (at > start && (at - start >= BATCH_RECORDS || bytes + size > BATCH_BYTES)) {
      yield records.slice(start, at);
      start = at;
      bytes = 0;
    }
    bytes += size;
  }
  if (start < records.length) yield records.slice(start);
}
