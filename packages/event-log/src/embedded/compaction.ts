/**
 * Compaction, as Kafka's log cleaner does it: note the newest offset of each key among the records written since the last pass, then go
 * through the partition from its start and drop every record that a newer one of its key has replaced.
 *
 *   start ───────────── compactedTo ───────────── upTo ───────────── end
 *     compacted before        scanned for its keys     not looked at, the next pass begins here
 *   └──────────────── rewritten, batch by batch ───┘
 *
 * A pass goes on over many runs of upkeep and may be given up anywhere: a record is only dropped while a newer one of its key is stored, so
 * what a crash leaves behind is a partition compacted less. Offsets stay; records without a key and tombstones are kept.
 */
import type { StatementSync } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import { dropRecords, forEachRecord } from './batch-bytes.ts';
import type { Budget } from './budget.ts';
import type { PartitionState } from './partition-state.ts';
import type { Store, StoredBatch } from './store.ts';

/** Memory for the keys of one pass; with more of them it takes fewer records, and the next pass goes on. */
const KEYS_BYTES = 16 << 20;
/** What a key costs beside its bytes, about. */
const KEY_OVERHEAD_BYTES = 64;

/**
 * Half of the partition is new (Kafka's min.cleanable.dirty.ratio). Then a byte written costs three bytes read in all, however large the
 * partition grows: one to scan it, and two in which it and as much of the old is rewritten.
 */
export function wantsCompaction(state: PartitionState): boolean {
  return state.end > state.compactedTo && state.bytes >= 2 * state.compactedBytes;
}

export class CompactionPass {
  readonly #store: Store;
  readonly #state: PartitionState;
  readonly #batches: StatementSync;
  readonly #newest = new Map<string, number>();
  #keysBytes = 0;
  #scanning = true;
  #upTo: number;
  /** Where the scan, then the rewriting, goes on. */
  #at: number;
  #keptBytes = 0;

  constructor(store: Store, state: PartitionState) {
    this.#store = store;
    this.#state = state;
    this.#at = state.compactedTo;
    this.#upTo = state.end;
    this.#batches = store.database.prepare(
      'SELECT base_offset AS base, count, checksum, bytes FROM batch WHERE topic = ? AND partition = ? AND base_offset >= ? AND base_offset < ? ORDER BY base_offset',
    );
  }

  /** Does what `budget` allows. True when the pass is complete. */
  step(budget: Budget): boolean {
    if (this.#scanning) this.#scan(budget);
    return !this.#scanning && !budget.spent && this.#rewrite(budget);
  }

  #scan(budget: Budget): void {
    for (const { base, count, bytes } of this.#read()) {
      budget.take(bytes.length);
      forEachRecord(bytes, count, (index, key) => {
        if (key === null) return;
        if (!this.#newest.has(key)) this.#keysBytes += key.length + KEY_OVERHEAD_BYTES;
        this.#newest.set(key, base + index);
      });
      this.#at = base + count;
      if (this.#keysBytes >= KEYS_BYTES) {
        this.#upTo = this.#at;
        break;
      }
      if (budget.spent) return;
    }
    this.#scanning = false;
    this.#at = this.#state.start;
  }

  #rewrite(budget: Budget): boolean {
    const changes: StoredBatch[] = [];
    let at = this.#at;
    let kept = this.#keptBytes;
    let freed = 0;
    let complete = true;
    for (const { base, count, bytes } of this.#read()) {
      budget.take(bytes.length);
      at = base + count;
      const rest = dropRecords(
        bytes,
        count,
        (index, key) => key !== null && base + index < (this.#newest.get(key) ?? 0),
      );
      kept += rest.bytes.length;
      freed += bytes.length - rest.bytes.length;
      if (rest.bytes !== bytes) changes.push({ base, ...rest });
      // Whether that was the last batch the next run will see.
      if (budget.spent) {
        complete = false;
        break;
      }
    }
    if (changes.length > 0 || complete) this.#store.transact(() => this.#write(changes, complete));
    this.#at = at;
    this.#keptBytes = kept;
    this.#state.bytes -= freed;
    if (complete) {
      this.#state.compactedTo = this.#upTo;
      this.#state.compactedBytes = kept;
    }
    return complete;
  }

  #write(changes: readonly StoredBatch[], complete: boolean): void {
    const { topic, partition, start, compactedTo } = this.#state;
    const { database } = this.#store;
    const replace = database.prepare(
      'UPDATE batch SET count = ?, checksum = ?, bytes = ? WHERE topic = ? AND partition = ? AND base_offset = ?',
    );
    const drop = database.prepare('DELETE FROM batch WHERE topic = ? AND partition = ? AND base_offset = ?');
    for (const { base, count, bytes } of changes) {
      if (count === 0) drop.run(topic, partition, base);
      else replace.run(count, crc32(bytes), bytes, topic, partition, base);
    }
    // Each time: once the first batch is gone, the batches no longer say where the partition starts.
    this.#store.keepBounds(this.#state, start, complete ? this.#upTo : compactedTo);
  }

  *#read(): Generator<StoredBatch> {
    for (const row of this.#batches.iterate(this.#state.topic, this.#state.partition, this.#at, this.#upTo))
      yield this.#store.intact(this.#state, row);
  }
}
