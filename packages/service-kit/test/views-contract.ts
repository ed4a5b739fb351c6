/** What every store of read views promises. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createMemoryViews } from '../src/views/memory.ts';
import { HISTORY_PREFIXES, isHistory, type ReadViews, type ViewEntry } from '../src/views/read-views.ts';

const KEYS = ['model/a', 'model/b', 'model/é', 'window/a/1', 'alert/1', 'alert/2', 'alert/3', 'resolution/1'];

export function readViewsContract(name: string, open: (maxHistory: number) => ReadViews): void {
  const one = { service: 'one', partition: 0 };
  const json = (keys: readonly string[]): { key: string; json: string }[] =>
    keys.map((key) => ({ key, json: `"${key}"` }));
  const keysOf = (entries: readonly ViewEntry[]): string[] => entries.map(({ key }) => key);

  describe(`read views in ${name}`, () => {
    test('gives, replaces and removes entries, of each service its own', async () => {
      const views = open(10);
      expect(await views.get('one', 'model/x')).toBeUndefined();
      await views.put(one, json(['model/x', 'model/y']));
      await views.put(one, [
        { key: 'model/x', json: '{"n":2}' },
        { key: 'model/y', json: null },
      ]);
      expect(await views.get('one', 'model/x')).toBe('{"n":2}');
      expect(await views.get('one', 'model/y')).toBeUndefined();
      expect(keysOf(await views.list('one', { prefix: 'model/', limit: 9 }))).toEqual(['model/x']);
      expect(await views.get('another', 'model/x')).toBeUndefined();
    });

    test('pages upwards and downwards within a prefix', async () => {
      const views = open(10);
      await views.put({ service: 'pages', partition: 0 }, json(['m/c', 'm/a', 'n/a', 'm/b', 'l/z', 'm/déjà']));
      const list = async (after: string | undefined, limit: number, newestFirst = false): Promise<string[]> =>
        keysOf(
          await views.list('pages', { prefix: 'm/', limit, newestFirst, ...(after === undefined ? {} : { after }) }),
        );
      expect(await list(undefined, 2)).toEqual(['m/a', 'm/b']);
      expect(await list('m/b', 2)).toEqual(['m/c', 'm/déjà']);
      expect(await list('m/déjà', 2)).toEqual([]);
      expect(await list(undefined, 2, true)).toEqual(['m/déjà', 'm/c']);
      expect(await list('m/c', 5, true)).toEqual(['m/b', 'm/a']);
      expect(await list('m/a', 5, true)).toEqual([]);
    });

    test('goes on after a key that was removed, in both directions', async () => {
      const views = open(10);
      await views.put({ service: 'removed', partition: 0 }, json(['m/a', 'm/c']));
      const options = { prefix: 'm/', after: 'm/b', limit: 5 };
      expect(keysOf(await views.list('removed', options))).toEqual(['m/c']);
      expect(keysOf(await views.list('removed', { ...options, newestFirst: true }))).toEqual(['m/a']);
    });

    test('replaces the entries of one partition, and no history', async () => {
      const views = open(10);
      const first = { service: 'scoped', partition: 0 };
      const second = { service: 'scoped', partition: 1 };
      await views.put(first, json(['model/a', 'model/b', 'alert/1', 'resolution/1']));
      await views.put(second, json(['model/c', 'alert/2']));
      await views.replace(first, json(['model/b', 'model/d', 'alert/3']));
      expect(keysOf(await views.list('scoped', { prefix: '', limit: 99 }))).toEqual([
        'alert/1',
        'alert/2',
        'alert/3',
        'model/b',
        'model/c',
        'model/d',
        'resolution/1',
      ]);
      await views.replace(second, []);
      expect(keysOf(await views.list('scoped', { prefix: 'model/', limit: 99 }))).toEqual(['model/b', 'model/d']);
    });

    test('keeps the newest of each history and everything else', async () => {
      const views = open(3);
      const scope = { service: 'history', partition: 0 };
      await views.put(scope, json(['model/x']));
      for (const prefix of HISTORY_PREFIXES) {
        for (let at = 0; at < 7; at += 1) await views.put({ ...scope, partition: at % 2 }, json([`${prefix}${at}`]));
        const kept = keysOf(await views.list('history', { prefix, limit: 9 }));
        expect(kept).toEqual([4, 5, 6].map((at) => `${prefix}${at}`));
      }
      await views.put(scope, json(Array.from({ length: 9 }, (_, at) => `alert/a${at}`)));
      expect(keysOf(await views.list('history', { prefix: 'alert/', limit: 9 }))).toEqual([
        'alert/a6',
        'alert/a7',
        'alert/a8',
      ]);
      expect(await views.get('history', 'model/x')).toBe('"model/x"');
    });

    test('says that nothing was lost once it was told so', async () => {
      const views = open(10);
      const scope = { service: 'marked', partition: 4 };
      await views.put(scope, json(['model/a']));
      expect(await views.put(scope, json(['model/b']))).toBe('kept');
      await views.replace(scope, json(['model/a']));
      expect(await views.put(scope, [])).toBe('kept');
    });

    test('equals the views in memory, whatever is put, replaced and listed', async () => {
      let run = 0;
      const change = fc.record({ key: fc.constantFrom(...KEYS), json: fc.option(fc.constantFrom('1', '2')) });
      const step = fc.record({
        how: fc.constantFrom('put', 'replace'),
        partition: fc.nat(1),
        views: fc.array(change, { maxLength: 5 }),
      });
      const options = fc.record({
        prefix: fc.constantFrom('', 'model/', 'alert/', 'z'),
        after: fc.constantFrom(...KEYS),
        limit: fc.integer({ min: 1, max: 4 }),
        newestFirst: fc.boolean(),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 8 }), options, async (steps, { after, ...list }) => {
          const service = `random-${(run += 1)}`;
          const views = open(2);
          const expected = createMemoryViews(2);
          for (const { how, partition, views: every } of steps) {
            // A key that is no history is of one partition for ever.
            const changes = every.filter(({ key }) => isHistory(key) || KEYS.indexOf(key) % 2 === partition);
            for (const each of [views, expected]) await each[how as 'put' | 'replace']({ service, partition }, changes);
          }
          for (const asked of [list, ...(after.startsWith(list.prefix) ? [{ ...list, after }] : [])])
            expect(await views.list(service, asked)).toEqual(await expected.list(service, asked));
        }),
        { numRuns: 100, seed: 7 },
      );
    });
  });
}
