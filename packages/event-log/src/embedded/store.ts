/**
 * The SQLite file: topics, batches and fences. Every method is synchronous, so nothing can interleave with a commit.
 *
 *   topic(name, partitions, …) · batch(topic, partition, base_offset, count, checksum, bytes) · fence(id, epoch)
 */
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import { LogError } from '../errors.ts';
import type { Ack, NewRecord, RecordBatch, TopicPartition, TopicSpec } from '../port.ts';
import { decodeBatch, encodeBatch, storedSize } from './batch-bytes.ts';

/** Rows stay small enough that a reader never holds much, large enough that SQLite's cost per row vanishes. */
const BATCH_RECORDS = 2_000;
const BATCH_BYTES = 1 << 20;
/** Kafka's default limit for one record. */
const MAX_RECORD_BYTES = 1_048_588;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS topic(name TEXT PRIMARY KEY, partitions INTEGER NOT NULL, cleanup TEXT NOT NULL, retention_ms INTEGER, retention_bytes INTEGER, max_record_bytes INTEGER NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS batch(topic TEXT NOT NULL, partition INTEGER NOT NULL, base_offset INTEGER NOT NULL, count INTEGER NOT NULL, max_timestamp REAL NOT NULL, checksum INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY(topic, partition, base_offset)) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS fence(id TEXT PRIMARY KEY, epoch INTEGER NOT NULL) STRICT;
`;

interface TopicRow {
  readonly partitions: number;
  readonly maxRecordBytes: number;
}

export class Store {
  readonly database: DatabaseSync;
  readonly #file: string;
  readonly #topics = new Map<string, TopicRow>();
  /** Next offset per partition; a cache of the file, valid because no other process may write it. */
  readonly #ends = new Map<string, number>();
  readonly #insert: StatementSync;
  readonly #read: StatementSync;

  constructor(file: string, durability: 'process' | 'power') {
    this.#file = file;
    this.database = openExclusively(file, durability);
    this.database.exec(SCHEMA);
    for (const row of this.database.prepare('SELECT name, partitions, max_record_bytes AS max FROM topic').all()) {
      this.#topics.set(String(row['name']), {
        partitions: Number(row['partitions']),
        maxRecordBytes: Number(row['max']),
      });
    }
    this.#insert = this.database.prepare('INSERT INTO batch VALUES (?, ?, ?, ?, ?, ?, ?)');
    this.#read = this.database.prepare(
      'SELECT base_offset AS base, count, checksum, bytes FROM batch WHERE topic = ? AND partition = ? AND base_offset >= coalesce((SELECT max(base_offset) FROM batch WHERE topic = ?1 AND partition = ?2 AND base_offset <= ?3), 0) ORDER BY base_offset LIMIT 1',
    );
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
      if (!Number.isInteger(spec.partitions) || spec.partitions < 1) {
        throw new LogError(
          'FATAL',
          `topic ${spec.topic}: partitions is ${spec.partitions}, must be a whole number of at least 1`,
        );
      }
      const maxRecordBytes = spec.maxRecordBytes ?? MAX_RECORD_BYTES;
      this.database
        .prepare('INSERT INTO topic VALUES (?, ?, ?, ?, ?, ?)')
        .run(
          spec.topic,
          spec.partitions,
          spec.cleanup,
          spec.retentionMs ?? null,
          spec.retentionBytes ?? null,
          maxRecordBytes,
        );
      this.#topics.set(spec.topic, { partitions: spec.partitions, maxRecordBytes });
    }
  }

  partitions(topic: string): number | undefined {
    return this.#topics.get(topic)?.partitions;
  }

  deleteTopics(topics: readonly string[]): void {
    for (const topic of topics) {
      for (let partition = 0; partition < (this.partitions(topic) ?? 0); partition += 1)
        this.#ends.delete(`${topic}/${partition}`);
      this.database.prepare('DELETE FROM batch WHERE topic = ?').run(topic);
      this.database.prepare('DELETE FROM topic WHERE name = ?').run(topic);
      this.#topics.delete(topic);
    }
  }

  /** Takes the next epoch of a fence id: from here on older holders are refused. */
  raiseFence(id: string): number {
    const row = this.database
      .prepare('INSERT INTO fence VALUES (?, 1) ON CONFLICT(id) DO UPDATE SET epoch = epoch + 1 RETURNING epoch')
      .get(id);
    return Number(row?.['epoch']);
  }

  holdsFence(id: string, epoch: number): boolean {
    return Number(this.database.prepare('SELECT epoch FROM fence WHERE id = ?').get(id)?.['epoch']) === epoch;
  }

  /** @throws {LogError} POISON for a record that can never be stored. */
  check(record: NewRecord): void {
    const topic = this.#topics.get(record.topic);
    if (topic === undefined)
      throw new LogError('POISON', `topic ${record.topic} does not exist; create it first (weir topics create)`);
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
    const ends = new Map<string, number>();
    this.#begin();
    try {
      if (fence !== undefined && !this.holdsFence(fence.id, fence.epoch)) {
        throw new LogError('FENCED', `another producer has taken over ${fence.id}; drop what you hold and rejoin`);
      }
      for (const [place, group] of groupByPartition(records)) {
        const { topic, partition } = group[0] as NewRecord;
        const base = this.#end(topic, partition);
        let next = base;
        for (const part of splitBatch(group)) {
          const bytes = encodeBatch(part, nowMs);
          const newest = part.reduce(
            (latest, record) => Math.max(latest, record.timestampMs ?? nowMs),
            Number.NEGATIVE_INFINITY,
          );
          this.#insert.run(topic, partition, next, part.length, newest, crc32(bytes), bytes);
          next += part.length;
        }
        ends.set(place, next);
        acks.push({ topic, partition, baseOffset: BigInt(base), count: group.length });
      }
      this.database.exec('COMMIT');
    } catch (error) {
      if (this.database.isTransaction) this.database.exec('ROLLBACK');
      throw this.#explain(error);
    }
    for (const [place, end] of ends) this.#ends.set(place, end);
    return acks;
  }

  end(tp: TopicPartition): bigint {
    return BigInt(this.#end(tp.topic, tp.partition));
  }

  earliest(tp: TopicPartition): bigint {
    const row = this.database
      .prepare('SELECT min(base_offset) AS first FROM batch WHERE topic = ? AND partition = ?')
      .get(tp.topic, tp.partition);
    return row?.['first'] === null || row === undefined ? this.end(tp) : BigInt(Number(row['first']));
  }

  /** The stored batch that holds `from` or follows it, cut to start at `from`. */
  read(tp: TopicPartition, from: bigint): RecordBatch | undefined {
    if (from >= this.end(tp)) return undefined;
    const row = this.#read.get(tp.topic, tp.partition, Number(from));
    if (row === undefined) return undefined;
    const base = Number(row['base']);
    const count = Number(row['count']);
    const bytes = row['bytes'] as Uint8Array;
    if (crc32(bytes) !== Number(row['checksum'])) {
      throw new LogError(
        'FATAL',
        `${this.#file}: the batch at ${tp.topic}[${tp.partition}]@${base} fails its checksum; restore the file from a copy`,
      );
    }
    const skip = Math.max(0, Number(from) - base);
    return { ...tp, records: decodeBatch(bytes, BigInt(base), count, skip), nextOffset: BigInt(base + count) };
  }

  close(): void {
    this.database.close();
  }

  #end(topic: string, partition: number): number {
    const place = `${topic}/${partition}`;
    let end = this.#ends.get(place);
    if (end === undefined) {
      const row = this.database
        .prepare(
          'SELECT base_offset + count AS next FROM batch WHERE topic = ? AND partition = ? ORDER BY base_offset DESC LIMIT 1',
        )
        .get(topic, partition);
      end = Number(row?.['next'] ?? 0);
      this.#ends.set(place, end);
    }
    return end;
  }

  #begin(): void {
    try {
      this.database.exec('BEGIN IMMEDIATE');
    } catch (error) {
      throw this.#explain(error);
    }
  }

  #explain(error: unknown): unknown {
    if (error instanceof LogError) return error;
    const message = error instanceof Error ? error.message : String(error);
    if (/full/i.test(message)) {
      return new LogError(
        'FATAL',
        `${this.#file}: the disk is full; nothing of this commit was written. Free space and start again`,
        { cause: error },
      );
    }
    return new LogError('FATAL', `${this.#file}: ${message}`, { cause: error });
  }
}

/** SQLite would let a second process in, but groups and caches live in this one. */
function openExclusively(file: string, durability: 'process' | 'power'): DatabaseSync {
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
    const message = error instanceof Error ? error.message : String(error);
    if (/locked|busy/i.test(message)) {
      throw new LogError(
        'FATAL',
        `${file} is in use by another process; stop that one, or give this one a file of its own`,
        { cause: error },
      );
    }
    throw new LogError('FATAL', `cannot open ${file}: ${message}`, { cause: error });
  }
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
