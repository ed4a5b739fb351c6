/** Read views in the embedded log's own file: they live and die with it, and a restart answers as before. */
import type { DatabaseSync } from 'node:sqlite';
import { chunksOf } from '../chunks.ts';
import type { View } from '../processor.ts';
import { HISTORY_PREFIXES, isHistory, MAX_HISTORY, type ReadViews, type ViewScope } from './read-views.ts';

/** Sorts after every key with the prefix: no key has this character. */
const LAST = '\u{10ffff}';
/** Views that are in memory at once. */
const CHUNK = 500;

export function createSqliteViews(database: DatabaseSync, maxHistory: number = MAX_HISTORY): ReadViews {
  database.exec(
    `CREATE TABLE IF NOT EXISTS read_view(service TEXT NOT NULL, key TEXT NOT NULL, partition INTEGER NOT NULL, json TEXT NOT NULL,
       PRIMARY KEY (service, key)) STRICT, WITHOUT ROWID`,
  );
  const set = database.prepare(
    `INSERT INTO read_view VALUES (?, ?, ?, ?)
       ON CONFLICT (service, key) DO UPDATE SET partition = excluded.partition, json = excluded.json`,
  );
  const remove = database.prepare('DELETE FROM read_view WHERE service = ? AND key = ?');
  const keysOf = database.prepare('SELECT key FROM read_view WHERE service = ? AND partition = ?');
  // The newest `maxHistory` of a history are above the key that follows them downwards.
  const trim = database.prepare(
    `DELETE FROM read_view WHERE service = ?1 AND key >= ?2 AND key < ?3 AND key <=
       (SELECT key FROM read_view WHERE service = ?1 AND key >= ?2 AND key < ?3 ORDER BY key DESC LIMIT 1 OFFSET ?4)`,
  );
  const find = database.prepare('SELECT json FROM read_view WHERE service = ? AND key = ?');
  const upwards = database.prepare(
    'SELECT key, json FROM read_view WHERE service = ? AND key >= ? AND key > ? AND key < ? ORDER BY key LIMIT ?',
  );
  const downwards = database.prepare(
    'SELECT key, json FROM read_view WHERE service = ? AND key >= ? AND key < ? ORDER BY key DESC LIMIT ?',
  );

  const write = ({ service, partition }: ViewScope, views: readonly View[]): void => {
    for (const { key, json } of views) {
      if (json === null) remove.run(service, key);
      else set.run(service, key, partition, json);
    }
    for (const prefix of HISTORY_PREFIXES)
      if (views.some(({ key }) => key.startsWith(prefix))) trim.run(service, prefix, prefix + LAST, maxHistory);
  };
  return {
    put: async (scope, views) => {
      if (views.length > 0) atOnce(database, () => write(scope, views));
      return 'kept';
    },
    replace: async (scope, views) => {
      atOnce(database, () => {
        const kept = new Set<string>();
        for (const chunk of chunksOf(views, CHUNK)) {
          write(scope, chunk);
          for (const { key } of chunk) kept.add(key);
        }
        for (const { key } of keysOf.all(scope.service, scope.partition) as { readonly key: string }[])
          if (!kept.has(key) && !isHistory(key)) remove.run(scope.service, key);
      });
    },
    get: async (service, key) => find.get(service, key)?.['json'] as string | undefined,
    list: async (service, { prefix, after, limit, newestFirst = false }) => {
      const rows = newestFirst
        ? downwards.all(service, prefix, after ?? prefix + LAST, limit)
        : upwards.all(service, prefix, after ?? '', prefix + LAST, limit);
      return rows.map(({ key, json }) => ({ key: String(key), json: String(json) }));
    },
  };
}

/** All of it or nothing: a reader never sees half of a commit. */
function atOnce(database: DatabaseSync, change: () => void): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    change();
    database.exec('COMMIT');
  } catch (error) {
    // A full disk has rolled back by itself.
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}
