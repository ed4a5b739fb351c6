/** Entries and tiles of a bundle, as a verifier reads them: each tile compared with hashes that were computed from the entries. */

import { nodeReader, type ReadFile } from './bundle.ts';
import { equalBytes } from './bytes.ts';
import type { NodeReader } from './proof.ts';
import { TamperError } from './tampering.ts';
import { BundleReader, HASH_LENGTH, partialTilesOf, TILE_WIDTH, tileHolds, tilePath, tileWidth } from './tiles.ts';
import type { TreeHasher } from './tree.ts';

export class BundleTiles {
  readonly #read: ReadFile;
  readonly #total: number;
  /** The tile read last, per level. */
  readonly #tiles: { index: number; bytes: Uint8Array }[] = [];

  /** @param total leaves of the tree whose files these are */
  constructor(read: ReadFile, total: number) {
    this.#read = read;
    this.#total = total;
  }

  /** @throws TamperError when the bundle of entries is missing */
  entries(index: number): BundleReader {
    const name = tilePath({ level: 'entries', index, width: tileWidth(this.#total, 'entries', index) });
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
   * The partial files of an earlier checkpoint may still be in the bundle: what they hold must have stayed.
   * @param reader of the bundle that the last of `size` entries was read from
   * @throws TamperError
   */
  checkPartials(size: number, reader: BundleReader): void {
    for (const tile of partialTilesOf(size)) {
      const { level, index, width } = tile;
      const bytes = width === tileWidth(this.#total, level, index) ? undefined : this.#read(tilePath(tile));
      if (bytes === undefined) continue;
      const isEntries = level === 'entries';
      const whole = isEntries ? reader.taken : this.#tile(level, index * TILE_WIDTH).subarray(0, width * HASH_LENGTH);
      if (equalBytes(bytes, whole)) continue;
      const place = isEntries ? entryAt(whole, bytes) : Math.floor(firstDifference(whole, bytes) / HASH_LENGTH);
      const detail = `${tilePath(tile)} differs from what follows it, at place ${place}`;
      const isLeaf = isEntries || level === 0;
      throw new TamperError({ reason: 'tile', detail, ...(isLeaf ? { index: index * TILE_WIDTH + place } : {}) });
    }
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
