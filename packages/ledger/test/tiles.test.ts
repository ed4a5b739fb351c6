import { expect, test } from 'vitest';
import { BundleWriter, nodeReader } from '../src/bundle.ts';
import { toHex, utf8 } from '../src/bytes.ts';
import { sha256 } from '../src/node-crypto.ts';
import { consistencyProof, inclusionProof, verifyConsistency, verifyInclusion } from '../src/proof.ts';
import { BundleReader, bundlesOf, frameEntry, parseTilePath, tilePath, tilesOf } from '../src/tiles.ts';
import { Frontier, TreeHasher } from '../src/tree.ts';

const hasher = new TreeHasher(sha256);
const entry = (index: number): Uint8Array => utf8(`entry ${index}`);

test('names are those of tlog-tiles', () => {
  expect(tilePath({ level: 0, index: 1_234_067, width: 256 })).toBe('tile/0/x001/x234/067');
  expect(tilePath({ level: 63, index: 0, width: 1 })).toBe('tile/63/000.p/1');
  expect(tilePath({ level: 'entries', index: 1_000, width: 255 })).toBe('tile/entries/x001/000.p/255');
  for (const path of ['tile/0/x001/x234/067', 'tile/1/000.p/255', 'tile/entries/x001/000'])
    expect(tilePath(parseTilePath(path) as never)).toBe(path);
  for (const path of [
    'tile/0/000.p/0',
    'tile/0/000.p/256',
    'tile/00/000',
    'tile/0/x000/001',
    'tile/0/1',
    'tile/0/000.p/01',
    'checkpoint',
  ])
    expect(parseTilePath(path)).toBeUndefined();
});

test('a tree of 70,000 leaves is 273 full tiles and one of 112, one full and one of 17, one of 1', () => {
  const tiles = tilesOf(70_000);
  const widths = (level: number): number[] => tiles.filter((tile) => tile.level === level).map(({ width }) => width);
  expect(widths(0)).toEqual([...Array.from({ length: 273 }, () => 256), 112]);
  expect(widths(1)).toEqual([256, 17]);
  expect(widths(2)).toEqual([1]);
  expect(tiles).toHaveLength(277);
  expect(bundlesOf(70_000)).toHaveLength(274);
  expect(tilesOf(256).map(tilePath)).toEqual(['tile/0/000', 'tile/1/000.p/1']);
  expect(tilesOf(0)).toEqual([]);
});

test('the writer gives exactly the tiles of its tree, and they give its root and proofs', { timeout: 30_000 }, () => {
  const writer = new BundleWriter(hasher);
  const frontier = new Frontier(hasher);
  const roots = new Map<number, Uint8Array>();
  for (let index = 0; index < 70_000; index += 1) {
    writer.append(entry(index));
    frontier.append(hasher.leaf(entry(index)));
    if (index === 65_535 || index === 299) roots.set(index + 1, frontier.root());
  }
  const files = writer.take();
  expect([...files.keys()].toSorted()).toEqual([...tilesOf(70_000), ...bundlesOf(70_000)].map(tilePath).toSorted());
  expect(toHex(writer.root())).toBe(toHex(frontier.root()));
  const node = nodeReader(
    hasher,
    70_000,
    (level, width, index) => files.get(tilePath({ level, width, index })) as Uint8Array,
  );
  for (const index of [0, 1, 255, 256, 65_535, 65_536, 69_887, 69_888, 69_999]) {
    const proof = inclusionProof(hasher, node, index, 70_000);
    expect(verifyInclusion(hasher, index, 70_000, hasher.leaf(entry(index)), proof, writer.root())).toBe(true);
  }
  for (const [size, root] of roots) {
    const proof = consistencyProof(hasher, node, size, 70_000);
    expect(verifyConsistency(hasher, size, 70_000, root, writer.root(), proof)).toBe(true);
  }
});

test('a writer that resumes from files writes the same files as one that never stopped', () => {
  for (const stop of [1, 2, 255, 256, 257, 511, 512, 700]) {
    const whole = new BundleWriter(hasher);
    const store = new Map<string, Uint8Array>();
    let cut = new BundleWriter(hasher);
    for (let index = 0; index < 1_025; index += 1) {
      whole.append(entry(index));
      cut.append(entry(index));
      if (index + 1 !== stop) continue;
      for (const [name, bytes] of cut.take()) store.set(name, bytes);
      cut = BundleWriter.resume(hasher, stop, (name) => store.get(name));
    }
    for (const [name, bytes] of cut.take()) store.set(name, bytes);
    expect(toHex(cut.root())).toBe(toHex(whole.root()));
    for (const [name, bytes] of whole.take()) expect(toHex(store.get(name) as Uint8Array)).toBe(toHex(bytes));
  }
});

test('a writer does not resume from torn files', () => {
  const writer = new BundleWriter(hasher);
  for (let index = 0; index < 300; index += 1) writer.append(entry(index));
  const files = writer.take();
  const without = (name: string) => (asked: string) => (asked === name ? undefined : files.get(asked));
  expect(() => BundleWriter.resume(hasher, 300, without('tile/0/001.p/44'))).toThrow(
    'tile/0/001.p/44 of the tree of 300 leaves is missing',
  );
  const torn = new Map(files).set(
    'tile/entries/001.p/44',
    (files.get('tile/entries/001.p/44') as Uint8Array).subarray(0, -1),
  );
  expect(() => BundleWriter.resume(hasher, 300, (name) => torn.get(name))).toThrow(
    'the last bundle of the tree of 300 leaves is torn',
  );
});

test('bundles are read entry by entry, and a torn one says so', () => {
  const reader = new BundleReader(
    Buffer.concat([frameEntry(utf8('a')), frameEntry(new Uint8Array(0)), frameEntry(utf8('bc')).subarray(0, 3)]),
  );
  expect([reader.next()?.length, reader.next()?.length, reader.next()]).toEqual([1, 0, undefined]);
  expect(reader.left).toBe(3);
  expect(frameEntry(new Uint8Array(65_535)).length).toBe(65_537);
  expect(() => frameEntry(new Uint8Array(65_536))).toThrow('does not fit');
});
