/**
 * Retention: whole batches go from the head of a partition, as whole segments do in Kafka. A batch goes when its newest record is older than
 * `retentionMs`, or when the partition holds `retentionBytes` without it; what is kept is therefore never less than what was asked for.
 */
import type { StatementSync } from 'node:sqlite';
import type { Budget } from './budget.ts';
import type { PartitionState } from './partition-state.ts';
import type { Store, Topic } from './store.ts';

export class Retention {
  readonly #store: Store;
  readonly #head: StatementSync;
  readonly #drop: StatementSync;

  constructor(store: Store) {
    this.#store = store;
    this.#head = store.database.prepare(
      'SELECT base_offset + count AS next, max_timestamp AS newest, length(bytes) AS size FROM batch WHERE topic = ? AND partition = ? ORDER BY base_offset',
    );
    this.#drop = store.database.prepare('DELETE FROM batch WHERE topic = ? AND partition = ? AND base_offset < ?');
  }

  /** Drops what `budget` allows. True when nothing is left to drop. */
  apply(state: PartitionState, topic: Topic, nowMs: number, budget: Budget): boolean {
    const oldest = nowMs - (topic.retentionMs ?? Number.POSITIVE_INFINITY);
    const atLeast = topic.retentionBytes ?? Number.POSITIVE_INFINITY;
    let { start, bytes } = state;
    let done = true;
    for (const row of this.#head.iterate(state.topic, state.partition)) {
      const size = Number(row['size']);
      if (Number(row['newest']) >= oldest && bytes - size < atLeast) break;
      if (budget.spent) {
        done = false;
        break;
      }
      budget.take(size);
      start = Number(row['next']);
      bytes -= size;
    }
    if (start > state.start) {
      // The new start is written with the deletion: it is all that remembers the end offset once the last batch is gone.
      this.#store.transact(() => {
        this.#drop.run(state.topic, state.partition, start);
        this.#store.keepStart(state, start);
      });
      state.start = start;
      state.bytes = bytes;
    }
    return done;
  }
}
