/**
 * States of keys that were idle longest, on disk: a temporary database of SQLite, which is unlinked as soon as it is open, so that a process
 * that is killed leaves nothing behind. It is no checkpoint: what is lost with it is restored from the log like everything in memory.
 */
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { LogError } from '@weir/event-log/errors';
import type { StateFigures } from '../processor.ts';
import { digestOf, type KeyDue } from './key-state.ts';

/** What stays in memory of a key. */
export interface SpilledKey {
  readonly slot: number;
  readonly due: KeyDue;
  readonly watermarkMs: number;
  readonly figures: StateFigures | undefined;
}

/** What is written of a key. */
export interface SpilledState {
  readonly bytes: Uint8Array;
  /** Of key and bytes. */
  readonly digest: Buffer;
  /** Keys of the views that it has shown. */
  readonly shown: readonly string[];
}

const TABLE = `
PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA page_size = 8192; PRAGMA cache_size = -8192;
CREATE TABLE spilled(slot INTEGER PRIMARY KEY, shown TEXT NOT NULL, digest BLOB NOT NULL, bytes BLOB NOT NULL) STRICT`;

export class SpilledKeys {
  readonly #keys = new Map<string, SpilledKey>();
  readonly #database: DatabaseSync;
  readonly #statements: Readonly<Record<'put' | 'get' | 'delete' | 'shown' | 'show', StatementSync>>;
  #slots = 0;

  constructor() {
    this.#database = whole(() => new DatabaseSync(''));
    whole(() => this.#database.exec(TABLE));
    this.#statements = {
      put: this.#database.prepare('INSERT INTO spilled VALUES (?, ?, ?, ?)'),
      get: this.#database.prepare('SELECT shown, digest, bytes FROM spilled WHERE slot = ?'),
      delete: this.#database.prepare('DELETE FROM spilled WHERE slot = ?'),
      shown: this.#database.prepare('SELECT shown FROM spilled WHERE slot = ?'),
      show: this.#database.prepare('UPDATE spilled SET shown = ? WHERE slot = ?'),
    };
  }

  get size(): number {
    return this.#keys.size;
  }

  has(key: string): boolean {
    return this.#keys.has(key);
  }

  keys(): Iterable<string> {
    return this.#keys.keys();
  }

  values(): Iterable<SpilledKey> {
    return this.#keys.values();
  }

  /** @throws {LogError} RETRIABLE when the disk is full or broken */
  put(key: string, kept: Omit<SpilledKey, 'slot'>, { bytes, digest, shown }: SpilledState): void {
    const slot = this.#slots;
    whole(() => this.#statements.put.run(slot, JSON.stringify(shown), digest, bytes));
    this.#slots += 1;
    this.#keys.set(key, { ...kept, slot });
  }

  /** @throws {LogError} RETRIABLE when it cannot be read, or does not have the bytes that were written */
  read(key: string): SpilledState & SpilledKey {
    const kept = this.#keys.get(key) as SpilledKey;
    const row = whole(() => this.#statements.get.get(kept.slot));
    const bytes = row?.['bytes'] as Uint8Array;
    const digest = Buffer.from(row?.['digest'] as Uint8Array);
    if (!digestOf(key, bytes).equals(digest))
      throw broken('the state of a key does not have the bytes that were written');
    return { ...kept, bytes, digest, shown: JSON.parse(String(row?.['shown'])) as readonly string[] };
  }

  /** It is in memory again, or forgotten. */
  delete(key: string): void {
    const kept = this.#keys.get(key) as SpilledKey;
    whole(() => this.#statements.delete.run(kept.slot));
    this.#keys.delete(key);
  }

  /** Keys of the views that it has shown; `now` takes their place. */
  replaceShown(key: string, now: readonly string[]): readonly string[] {
    const { slot } = this.#keys.get(key) as SpilledKey;
    const [before, after] = [String(whole(() => this.#statements.shown.get(slot))?.['shown']), JSON.stringify(now)];
    if (before !== after) whole(() => this.#statements.show.run(after, slot));
    return JSON.parse(before) as readonly string[];
  }

  close(): void {
    this.#database.close();
  }
}

function whole<Result>(run: () => Result): Result {
  try {
    return run();
  } catch (error) {
    throw broken(error instanceof Error ? error.message : String(error), error);
  }
}

/** Nothing was decided: the task is rebuilt from its last commit. */
function broken(what: string, cause?: unknown): LogError {
  return new LogError(
    'RETRIABLE',
    `states that were written to a temporary file could not be kept there: ${what}. It lies in SQLITE_TMPDIR, else TMPDIR, else /var/tmp: ` +
      'make room there, or raise WEIR_STATE_MEMORY_BYTES',
    { cause },
  );
}
