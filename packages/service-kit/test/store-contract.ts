/** What every snapshot store promises. */
import { describe, expect, test } from 'vitest';
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
