/** What a log is kept and handed on as: files of tlog-tiles, checkpoints and a manifest, as names and bytes. */
import { concatBytes, utf8 } from './bytes.ts';
import { canonicalize } from './jcs.ts';
import { BundleReader, frameEntry, HASH_LENGTH, TILE_WIDTH, tilePath, tileWidth } from './tiles.ts';
import { Frontier, type OnNode, type TreeHasher } from './tree.ts';

export const MANIFEST = 'manifest.json';
/** The newest checkpoint, which is at `checkpoints/<size>` too, as the earlier ones are. */
export const CHECKPOINT = 'checkpoint';

/** Bytes of a file of the bundle; undefined when there is none of this name. */
export type ReadFile = (name: string) => Uint8Array | undefined;

/** A bundle, whatever holds it: a folder, a zip, memory. */
export interface BundleFiles {
  /** Names of all its files, relative and with slashes, in any order. */
  readonly names: () => Iterable<string>;
  readonly read: ReadFile;
}

export interface Manifest {
  readonly origin: string;
  /** Names of the checkpoints, in ascending order of size, the newest last. */
  readonly checkpoints: readonly string[];
}

const FORMAT = 'weir-governance-bundle/1';
const TILE_LEVELS = 8;

export function checkpointPath(size: number): string {
  return `checkpoints/${size}`;
}

/** The size that checkpointPath gave this name. @returns undefined on any other text */
export function parseCheckpointPath(name: string): number | undefined {
  const [, digits] = /^checkpoints\/(0|[1-9]\d{0,15})$/.exec(name) ?? [];
  const size = Number(digits);
  return Number.isSafeInteger(size) ? size : undefined;
}

export function formatManifest(manifest: Manifest): Uint8Array {
  return utf8(manifestText(manifest));
}

function manifestText({ origin, checkpoints }: Manifest): string {
  return `${canonicalize({ format: FORMAT, origin, checkpoints })}\n`;
}

