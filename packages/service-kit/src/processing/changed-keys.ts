/**
 * Keys that changed, as they were when these were taken. They are read one by one while the task goes on: a copy is made only of those that
 * are stepped before they were read, so that a checkpoint does not hold all of them in memory.
 */
import type { KeyRecord } from '../checkpoints/store.ts';

export class ChangedKeys implements Iterable<KeyRecord> {
  readonly keys: readonly string[];
  /** Of the states that were read so far. */
  bytes = 0;
  readonly #read: (key: string) => KeyRecord;
  readonly #left: Set<string>;
  readonly #copies = new Map<string, KeyRecord>();

  constructor(keys: Iterable<string>, read: (key: string) => KeyRecord) {
    this.keys = [...keys];
    this.#left = new Set(this.keys);
    this.#read = read;
  }

  /** To be called before a key is stepped. */
  copy(key: string): void {
    if (this.#left.delete(key)) this.#copies.set(key, this.#read(key));
  }

  /** Each key once. */
  *[Symbol.iterator](): Generator<KeyRecord> {
    for (const key of this.#left) {
      this.#left.delete(key);
      yield this.#counted(this.#read(key));
    }
    for (const [key, record] of this.#copies) {
      this.#copies.delete(key);
      yield this.#counted(record);
    }
  }

  /** No more will be read. */
  release(): void {
    this.#left.clear();
    this.#copies.clear();
  }

  #counted(record: KeyRecord): KeyRecord {
    this.bytes += record.bytes?.length ?? 0;
    return record;
  }
}
