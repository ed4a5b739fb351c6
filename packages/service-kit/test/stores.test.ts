import { DatabaseSync } from 'node:sqlite';
import { afterAll, expect, test } from 'vitest';
import { forgivingSnapshots } from '../src/ports.ts';
import { createMemoryViews } from '../src/read-views.ts';
import { createMemorySnapshots, createSqliteSnapshots } from '../src/snapshot-store.ts';
import { readViewsContract, snapshotStoreContract } from './store-contract.ts';

const database = new DatabaseSync(':memory:');
const sqlite = createSqliteSnapshots(database);
const memory = createMemorySnapshots();
afterAll(() => database.close());

snapshotStoreContract('memory', () => memory);
snapshotStoreContract('SQLite', () => sqlite);
readViewsContract('memory', createMemoryViews);

test('a flipped bit in SQLite reads as no snapshot', async () => {
  await sqlite.save('torn', { epoch: 1n, journalNext: 1n, stateVersion: 1, bytes: Buffer.from([1, 2, 3]) });
  database.prepare('UPDATE snapshot SET bytes = ? WHERE task = ?').run(Buffer.from([1, 2, 2]), 'torn');
  expect(await sqlite.load('torn')).toBeUndefined();
});

test('a snapshot that cannot be written is told of and stops nothing', async () => {
  const closed = new DatabaseSync(':memory:');
  const store = createSqliteSnapshots(closed);
  closed.close();
  const told: string[] = [];
  const forgiving = forgivingSnapshots(store, [(part, error) => void told.push(`${part}: ${String(error)}`)]);
  const snapshot = { epoch: 1n, journalNext: 1n, stateVersion: 1, bytes: Buffer.from([1]) };
  expect(await forgiving.save('t', snapshot)).toBe('stale');
  expect(told).toEqual([expect.stringMatching(/^snapshots: Error: database is not open/)]);
});
