/** Entries and tiles of a bundle, as a verifier reads them: each tile compared with hashes that were computed from the entries. */

import { nodeReader, type ReadFile } from './bundle.ts';
import { equalBytes } from './bytes.ts';
import type { NodeReader } from './proof.ts';
import { TamperError } from './tampering.ts';
import { BundleReader, HASH_LENGTH, TILE_WIDTH, type Tile, tileHolds, tilePath, tileWidth } from './tiles.ts';
import type { TreeHasher } from './tree.ts';

export class BundleTiles {
  readonly #read: ReadFile;
  readonly #total: number;
  /** The tile read last, per level. */
  readonly #tiles: { index: number; bytes: Uint8Array }[] = [];
  /** Partial files that smaller trees have left behind, by the tile they are the beginning of. */
  readonly #partials: Map<string, Tile[]> = new Map();
  /** The first file that no leaf of the tree belongs in. */
  readonly beyond: Tile | undefined;

  /**
   * @param total leaves of the tree whose files these are
   * @param tiles all that lie in the bundle
   */
  constructor(read: ReadFile, total: number, tiles: readonly Tile[]) {
    this.#read = read;
    this.#total = total;
    for (const tile of tiles) {
      const { level, index, width } = tile;
      const due = tileWidth(total, level, index);
      if (width > due) this.beyond ??= tile;
      if (width >= due) continue;
      const key = keyOf(level, index);
      const partials = this.#partials.get(key);
      if (partials === undefined) this.#partials.set(key, [tile]);
      else partials.push(tile);
    }
  }

  /** The file of a bundle of entries. */
  nameOfEntries(index: number): string {
    return tilePath({ level: 'entries', index, width: tileWidth(this.#total, 'entries', index) });
  }

  /** @throws TamperError when the bundle of entries is missing */
  entries(index: number): BundleReader {
    const name = this.nameOfEntries(index);
    const bytes = this.#read(name);
    if (bytes !== undefined) return new BundleReader(bytes);
    throw new TamperError({ reason: 'missing', detail: `${name} is not in the bundle`, index: index * TILE_WIDTH });
  }

  /** Why the tile that holds this node of the tree differs; undefined when it agrees, or when no tile holds nodes of this height. */
  fault(height: number, at: number, hash: Uint8Array): string | undefined {
    if (height % 8 !== 0 || tileHolds(this.#tile(height / 8, at), at % TILE_WIDTH, hash)) return undefined;
    return `${this.#nameOf(height / 8, at)} has another hash at place ${at % TILE_WIDTH}`;
  }

  /**
   * The partial files of smaller trees may still be in the bundle: what they hold must have stayed. Those of a bundle of entries and of the
   * tile of their leaves.
   * @param reader of that bundle, at its end
   * @throws TamperError
   */
  checkPartials(index: number, reader: BundleReader): void {
    for (const partial of this.#takePartials('entries', index)) {
      const bundle = new BundleReader(reader.taken);
      for (let read = 0; read < partial.width; read += 1) bundle.next();
      this.#checkPartial(partial, bundle.taken);
    }
    for (const partial of this.#takePartials(0, index)) this.#checkPartialTile(partial);
  }

  /** Of the tiles above, when their hashes were compared. @throws TamperError */
  checkUpperPartials(): void {
    for (const partials of this.#partials.values())
      for (const partial of partials)
        if (partial.level !== 'entries' && partial.level > 0) this.#checkPartialTile(partial);
  }

  #takePartials(level: number | 'entries', index: number): readonly Tile[] {
    const key = keyOf(level, index);
    const partials = this.#partials.get(key) ?? [];
    this.#partials.delete(key);
    return partials;
  }

  #checkPartialTile(partial: Tile): void {
    const tile = this.#tile(partial.level as number, partial.index * TILE_WIDTH);
    this.#checkPartial(partial, tile.subarray(0, partial.width * HASH_LENGTH));
  }

  #checkPartial(partial: Tile, whole: Uint8Array): void {
    const bytes = this.#read(tilePath(partial));
    if (bytes === undefined || equalBytes(bytes, whole)) return;
    const { level, index } = partial;
    const isEntries = level === 'entries';
    const place = isEntries ? entryAt(whole, bytes) : Math.floor(firstDifference(whole, bytes) / HASH_LENGTH);
    const detail = `${tilePath(partial)} differs from what follows it, at place ${place}`;
    const isLeaf = isEntries || level === 0;
    throw new TamperError({ reason: 'tile', detail, ...(isLeaf ? { index: index * TILE_WIDTH + place } : {}) });
  }

  /** Nodes of the tree as the tiles have them, for proofs. */
  nodes(hasher: TreeHasher): NodeReader {
    return nodeReader(hasher, this.#total, (level, _, index) => this.#tile(level as number, index * TILE_WIDTH));
  }

  #nameOf(level: number, at: number): string {
    const index = Math.floor(at / TILE_WIDTH);
    return tilePath({ level, index, width: tileWidth(this.#total, level, index) });
  }

  /** The tile with the hash `at` of its level. */
  #tile(level: number, at: number): Uint8Array {
    const index = Math.floor(at / TILE_WIDTH);
    const held = this.#tiles[level];
    if (held?.index === index) return held.bytes;
    const name = this.#nameOf(level, at);
    const bytes = this.#read(name);
    if (bytes === undefined) throw new TamperError({ reason: 'missing', detail: `${name} is not in the bundle` });
    if (bytes.length !== tileWidth(this.#total, level, index) * HASH_LENGTH)
      throw new TamperError({ reason: 'tile', detail: `${name} has ${bytes.length} bytes` });
    this.#tiles[level] = { index, bytes };
    return bytes;
  }
}

function keyOf(level: number | 'entries', index: number): string {
  return `${level}/${index}`;
}

function firstDifference(a: Uint8Array, b: Uint8Array): number {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at += 1;
  return at;
}

/** Place of the entry in which the other bytes begin to differ from a bundle. */
function entryAt(bundle: Uint8Array, other: Uint8Array): number {
  const at = firstDifference(bundle, other);
  const reader = new BundleReader(bundle);
  let place = 0;
  while (reader.next() !== undefined && reader.taken.length <= at) place += 1;
  return place;
}