/** @returns undefined on any text but what formatManifest writes of at least one checkpoint. What it says is signed by nothing. */
export function parseManifest(text: string): Manifest | undefined {
  let value: { readonly origin?: unknown; readonly checkpoints?: unknown } | null;
  try {
    value = JSON.parse(text) as typeof value;
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { origin, checkpoints } = value;
  if (typeof origin !== 'string' || !origin.isWellFormed() || !Array.isArray(checkpoints)) return undefined;
  const sizes = checkpoints.map((name) => (typeof name === 'string' ? parseCheckpointPath(name) : undefined) ?? -1);
  if (sizes.length === 0 || sizes.some((size, at) => size <= (sizes[at - 1] ?? -1))) return undefined;
  const manifest = { origin, checkpoints: checkpoints as string[] };
  return manifestText(manifest) === text ? manifest : undefined;
}

interface Row {
  readonly hashes: Uint8Array;
  width: number;
}

/**
 * Appends entries and gives the files that a reader needs for the tree as it stands. Full tiles and bundles are given once and never
 * change; memory is one partial tile per level and one bundle of entries.
 */
export class BundleWriter {
  readonly #hasher: TreeHasher;
  readonly #frontier: Frontier;
  readonly #rows: Row[] = [];
  #entries: Uint8Array[] = [];
  /** Full tiles and bundles since the last `take`. */
  #full: Map<string, Uint8Array> = new Map();

  constructor(hasher: TreeHasher, frontier: Frontier = new Frontier(hasher)) {
    this.#hasher = hasher;
    this.#frontier = frontier;
  }

  /**
   * Goes on after `size` leaves from the files of that tree.
   * @throws RangeError when a partial tile or bundle of that tree is missing or of another length
   */
  static resume(hasher: TreeHasher, size: number, read: ReadFile): BundleWriter {
    const file = (level: number | 'entries', width: number, index: number): Uint8Array => {
      const name = tilePath({ level, index, width });
      const bytes = read(name);
      if (bytes === undefined || (level !== 'entries' && bytes.length !== width * HASH_LENGTH))
        throw new RangeError(
          `${name} of the tree of ${size} leaves is ${bytes === undefined ? 'missing' : 'of another length'}`,
        );
      return bytes;
    };
    const writer = new BundleWriter(hasher, new Frontier(hasher, size, frontierOf(hasher, size, file)));
    for (let level = 0; Math.floor(size / TILE_WIDTH ** level) > 0; level += 1) {
      const hashes = Math.floor(size / TILE_WIDTH ** level);
      const width = hashes % TILE_WIDTH;
      const row = writer.#row(level);
      if (width > 0) row.hashes.set(file(level, width, Math.floor(hashes / TILE_WIDTH)));
      row.width = width;
    }
    if (size % TILE_WIDTH > 0) {
      const reader = new BundleReader(file('entries', size % TILE_WIDTH, Math.floor(size / TILE_WIDTH)));
      for (let entry = reader.next(); entry !== undefined; entry = reader.next())
        writer.#entries.push(frameEntry(entry));
      if (writer.#entries.length !== size % TILE_WIDTH)
        throw new RangeError(`the last bundle of the tree of ${size} leaves is torn`);
    }
    return writer;
  }

  get size(): number {
    return this.#frontier.size;
  }

  get frontier(): Frontier {
    return this.#frontier;
  }

  /** @param leaf the entry's leaf hash, when the caller has it from admission */
  append(entry: Uint8Array, leaf: Uint8Array = this.#hasher.leaf(entry)): void {
    this.#entries.push(frameEntry(entry));
    const index = this.#frontier.size;
    this.#frontier.append(leaf, this.#onNode);
    if (this.#entries.length < TILE_WIDTH) return;
    const name = tilePath({ level: 'entries', index: Math.floor(index / TILE_WIDTH), width: TILE_WIDTH });
    this.#full.set(name, concatBytes(...this.#entries));
    this.#entries = [];
  }

  root(): Uint8Array {
    return this.#frontier.root();
  }

  /** Files that became full since the last call, and the partial ones of the tree as it stands. To be durable before its checkpoint is. */
  take(): Map<string, Uint8Array> {
    const files = this.#full;
    this.#full = new Map();
    for (const [level, { hashes, width }] of this.#rows.entries()) {
      if (width === 0) continue;
      const index = Math.floor(Math.floor(this.size / TILE_WIDTH ** level) / TILE_WIDTH);
      files.set(tilePath({ level, index, width }), hashes.slice(0, width * HASH_LENGTH));
    }
    const width = this.#entries.length;
    if (width > 0)
      files.set(
        tilePath({ level: 'entries', index: Math.floor(this.size / TILE_WIDTH), width }),
        concatBytes(...this.#entries),
      );
    return files;
  }

  readonly #onNode: OnNode = (height, index, hash) => {
    if (height % TILE_LEVELS !== 0) return;
    const level = height / TILE_LEVELS;
    const row = this.#row(level);
    row.hashes.set(hash, row.width * HASH_LENGTH);
    row.width += 1;
    if (row.width < TILE_WIDTH) return;
    this.#full.set(tilePath({ level, index: Math.floor(index / TILE_WIDTH), width: TILE_WIDTH }), row.hashes.slice());
    row.width = 0;
  };

  #row(level: number): Row {
    this.#rows[level] ??= { hashes: new Uint8Array(TILE_WIDTH * HASH_LENGTH), width: 0 };
    return this.#rows[level];
  }
}

type ReadTile = (level: number | 'entries', width: number, index: number) => Uint8Array;

/** Perfect subtrees of a tree, widest first, from its tiles. */
function frontierOf(hasher: TreeHasher, size: number, tile: ReadTile): Uint8Array[] {
  const node = nodeReader(hasher, size, tile);
  const hashes: Uint8Array[] = [];
  let start = 0;
  for (let level = 52; level >= 0; level -= 1) {
    if (Math.floor(size / 2 ** level) % 2 === 0) continue;
    hashes.push(node(level, start / 2 ** level));
    start += 2 ** level;
  }
  return hashes;
}

/** Nodes of the tree of `size` leaves from its tiles, for proofs. At most 255 hashes a node. */
export function nodeReader(
  hasher: TreeHasher,
  size: number,
  tile: ReadTile,
): (height: number, index: number) => Uint8Array {
  return (height, index) => {
    const level = Math.floor(height / TILE_LEVELS);
    const count = 2 ** (height % TILE_LEVELS);
    const first = index * count;
    const tileIndex = Math.floor(first / TILE_WIDTH);
    const bytes = tile(level, tileWidth(size, level, tileIndex), tileIndex);
    const at = (first % TILE_WIDTH) * HASH_LENGTH;
    let hashes = Array.from({ length: count }, (_, place) =>
      bytes.subarray(at + place * HASH_LENGTH, at + (place + 1) * HASH_LENGTH),
    );
    while (hashes.length > 1)
      hashes = Array.from({ length: hashes.length / 2 }, (_, place) =>
        hasher.node(hashes[2 * place] as Uint8Array, hashes[2 * place + 1] as Uint8Array),
      );
    return hashes[0] as Uint8Array;
  };
}
