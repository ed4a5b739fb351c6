/**
 * Snapshots are a cache of state: losing one costs a longer replay, never truth. They are written after the commit they stand for.
 * A torn or flipped value reads as absent.
 */
import { createHash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';

export interface Snapshot {
  /** Journal offset of the owner's take-over; an older owner's snapshot is refused. */
  readonly epoch: bigint;
  /** Journal offset to read on from. */
  readonly journalNext: bigint;
  readonly stateVersion: number;
  readonly bytes: Uint8Array;
}

export interface SnapshotStore {
  load(task: string): Promise<Snapshot | undefined>;
  /** `stale`: a newer owner or a later position is already there; nothing was written. */
  save(task: string, snapshot: Snapshot): Promise<'saved' | 'stale'>;
}

/** In the embedded log's own file, so that one file is the whole installation. */
export function createSqliteSnapshots(database: DatabaseSync): SnapshotStore {
  database.exec(
    'CREATE TABLE IF NOT EXISTS snapshot(task TEXT PRIMARY KEY, epoch INTEGER NOT NULL, journal_next INTEGER NOT NULL, state_version INTEGER NOT NULL, sha256 BLOB NOT NULL, bytes BLOB NOT NULL) STRICT',
  );
  const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();
  return {
    load: async (task) => {
      const row = database.prepare('SELECT * FROM snapshot WHERE task = ?').get(task);
      if (row === undefined) return undefined;
      const bytes = row['bytes'] as Uint8Array;
      if (!sha256(bytes).equals(row['sha256'] as Uint8Array)) return undefined;
      return {
        epoch: BigInt(Number(row['epoch'])),
        journalNext: BigInt(Number(row['journal_next'])),
        stateVersion: Number(row['state_version']),
        bytes,
      };
    },
    save: async (task, { epoch, journalNext, stateVersion, bytes }) => {
      const { changes } = database
        .prepare(
          'INSERT INTO snapshot VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT(task) DO UPDATE SET epoch = excluded.epoch, journal_next = excluded.journal_next, state_version = excluded.state_version, sha256 = excluded.sha256, bytes = excluded.bytes WHERE (excluded.epoch, excluded.journal_next) >= (epoch, journal_next)',
        )
        .run(task, epoch, journalNext, stateVersion, sha256(bytes), bytes);
      return Number(changes) === 0 ? 'stale' : 'saved';
    },
  };
}

/** For one process and its lifetime: a restart replays the journal from its beginning. */
export function createMemorySnapshots(): SnapshotStore {
  const snapshots = new Map<string, Snapshot>();
  return {
    load: async (task) => snapshots.get(task),
    save: async (task, snapshot) => {
      const known = snapshots.get(task);
      if (known !== undefined && isOlder(snapshot, known)) return 'stale';
      snapshots.set(task, snapshot);
      return 'saved';
    },
  };
}

function isOlder(a: Snapshot, b: Snapshot): boolean {
  return a.epoch < b.epoch || (a.epoch === b.epoch && a.journalNext < b.journalNext);
}
