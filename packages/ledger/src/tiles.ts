/** Names and contents of C2SP tlog-tiles: the tree's hashes in tiles of 256, the entries in bundles of 256. */
import { equalBytes } from './bytes.ts';
import { MAX_ENTRY_BYTES } from './entry.ts';

export const TILE_WIDTH = 256;
export const HASH_LENGTH = 32;

export interface Tile {
  /** Level of the tile: its hashes are of subtrees over 256^level leaves. `entries` for a bundle of entries. */
  readonly level: number | 'entries';
  readonly index: number;
  /** From 1 to 256; below 256 the tile is partial. */
  readonly width: number;
}

/** `tile/<L>/<N>[.p/<W>]`: N in groups of three digits, all but the last after an `x`. */
export function tilePath({ level, index, width }: Tile): string {
  const digits = String(index);
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/\d{3}/g) as string[];
  const path = groups.map((group, at) => (at === groups.length - 1 ? group : `x${group}`)).join('/');
  return `tile/${level}/${path}${width === TILE_WIDTH ? '' : `.p/${width}`}`;
}

/** The tile or bundle that tilePath gave this name. @returns undefined on any other text */
export function parseTilePath(path: string): Tile | undefined {
  const [, level, groups, width] =
    /^tile\/(entries|\d{1,2})\/((?:x\d{3}\/)*\d{3})(?:\.p\/(\d{1,3}))?$/.exec(path) ?? [];
  if (level === undefined || groups === undefined) return undefined;
  const tile: Tile = {
    level: level === 'entries' ? level : Number(level),
    index: Number(groups.replaceAll(/[x/]/g, '')),
    width: width === undefined ? TILE_WIDTH : Number(width),
  };
  return tile.width > 0 && tile.width <= TILE_WIDTH && tilePath(tile) === path ? tile : undefined;
}

/** Width of the tile at this level and index in a tree of `size` leaves: 0 when the tree does not reach it, 256 when it is full. */
export function tileWidth(size: number, level: number | 'entries', index: number): number {
  const hashes = Math.floor(size / TILE_WIDTH ** (level === 'entries' ? 0 : level));
  return Math.min(Math.max(hashes - index * TILE_WIDTH, 0), TILE_WIDTH);
}

/** All tiles of hashes of a tree, level by level: the full ones, then the partial one if it is not empty. */
export function tilesOf(size: number): Tile[] {
  const tiles: Tile[] = [];
  for (let level = 0; Math.floor(size / TILE_WIDTH ** level) > 0; level += 1) tiles.push(...row(size, level));
  return tiles;
}

/** All bundles of entries of a tree. */
export function bundlesOf(size: number): Tile[] {
  return row(size, 'entries');
}

function row(size: number, level: number | 'entries'): Tile[] {
  const tiles: Tile[] = [];
  for (let index = 0; ; index += 1) {
    const width = tileWidth(size, level, index);
    if (width === 0) return tiles;
    tiles.push({ level, index, width });
  }
}

/** An entry with its big-endian uint16 length in front. @throws RangeError above 65,535 bytes */
export function frameEntry(entry: Uint8Array): Uint8Array {
  if (entry.length > MAX_ENTRY_BYTES)
    throw new RangeError(`an entry of ${entry.length} bytes does not fit into a bundle`);
  const framed = new Uint8Array(entry.length + 2);
  framed[0] = entry.length >> 8;
  framed[1] = entry.length & 255;
  framed.set(entry, 2);
  return framed;
}

/** Reads the entries of a bundle one by one, so that what stands before a fault is still read. */
export class BundleReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Bytes that were not read yet. */
  get left(): number {
    return this.#bytes.length - this.#at;
  }

  /** A view of all entries read so far, with their lengths. */
  get taken(): Uint8Array {
    return this.#bytes.subarray(0, this.#at);
  }

  /** A view of the next entry; undefined when the bundle ends before the entry does. */
  next(): Uint8Array | undefined {
    if (this.left < 2) return undefined;
    const start = this.#at + 2;
    const end = start + (((this.#bytes[this.#at] as number) << 8) | (this.#bytes[this.#at + 1] as number));
    if (end > this.#bytes.length) return undefined;
    this.#at = end;
    return this.#bytes.subarray(start, end);
  }
}

/** The hash at a place of a tile; undefined when the tile is too short. */
export function hashAt(tile: Uint8Array, place: number): Uint8Array | undefined {
  const start = place * HASH_LENGTH;
  return start + HASH_LENGTH <= tile.length ? tile.subarray(start, start + HASH_LENGTH) : undefined;
}

export function tileHolds(tile: Uint8Array, place: number, hash: Uint8Array): boolean {
  const held = hashAt(tile, place);
  return held !== undefined && equalBytes(held, hash);
}
