/** The durable order: what a crash at any call leaves, and what is never signed. */
import { equalBytes } from '@weir/ledger/bytes';
import { parseCheckpoint } from '@weir/ledger/checkpoint';
import { sha256, verifiers } from '@weir/ledger/node-crypto';
import { parseNote } from '@weir/ledger/note';
import { UnfinishedError } from '@weir/ledger/tampering';
import { Frontier } from '@weir/ledger/tree';
import { verifyLog } from '@weir/ledger/verify';
import { describe, expect, test } from 'vitest';
import { writerOn } from '../src/durable-files.ts';
import { keptCheckpoints } from '../src/kept-checkpoints.ts';
import { LogFolder } from '../src/log-folder.ts';
import { originOf, trustOf } from '../src/log-trust.ts';
import { hasher } from '../src/state.ts';
import { decodeRequest, encodeRequest, type StoreRequest } from '../src/store-request.ts';
import { CONFIG, KEYS, newAuthor } from './scene.ts';
import { Crash, SimulatedDisk } from './simulated-disk.ts';

const ORIGIN = originOf(CONFIG, 0);
const TRUST = trustOf(CONFIG, 0);
const author = newAuthor();
const ENTRIES = Array.from({ length: 520 }, (_, index) =>
  author.write(`m${index % 3}`, 'weights-set', { time: index }),
);
/** Sizes of the requests: within a bundle, across one, exactly full, and over several. */
const SIZES = [1, 3, 256, 258, 520];

function rootOf(entries: readonly Uint8Array[]): Uint8Array {
  const frontier = new Frontier(hasher);
  for (const entry of entries) frontier.append(hasher.leaf(entry));
  return frontier.root();
}

function request(first: number, size: number, entries: readonly Uint8Array[] = ENTRIES): StoreRequest {
  const root = rootOf(entries.slice(0, size));
  return { partition: 0, origin: ORIGIN, size, root, first, entries: entries.slice(first, size) };
}

function folderOn(disk: SimulatedDisk): LogFolder {
  return new LogFolder(disk, writerOn(disk), TRUST, KEYS.signersFor(ORIGIN));
}

/** As `weir verify` does. @returns leaves of the newest checkpoint */
function verified(disk: SimulatedDisk, mode: 'full' | 'structure' = 'structure'): number {
  const files = { names: () => disk.names(), read: (name: string) => disk.read(name) };
  return verifyLog({ files, trust: TRUST, sha256, verifiers, mode }).checkpoint.size;
}

/** Between two steps of a write: what is signed is sound, and the verifier says so where readers are not shown all of it yet. */
function verifiedMeanwhile(disk: SimulatedDisk): number {
  try {
    return verified(disk);
  } catch (error) {
    if (error instanceof UnfinishedError) return error.size;
    throw error;
  }
}

/** Before the first checkpoint is shown there is no bundle. */
const isShown = (disk: SimulatedDisk): boolean =>
  disk.read('manifest.json') !== undefined && disk.read('checkpoint') !== undefined;

const REQUESTS = SIZES.map((size, at) => request(SIZES[at - 1] ?? 0, size));

/** Requests one after another, each after the one before; every one again after a crash. */
async function storeAll(disk: SimulatedDisk, onCrash: () => void): Promise<readonly string[]> {
  const notes: string[] = [];
  let folder = folderOn(disk);
  for (const asked of REQUESTS) {
    for (;;) {
      try {
        notes.push((await folder.store(asked, 0)).note);
        break;
      } catch (error) {
        if (!(error instanceof Crash)) throw error;
        onCrash();
        folder = folderOn(disk);
      }
    }
  }
  return notes;
}

test('a request and its bytes say the same', () => {
  const asked = request(3, 250);
  const { entries, root, ...rest } = decodeRequest(encodeRequest(asked));
  expect(rest).toEqual({ partition: 0, origin: ORIGIN, size: 250, first: 3 });
  expect(Buffer.concat(entries)).toEqual(Buffer.concat(asked.entries));
  expect(equalBytes(root, asked.root)).toBe(true);
});

describe('a crash at every call of the durable order', async () => {
  const calm = new SimulatedDisk();
  const expected = await storeAll(calm, () => {});
  const calls = calm.calls;

  test('the calm run verifies, and there are calls to crash at', () => {
    expect(verified(calm, 'full')).toBe(520);
    expect(calls).toBeGreaterThan(80);
  });

  test.each([false, true])(
    'the same notes follow, and what was signed stays signed (names survive: %s)',
    async (keepsNames) => {
      for (let crashAt = 1; crashAt <= calls; crashAt += 1) {
        const disk = new SimulatedDisk();
        disk.crashAt = crashAt;
        const crashed = { size: -1 };
        const notes = await storeAll(disk, () => {
          disk.loseUnsynced(keepsNames);
          // A reader at this moment finds a whole log, or none yet.
          crashed.size = isShown(disk) ? verifiedMeanwhile(disk) : 0;
        });
        expect(crashed.size).toBeGreaterThanOrEqual(0);
        expect(notes).toEqual(expected);
        expect(verified(disk)).toBe(520);
      }
    },
  );
});

