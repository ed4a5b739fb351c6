import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createEmbeddedLog } from '@weir/event-log/embedded/log';
import { expect, test } from 'vitest';
import { createMemoryViews } from '../src/views/memory.ts';
import { createSqliteViews } from '../src/views/sqlite.ts';
import { readViewsContract } from './views-contract.ts';

readViewsContract('memory', createMemoryViews);
readViewsContract('SQLite', (maxHistory) => createSqliteViews(new DatabaseSync(':memory:'), maxHistory));

test('views in the embedded log’s file survive a restart', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'weir-'));
  const file = join(folder, 'log.db');
  const scope = { service: 'toy', partition: 0 };
  const before = createEmbeddedLog({ file });
  const views = createSqliteViews(before.database);
  await views.put(scope, [{ key: 'alert/1', json: '{"n":1}' }]);
  await before.close();
  const after = createEmbeddedLog({ file });
  const again = createSqliteViews(after.database);
  await again.replace(scope, [{ key: 'model/a', json: '2' }]);
  expect(await again.list('toy', { prefix: '', limit: 9 })).toEqual([
    { key: 'alert/1', json: '{"n":1}' },
    { key: 'model/a', json: '2' },
  ]);
  await after.close();
  rmSync(folder, { recursive: true });
});

test('a failed change in SQLite leaves nothing of itself', async () => {
  const views = createSqliteViews(new DatabaseSync(':memory:'));
  const scope = { service: 'toy', partition: 0 };
  const torn = [
    { key: 'a', json: '1' },
    { key: 'b', json: Symbol('no text') as never },
  ];
  await expect(views.put(scope, torn)).rejects.toThrow(/cannot be bound/);
  expect(await views.list('toy', { prefix: '', limit: 9 })).toEqual([]);
  expect(await views.put(scope, [{ key: 'a', json: '1' }])).toBe('kept');
});

test('views of a released partition are gone, its histories too; those of others stay', async () => {
  const views = createMemoryViews();
  await views.put({ service: 'toy', partition: 0 }, [
    { key: 'model/a', json: '1' },
    { key: 'alert/1', json: '2' },
  ]);
  await views.put({ service: 'toy', partition: 1 }, [{ key: 'model/b', json: '3' }]);
  await views.release?.({ service: 'toy', partition: 0 });
  expect(await views.list('toy', { prefix: '', limit: 9 })).toEqual([{ key: 'model/b', json: '3' }]);
});
