import { DatabaseSync } from 'node:sqlite';
import { afterAll, expect, test } from 'vitest';
import { createMemorySnapshots, createSqliteSnapshots } from '../src/snapshot-store.ts';
import { snapshotStoreContract } from './store-contract.ts';

const database = new DatabaseSync(':memory:');
const sqlite = createSqliteSnapshots(database);
const memory = createMemorySnapshots();
afterAll(() => database.close());

snapshotStoreContract('memory', () => memory);
snapshotStoreContract('SQLite', () => sqlite);

test('a flipped bit in SQLite reads as no snapshot', async () => {
  await sqlite.save('torn', { epoch: 1n, journalNext: 1n, stateVersion: 1, bytes: Buffer.from([1, 2, 3]) });
  database.prepare('UPDATE snapshot SET bytes = ? WHERE task = ?').run(Buffer.from([1, 2, 2]), 'torn');
  expect(await sqlite.load('torn')).toBeUndefined();
});