test('a disk that is full at some call, and has room again, gives the same notes without a restart', async () => {
  const calm = new SimulatedDisk();
  const expected = await storeAll(calm, () => {});
  for (let fullAt = 1; fullAt <= calm.calls; fullAt += 2) {
    const disk = new SimulatedDisk();
    disk.fullAt = fullAt;
    const folder = folderOn(disk);
    const notes: string[] = [];
    const faults: string[] = [];
    for (const asked of REQUESTS) {
      const tried = await folder.store(asked, 0).catch((error: Error) => error);
      if (tried instanceof Error) faults.push(tried.message);
      disk.fullAt = tried instanceof Error ? Number.POSITIVE_INFINITY : fullAt;
      // A reader finds a whole log while there is no room, too.
      const seen = tried instanceof Error && isShown(disk) ? verifiedMeanwhile(disk) : 0;
      expect([0, ...SIZES]).toContain(seen);
      notes.push(tried instanceof Error ? (await folder.store(asked, 0)).note : tried.note);
      if (faults.length > 0) disk.fullAt = Number.POSITIVE_INFINITY;
    }
    expect(faults).toEqual(['ENOSPC: no space left on device, write']);
    expect(notes).toEqual(expected);
    expect(verified(disk)).toBe(520);
  }
});

test('what was half written when the process began is written again; a torn file that was durable is refused by its name', async () => {
  const disk = new SimulatedDisk();
  await folderOn(disk).store(request(0, 300), 0);
  const half = (name: string): void => disk.put(name, (disk.read(name) as Uint8Array).slice(0, 20));
  for (const name of ['tile/entries/001.p/54.new', 'checkpoints/310.new', 'manifest.json.new'])
    disk.put(name, Buffer.from('half'));
  half('checkpoint');
  half('manifest.json');
  await folderOn(disk).store(request(300, 310), 0);
  expect(verified(disk)).toBe(310);
  half('checkpoints/310');
  await expect(folderOn(disk).store(request(310, 320), 0)).rejects.toThrow(/checkpoints\/310/);
  disk.put('checkpoints/310', disk.read('checkpoint') as Uint8Array);
  half('tile/entries/001.p/54');
  await expect(folderOn(disk).store(request(310, 320), 0)).rejects.toThrow(
    /tile\/entries\/001\.p\/54|last bundle .* is torn/,
  );
});

describe('never a checkpoint that contradicts one that was signed', () => {
  const other = newAuthor();
  const OTHERS = Array.from({ length: 320 }, (_, index) => other.write('x', 'weights-set', { time: index }));

  test('a tree that does not extend the last one is refused, naming both sizes, also after a restart', async () => {
    const disk = new SimulatedDisk();
    await folderOn(disk).store(request(0, 300), 0);
    const forked = [...ENTRIES.slice(0, 299), ...OTHERS.slice(299)];
    await expect(folderOn(disk).store(request(0, 310, forked), 0)).rejects.toThrow(/300 .* 310/);
    await expect(folderOn(disk).store(request(300, 310, forked), 0)).rejects.toThrow(/300 .* 310/);
    expect(verified(disk)).toBe(300);
  });

  test('a topic that was cut off and goes on otherwise is refused, naming both sizes', async () => {
    const disk = new SimulatedDisk();
    await folderOn(disk).store(request(0, 300), 0);
    const cut = [...ENTRIES.slice(0, 200), ...OTHERS];
    await expect(folderOn(disk).store(request(0, 201, cut), 0)).rejects.toThrow(/300 .* 201/);
    expect(verified(disk)).toBe(300);
  });

  test('a part of what was signed is confirmed, and gets no new signature', async () => {
    const disk = new SimulatedDisk();
    const folder = folderOn(disk);
    await folder.store(request(0, 300), 0);
    expect(await folder.store(request(0, 200), 0)).toEqual({ note: '', signed: 300 });
    expect(disk.list('checkpoints')).toEqual(['300']);
    expect(await folder.store(request(0, 300), 0)).toMatchObject({ signed: 300 });
  });

  test('changed tiles, a changed checkpoint and a gap are refused', async () => {
    const disk = new SimulatedDisk();
    await folderOn(disk).store(request(0, 300), 0);
    await expect(folderOn(disk).store(request(301, 310), 0)).rejects.toThrow(/holds 300 entries .* after 301/);
    const tile = 'tile/0/001.p/44';
    const bytes = disk.read(tile) as Uint8Array;
    disk.put(
      tile,
      bytes.map((byte, at) => (at === 5 ? byte ^ 1 : byte)),
    );
    await expect(folderOn(disk).store(request(300, 310), 0)).rejects.toThrow('another root');
    disk.put(tile, bytes);
    const note = disk.read('checkpoints/300') as Uint8Array;
    disk.put(
      'checkpoints/300',
      note.map((byte, at) => (at === 25 ? byte ^ 1 : byte)),
    );
    await expect(folderOn(disk).store(request(300, 310), 0)).rejects.toThrow('does not verify');
    expect(disk.list('checkpoints')).toEqual(['300']);
  });
});

test('the folder keeps the newest checkpoints and one of each earlier block', async () => {
  const sizes = Array.from({ length: 300 }, (_, index) => (index + 1) * 100);
  const kept = keptCheckpoints(sizes);
  expect(kept.slice(-64)).toEqual(sizes.slice(-64));
  expect(kept.slice(0, 5)).toEqual([4_000, 8_100, 12_200, 16_300, 20_400]);
  const disk = new SimulatedDisk();
  const folder = folderOn(disk);
  for (let size = 1; size <= 80; size += 1) await folder.store(request(size - 1, size), 0);
  expect(disk.list('checkpoints')).toHaveLength(64);
  expect(verified(disk)).toBe(80);
});

test('a second folder gives the same checkpoint, whatever the requests were', async () => {
  const one = new SimulatedDisk();
  const two = new SimulatedDisk();
  await storeAll(one, () => {});
  await folderOn(two).store(request(0, 520), 0);
  const [a, b] = [one, two].map((disk) => disk.read('checkpoint') as Uint8Array);
  expect(equalBytes(a as Uint8Array, b as Uint8Array)).toBe(true);
  expect(parseCheckpoint(parseNote(a as Uint8Array).text).size).toBe(520);
  expect(one.names().filter((name) => name.endsWith('.p/3'))).toEqual([]);
});
