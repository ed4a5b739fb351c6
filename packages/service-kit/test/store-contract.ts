/** What every snapshot store and every read-view store promises. */
import { describe, expect, test } from 'vitest';
import { HISTORY_PREFIX, type ReadViews } from '../src/read-views.ts';
import type { Snapshot, SnapshotStore } from '../src/snapshot-store.ts';

function snapshot(epoch: bigint, journalNext: bigint, text: string): Snapshot {
  return { epoch, journalNext, stateVersion: 1, bytes: Buffer.from(text) };
}

export function snapshotStoreContract(name: string, open: () => SnapshotStore): void {
  describe(`snapshots in ${name}`, () => {
    test('has none at first', async () => {
      expect(await open().load('none')).toBeUndefined();
    });

    test('gives back what was saved, all byte values included', async () => {
      const store = open();
      const bytes = Buffer.from(Array.from({ length: 1_000 }, (_, index) => index & 0xff));
      expect(
        await store.save('bytes', { epoch: 3n, journalNext: 9_007_199_254_740_000n, stateVersion: 7, bytes }),
      ).toBe('saved');
      const found = await store.load('bytes');
      expect(found).toMatchObject({ epoch: 3n, journalNext: 9_007_199_254_740_000n, stateVersion: 7 });
      expect(Buffer.from(found?.bytes ?? []).equals(bytes)).toBe(true);
    });

    test('refuses an older owner, and an older position of the same owner', async () => {
      const store = open();
      await store.save('fence', snapshot(5n, 10n, 'new'));
      expect(await store.save('fence', snapshot(4n, 99n, 'zombie'))).toBe('stale');
      expect(await store.save('fence', snapshot(5n, 9n, 'older'))).toBe('stale');
      expect(Buffer.from((await store.load('fence'))?.bytes ?? []).toString()).toBe('new');
      expect(await store.save('fence', snapshot(5n, 10n, 'again'))).toBe('saved');
      expect(await store.save('fence', snapshot(6n, 1n, 'successor'))).toBe('saved');
      expect(Buffer.from((await store.load('fence'))?.bytes ?? []).toString()).toBe('successor');
    });

    test('keeps tasks apart', async () => {
      const store = open();
      await store.save('a', snapshot(9n, 9n, 'a'));
      expect(await store.save('b', snapshot(1n, 1n, 'b'))).toBe('saved');
      expect(Buffer.from((await store.load('a'))?.bytes ?? []).toString()).toBe('a');
    });
  });
}

export function readViewsContract(name: string, open: (maxHistory: number) => ReadViews): void {
  describe(`read views in ${name}`, () => {
    const put = (views: ReadViews, service: string, keys: readonly string[]): Promise<void> =>
      views.put(
        service,
        keys.map((key) => ({ key, json: JSON.stringify(key) })),
      );
    const keysOf = (entries: readonly { readonly key: string }[]): string[] => entries.map(({ key }) => key);

    test('gives, replaces and removes entries', async () => {
      const views = open(10);
      expect(await views.get('one', 'model/x')).toBeUndefined();
      await put(views, 'one', ['model/x', 'model/y']);
      await views.put('one', [
        { key: 'model/x', json: '{"n":2}' },
        { key: 'model/y', json: null },
      ]);
      expect(await views.get('one', 'model/x')).toBe('{"n":2}');
      expect(await views.get('one', 'model/y')).toBeUndefined();
      expect(keysOf(await views.list('one', { prefix: 'model/', limit: 9 }))).toEqual(['model/x']);
      expect(await views.get('another', 'model/x')).toBeUndefined();
    });

    test('pages forwards and backwards within a prefix', async () => {
      const views = open(10);
      await put(views, 'pages', ['m/c', 'm/a', 'n/a', 'm/b', 'l/z', 'm/d\u00e9j\u00e0']);
      const first = await views.list('pages', { prefix: 'm/', limit: 2 });
      expect(keysOf(first)).toEqual(['m/a', 'm/b']);
      expect(keysOf(await views.list('pages', { prefix: 'm/', after: 'm/b', limit: 2 }))).toEqual([
        'm/c',
        'm/d\u00e9j\u00e0',
      ]);
      expect(await views.list('pages', { prefix: 'm/', after: 'm/d\u00e9j\u00e0', limit: 2 })).toEqual([]);
      const newest = await views.list('pages', { prefix: 'm/', limit: 2, newestFirst: true });
      expect(keysOf(newest)).toEqual(['m/d\u00e9j\u00e0', 'm/c']);
      expect(keysOf(await views.list('pages', { prefix: 'm/', after: 'm/c', limit: 5, newestFirst: true }))).toEqual([
        'm/b',
        'm/a',
      ]);
    });

    test('goes on after a key that is gone', async () => {
      const views = open(10);
      await put(views, 'gone', ['m/a', 'm/c']);
      expect(keysOf(await views.list('gone', { prefix: 'm/', after: 'm/b', limit: 5 }))).toEqual(['m/c']);
    });

    test('keeps the newest of a history and everything else', async () => {
      const views = open(3);
      await put(views, 'history', ['model/x']);
      for (let at = 0; at < 7; at += 1) await put(views, 'history', [`${HISTORY_PREFIX}${at}`]);
      expect(keysOf(await views.list('history', { prefix: HISTORY_PREFIX, limit: 9 }))).toEqual(
        [4, 5, 6].map((at) => `${HISTORY_PREFIX}${at}`),
      );
      expect(await views.get('history', `${HISTORY_PREFIX}0`)).toBeUndefined();
      expect(await views.get('history', 'model/x')).toBe('"model/x"');
    });
  });
}
