import { DatabaseSync } from 'node:sqlite';
import { afterAll, expect, test } from 'vitest';
import { createMemoryCheckpoints } from '../src/checkpoints/memory.ts';
import { generationsToKeep } from '../src/checkpoints/retention.ts';
import { createSqliteCheckpoints } from '../src/checkpoints/sqlite.ts';
import { TornCheckpoint } from '../src/checkpoints/store.ts';
import { all } from '../src/testing/all.ts';
import { checkpointStoreContract } from './checkpoints-contract.ts';

const database = new DatabaseSync(':memory:');
const sqlite = createSqliteCheckpoints(database);
const memory = createMemoryCheckpoints();
afterAll(() => database.close());

checkpointStoreContract('memory', () => memory);
checkpointStoreContract('SQLite', () => sqlite);

const owner = { build: 'b', config: '{}' };
const head = { generation: 1n, seq: 0, clockMs: 0, positions: {}, outputs: {}, owner, writtenMs: 0 };

test('a flipped bit in SQLite is noticed, in a key and in a head', async () => {
  await sqlite.save('torn', head, [{ key: 'a', stateVersion: 1, bytes: Buffer.from([1, 2, 3]) }]);
  database.prepare('UPDATE checkpoint_key SET bytes = ? WHERE task = ?').run(Buffer.from([1, 2, 2]), 'torn');
  await expect(all(sqlite.keys('torn', 1n))).rejects.toThrow(TornCheckpoint);
  database.prepare("UPDATE checkpoint SET head = replace(head, '0', '1') WHERE task = ?").run('torn');
  expect(await sqlite.generations('torn')).toEqual([]);
});

test('the newest two stay, and the last of each day for as long as inputs are kept', () => {
  const hour = 3_600_000;
  const heads = Array.from({ length: 24 * 12 }, (_, at) => ({ ...head, generation: BigInt(at), writtenMs: at * hour }));
  const kept = generationsToKeep(heads, 287 * hour, 7);
  expect(kept).toEqual([95n, 119n, 143n, 167n, 191n, 215n, 239n, 263n, 287n, 286n]);
});
