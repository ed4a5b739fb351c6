/** Checkpoints in the embedded log's own file, so that one file is the whole installation. */
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import {
  type CheckpointStore,
  decodeHead,
  encodeHead,
  type KeyRecord,
  sha256,
  TornCheckpoint,
  type WholeSnapshot,
} from './store.ts';

const TABLES = `
CREATE TABLE IF NOT EXISTS checkpoint(
  task TEXT NOT NULL, generation INTEGER NOT NULL, head TEXT NOT NULL, sha256 BLOB NOT NULL,
  PRIMARY KEY (task, generation)) STRICT;
CREATE TABLE IF NOT EXISTS checkpoint_key(
  task TEXT NOT NULL, key TEXT NOT NULL, generation INTEGER NOT NULL, state_version INTEGER NOT NULL, sha256 BLOB, bytes BLOB,
  PRIMARY KEY (task, key, generation)) STRICT;`;

const KEYS = `
SELECT key, state_version, sha256, bytes FROM checkpoint_key AS each
WHERE task = ?1 AND key > ?3 AND bytes IS NOT NULL AND generation = (
  SELECT MAX(generation) FROM checkpoint_key WHERE task = ?1 AND key = each.key AND generation <= ?2)
ORDER BY key LIMIT ?4`;

/** Keys that are read at once. */
const PAGE = 500;

/** A record is needed by the first kept generation at or above it, unless a later record stands between them. */
const PRUNE = `
DELETE FROM checkpoint_key AS each WHERE task = ?1 AND NOT EXISTS (
  SELECT 1 FROM checkpoint AS kept WHERE kept.task = ?1 AND kept.generation >= each.generation AND NOT EXISTS (
    SELECT 1 FROM checkpoint_key AS later
    WHERE later.task = ?1 AND later.key = each.key AND later.generation > each.generation AND later.generation <= kept.generation))`;

export function createSqliteCheckpoints(database: DatabaseSync): CheckpointStore {
  database.exec(TABLES);
  const atomically = (change: () => void): void => {
    database.exec('SAVEPOINT checkpoint');
    try {
      change();
      database.exec('RELEASE checkpoint');
    } catch (error) {
      database.exec('ROLLBACK TO checkpoint; RELEASE checkpoint');
      throw error;
    }
  };
  return {
    generations: async (task) =>
      database
        .prepare('SELECT head, sha256 FROM checkpoint WHERE task = ? ORDER BY generation')
        .all(task)
        .flatMap((row) => {
          const json = String(row['head']);
          return sha256(Buffer.from(json)).equals(row['sha256'] as Uint8Array) ? [decodeHead(json)] : [];
        }),
    async *keys(task, generation) {
      const page = database.prepare(KEYS);
      for (let rows = page.all(task, generation, '', PAGE); rows.length > 0; ) {
        for (const row of rows) yield recordOf(task, row);
        rows = page.all(task, generation, String(rows.at(-1)?.['key']), PAGE);
      }
    },
    save: async (task, head, changed) => {
      const newest = database.prepare('SELECT MAX(generation) AS newest FROM checkpoint WHERE task = ?').get(task);
      if (newest?.['newest'] !== null && BigInt(Number(newest?.['newest'])) > head.generation) return 'stale';
      atomically(() => {
        const put = database.prepare('INSERT OR REPLACE INTO checkpoint_key VALUES (?, ?, ?, ?, ?, ?)');
        for (const { key, stateVersion, bytes } of changed)
          put.run(task, key, head.generation, stateVersion, bytes === null ? null : sha256(bytes), bytes);
        const json = encodeHead(head);
        database
          .prepare('INSERT OR REPLACE INTO checkpoint VALUES (?, ?, ?, ?)')
          .run(task, head.generation, json, sha256(Buffer.from(json)));
      });
      return 'saved';
    },
    prune: async (task, keep) =>
      atomically(() => {
        const kept = keep.map(() => '?').join(', ');
        database.prepare(`DELETE FROM checkpoint WHERE task = ? AND generation NOT IN (${kept})`).run(task, ...keep);
        database.prepare(PRUNE).run(task);
      }),
    wholeSnapshot: async (task) => wholeSnapshot(database, task),
  };
}

/** @throws {TornCheckpoint} */
function recordOf(task: string, row: Readonly<Record<string, SQLOutputValue>>): KeyRecord {
  const bytes = row['bytes'] as Uint8Array;
  const key = String(row['key']);
  if (!sha256(bytes).equals(row['sha256'] as Uint8Array)) throw new TornCheckpoint(task, key);
  return { key, stateVersion: Number(row['state_version']), bytes };
}

function wholeSnapshot(database: DatabaseSync, task: string): WholeSnapshot | undefined {
  const table = database.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'snapshot'").get();
  const row = table && database.prepare('SELECT * FROM snapshot WHERE task = ?').get(task);
  if (row === undefined) return undefined;
  const bytes = row['bytes'] as Uint8Array;
  if (!sha256(bytes).equals(row['sha256'] as Uint8Array)) return undefined;
  return { journalNext: BigInt(Number(row['journal_next'])), stateVersion: Number(row['state_version']), bytes };
}
