/** Reads the files of a tree: tiles with their hashes for proofs, bundles with their entries. */
import { nodeReader, type ReadFile } from '@weir/ledger/bundle';
import type { NodeReader } from '@weir/ledger/proof';
import { BundleReader, HASH_LENGTH, TILE_WIDTH, tilePath, tileWidth } from '@weir/ledger/tiles';
import { hasher } from './state.ts';

/** Files of the folder are not what the checkpoint says. */
export class FolderError extends Error {
  override readonly name = 'FolderError';
}

/** @throws {FolderError} from the reader, when a tile is missing or short */
export function treeNodes(read: ReadFile, size: number): NodeReader {
  return nodeReader(hasher, size, (level, width, index) => {
    const bytes = readTile(read, level as number, index, width);
    if (bytes.length < width * HASH_LENGTH) throw missing(tilePath({ level, index, width }));
    return bytes.subarray(0, width * HASH_LENGTH);
  });
}

/** Entries of a bundle in a tree of this size. @throws {FolderError} */
export function readBundle(read: ReadFile, size: number, bundle: number): readonly Uint8Array[] {
  const width = tileWidth(size, 'entries', bundle);
  const reader = new BundleReader(readTile(read, 'entries', bundle, width));
  const entries = Array.from({ length: width }, () => reader.next());
  if (entries.includes(undefined)) throw missing(tilePath({ level: 'entries', index: bundle, width }));
  return entries as Uint8Array[];
}

/** A partial tile is dropped once the full one is there, which begins with the same bytes. */
export function readTile(read: ReadFile, level: number | 'entries', index: number, width: number): Uint8Array {
  const name = tilePath({ level, index, width });
  const bytes = read(name) ?? read(tilePath({ level, index, width: TILE_WIDTH }));
  if (bytes === undefined) throw missing(name);
  return bytes;
}

function missing(name: string): FolderError {
  return new FolderError(`${name} is missing or torn; restore the folder from an export`);
}
