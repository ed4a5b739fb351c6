/**
 * When retention is applied: after an append has been committed, never by a timer, so that a log that is only read stays as it is (a
 * recording that is replayed a month later must still be whole).
 *
 * A sweep looks at every partition that has a retention. What it finds is dropped in runs, one after each append, until nothing is left;
 * each SQL transaction in them is complete in itself, so a crash loses no more than the rest of a sweep. Freed pages are used again by the
 * appends that follow: the file stops growing, and no VACUUM is needed.
 */
import type { NewRecord } from '../port.ts';
import { storedSize } from './batch-bytes.ts';
import { Budget } from './budget.ts';
import type { PartitionState } from './partition-state.ts';
import { Retention } from './retention.ts';
import type { Store } from './store.ts';

/** By the log's clock. Short, so that a sweep finds about a second's worth of writes to drop; a look costs microseconds per partition. */
const SWEEP_MS = 1_000;

/** Stored batches that one run drops. */
export interface RunLimits {
  readonly batches: number;
  readonly bytes: number;
}
/**
 * What an append waits for: measured, 1 to 7 ms and 10 at worst, about as long as SQLite's own checkpoints. It is exceeded by one batch
 * (8 MiB where a topic allows such records), and by twice what the append itself has written.
 */
const RUN_LIMITS: RunLimits = { batches: 1_000, bytes: 2 << 20 };

export class LogCleaner {
  readonly #store: Store;
  readonly #limits: RunLimits;
  readonly #retention: Retention;
  #sweptMs = Number.NEGATIVE_INFINITY;
  #expiring: PartitionState[] = [];

  constructor(store: Store, limits: RunLimits = RUN_LIMITS) {
    this.#store = store;
    this.#limits = limits;
    this.#retention = new Retention(store);
  }

  /** After `appended` was committed. Never throws: what was acknowledged stays acknowledged. */
  run(nowMs: number, appended: readonly NewRecord[]): void {
    const since = nowMs - this.#sweptMs;
    const due = since >= SWEEP_MS || since < 0;
    if (!due && this.#expiring.length === 0) return;
    try {
      if (due) {
        this.#sweptMs = nowMs;
        this.#sweep();
      }
      this.#work(nowMs, this.#budget(appended));
    } catch {
      // A full disk or a damaged batch: the next append, or the reader of the batch, is told. The next sweep tries that partition again.
    }
  }

  /** Topics were deleted: forget what is left of the sweep. */
  reset(): void {
    this.#expiring = [];
  }

  #sweep(): void {
    this.#expiring = [];
    for (const [name, topic] of this.#store.topics()) {
      if (topic.retentionMs === undefined && topic.retentionBytes === undefined) continue;
      for (let partition = 0; partition < topic.partitions; partition += 1)
        this.#expiring.push(this.#store.state(name, partition));
    }
  }

  /** Twice what was appended, at least: dropping keeps up with any writer. */
  #budget(appended: readonly NewRecord[]): Budget {
    const bytes = appended.reduce((sum, record) => sum + storedSize(record), 0);
    return new Budget(this.#limits.batches, Math.max(this.#limits.bytes, 2 * bytes));
  }

  /** What fails is out of its queue by then, so it does not keep the others from their turn. */
  #work(nowMs: number, budget: Budget): void {
    for (let state = this.#expiring.shift(); state !== undefined; state = this.#expiring.shift()) {
      const topic = this.#store.topic(state.topic);
      if (topic !== undefined && !this.#retention.apply(state, topic, nowMs, budget)) {
        this.#expiring.unshift(state);
        return;
      }
    }
  }
}
