/** What every checkpoint store promises. */
import { describe, expect, test } from 'vitest';
import type { CheckpointHead, CheckpointStore, KeyRecord } from '../src/checkpoints/store.ts';
import { all } from '../src/testing/all.ts';

function head(generation: bigint, writtenMs = 0): CheckpointHead {
  const owner = { build: 'b', config: '{}' };
  return {
    generation,
    seq: Number(generation),
    clockMs: 5,
    positions: { predictions: '7' },
    outputs: {},
    owner,
    writtenMs,
  };
}

function records(content: Readonly<Record<string, string | null>>): readonly KeyRecord[] {
  return Object.entries(content).map(([key, text]) => ({
    key,
    stateVersion: 3,
    bytes: text === null ? null : Buffer.from(text),
  }));
}

export function checkpointStoreContract(name: string, open: () => CheckpointStore): void {
  describe(`checkpoints in ${name}`, () => {
    const contentOf = async (store: CheckpointStore, task: string, generation: bigint): Promise<object> =>
      Object.fromEntries(
        (await all(store.keys(task, generation)))
          .map(({ key, bytes }): [string, string] => [key, Buffer.from(bytes ?? []).toString()])
          .sort(([a], [b]) => (a < b ? -1 : 1)),
      );
    const generationsOf = async (store: CheckpointStore, task: string): Promise<readonly bigint[]> =>
      (await store.generations(task)).map(({ generation }) => generation);

    test('has none at first', async () => {
      expect(await open().generations('none')).toEqual([]);
      expect(await open().wholeSnapshot('none')).toBeUndefined();
    });

    test('gives back what was saved, all byte values and colons in keys included', async () => {
      const store = open();
      const bytes = Buffer.from(Array.from({ length: 1_000 }, (_, index) => index & 0xff));
      const saved = head(9_007_199_254_740_000n, 12);
      expect(await store.save('bytes', saved, [{ key: 'a:b:é', stateVersion: 7, bytes }])).toBe('saved');
      expect(await store.generations('bytes')).toEqual([saved]);
      const [found] = await all(store.keys('bytes', 9_007_199_254_740_000n));
      expect(found).toMatchObject({ key: 'a:b:é', stateVersion: 7 });
      expect(Buffer.from(found?.bytes ?? []).equals(bytes)).toBe(true);
    });

    test('gives back more keys than one look reads', async () => {
      const store = open();
      const many = Object.fromEntries(Array.from({ length: 1_201 }, (_, index) => [`k${index}`, `${index}`]));
      await store.save('many', head(10n), records(many));
      expect(await contentOf(store, 'many', 10n)).toEqual(many);
      await store.save('many', head(20n), records({ k7: null, k500: 'later' }));
      const { k7: _, ...left } = many;
      expect(await contentOf(store, 'many', 20n)).toEqual({ ...left, k500: 'later' });
    });

    test('a generation is what was saved up to it: changed, kept and forgotten keys', async () => {
      const store = open();
      await store.save('steps', head(10n), records({ a: 'a1', b: 'b1', c: 'c1' }));
      await store.save('steps', head(20n), records({ b: 'b2', c: null }));
      await store.save('steps', head(30n), records({ d: 'd3' }));
      expect(await contentOf(store, 'steps', 10n)).toEqual({ a: 'a1', b: 'b1', c: 'c1' });
      expect(await contentOf(store, 'steps', 20n)).toEqual({ a: 'a1', b: 'b2' });
      expect(await contentOf(store, 'steps', 30n)).toEqual({ a: 'a1', b: 'b2', d: 'd3' });
    });

    test('refuses a generation that is older than the newest, and takes the newest again', async () => {
      const store = open();
      await store.save('fence', head(10n), records({ a: 'new' }));
      expect(await store.save('fence', head(9n), records({ a: 'late owner' }))).toBe('stale');
      expect(await contentOf(store, 'fence', 10n)).toEqual({ a: 'new' });
      expect(await store.save('fence', head(10n), records({ a: 'again' }))).toBe('saved');
      expect(await generationsOf(store, 'fence')).toEqual([10n]);
      expect(await contentOf(store, 'fence', 10n)).toEqual({ a: 'again' });
    });

    test('keeps what the kept generations are made of, and nothing else', async () => {
      const store = open();
      for (let at = 1n; at <= 6n; at += 1n)
        await store.save('prune', head(at), records({ busy: `busy${at}`, ...(at === 2n ? { idle: 'idle2' } : {}) }));
      await store.prune('prune', [3n, 6n]);
      expect(await generationsOf(store, 'prune')).toEqual([3n, 6n]);
      expect(await contentOf(store, 'prune', 3n)).toEqual({ busy: 'busy3', idle: 'idle2' });
      expect(await contentOf(store, 'prune', 6n)).toEqual({ busy: 'busy6', idle: 'idle2' });
      await store.prune('prune', [6n]);
      expect(await contentOf(store, 'prune', 6n)).toEqual({ busy: 'busy6', idle: 'idle2' });
    });

    test('keeps tasks apart', async () => {
      const store = open();
      await store.save('left', head(9n), records({ a: 'left' }));
      expect(await store.save('right', head(1n), records({ a: 'right' }))).toBe('saved');
      await store.prune('right', []);
      expect(await contentOf(store, 'left', 9n)).toEqual({ a: 'left' });
    });
  });
}
