import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createEmbeddedLog } from '@weir/event-log/embedded/log';
import { expect, test } from 'vitest';
import { createMemoryViews } from '../src/views/memory.ts';
import { createResilientViews } from '../src/views/resilient.ts';
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

test('a server that is away holds nothing up, and is made good when it answers', async () => {
  const inner = createMemoryViews();
  let up = true;
  const faults: unknown[] = [];
  const failing = {
    ...inner,
    put: (...args: Parameters<typeof inner.put>) => (up ? inner.put(...args) : Promise.reject(new Error('away'))),
    replace: (...args: Parameters<typeof inner.replace>) =>
      up ? inner.replace(...args) : Promise.reject(new Error('away')),
  };
  const views = createResilientViews(failing, { isUp: () => up, onFault: (error) => void faults.push(error) });
  const scope = { service: 'toy', partition: 0 };
  up = false;
  expect(await views.put(scope, [{ key: 'a', json: '1' }])).toBe('kept');
  expect(await views.put(scope, [{ key: 'b', json: '1' }])).toBe('kept');
  expect({ faults: faults.length, behind: views.behind }).toEqual({ faults: 1, behind: 1 });
  await views.replace(scope, []);
  expect({ faults: faults.length, behind: views.behind }).toEqual({ faults: 2, behind: 1 });
  up = true;
  expect(await views.put(scope, [{ key: 'c', json: '1' }])).toBe('lost');
  await views.replace(scope, [{ key: 'a', json: '1' }]);
  expect(views.behind).toBe(0);
  expect(await views.put(scope, [{ key: 'c', json: '1' }])).toBe('kept');
  expect(await views.get('toy', 'c')).toBe('1');
});
