/** Reads one partition's log as a client would: nothing but the files under its newest checkpoint. */
import { MANIFEST, parseManifest } from '@weir/ledger/bundle';
import { decodeUtf8 } from '@weir/ledger/bytes';
import { type Checkpoint, parseCheckpoint } from '@weir/ledger/checkpoint';
import { NoteError, parseNote } from '@weir/ledger/note';
import { consistencyProof, inclusionProof } from '@weir/ledger/proof';
import { formatProofFile } from '@weir/ledger/proof-file';
import { BundleReader, HASH_LENGTH, TILE_WIDTH } from '@weir/ledger/tiles';
import type { Disk } from './disk.ts';
import { hasher } from './state.ts';
import { FolderError, readBundle, readTile, treeNodes } from './stored-tree.ts';

export interface ReadCheckpoint extends Checkpoint {
  readonly note: Uint8Array;
}

/** About a quarter of a megabyte each: those that a page of one model's decisions is spread over. */
const MAX_BUNDLES = 64;
const CURE = 'restore the folder from an export, or move it away and make it anew with src/rebuild.ts';

/** @throws {FolderError} when the note is torn */
function readNote(name: string, note: Uint8Array): Checkpoint {
  try {
    return parseCheckpoint(parseNote(note).text);
  } catch (error) {
    if (error instanceof NoteError) throw new FolderError(`${name} is damaged: ${error.message}; ${CURE}`);
    throw error;
  }
}

export class LogReader {
  readonly partition: number;
  readonly #disk: Pick<Disk, 'read'>;
  #latest: ReadCheckpoint | undefined;
  /** Those that were read last, by number. */
  readonly #bundles = new Map<number, readonly Uint8Array[]>();

  constructor(partition: number, disk: Pick<Disk, 'read'>) {
    this.partition = partition;
    this.#disk = disk;
  }

  /** The newest that the manifest names; undefined before the first. @throws {FolderError} when the manifest is damaged */
  latest(): ReadCheckpoint | undefined {
    const manifest = this.#disk.read(MANIFEST);
    if (manifest === undefined) return undefined;
    const name = parseManifest(decodeUtf8(manifest))?.checkpoints.at(-1);
    const note = name === undefined ? undefined : this.#disk.read(name);
    if (note === undefined)
      throw new FolderError(
        `${name === undefined ? `${MANIFEST} is damaged` : `${name}, which ${MANIFEST} names, is missing`}; ${CURE}`,
      );
    if (this.#latest === undefined || Buffer.compare(this.#latest.note, note) !== 0)
      this.#latest = { ...readNote(name as string, note), note };
    return this.#latest;
  }

  /** The newest kept checkpoint whose note holds; undefined when none does. */
  newestThat(holds: (note: Uint8Array) => boolean): ReadCheckpoint | undefined {
    for (const name of this.checkpointNames().toReversed()) {
      const note = this.#disk.read(name);
      if (note !== undefined && holds(note)) return { ...readNote(name, note), note };
    }
    return undefined;
  }

  /** Names of the checkpoints that are kept, ascending. */
  checkpointNames(): readonly string[] {
    const manifest = this.#disk.read(MANIFEST);
    return (manifest === undefined ? undefined : parseManifest(decodeUtf8(manifest)))?.checkpoints ?? [];
  }

  file(name: string): Uint8Array | undefined {
    return this.#disk.read(name);
  }

  /** A tile or bundle in the width that a tree has it, also when only the full one is kept. @throws {FolderError} */
  tile(level: number | 'entries', index: number, width: number): Uint8Array {
    const bytes = readTile((name) => this.#disk.read(name), level, index, width);
    if (level !== 'entries') return bytes.subarray(0, width * HASH_LENGTH);
    const bundle = new BundleReader(bytes);
    for (let read = 0; read < width; read += 1) bundle.next();
    return bundle.taken;
  }

  entries(size: number, bundle: number): readonly Uint8Array[] {
    return readBundle((name) => this.#disk.read(name), size, bundle);
  }

  entry(size: number, index: number): Uint8Array {
    const bundle = Math.floor(index / TILE_WIDTH);
    const known = this.#bundles.get(bundle);
    const entries = known ?? this.entries(size, bundle);
    this.#bundles.delete(bundle);
    // A full bundle never changes.
    if (entries.length === TILE_WIDTH) this.#bundles.set(bundle, entries);
    if (this.#bundles.size > MAX_BUNDLES) this.#bundles.delete(this.#bundles.keys().next().value as number);
    return entries[index % TILE_WIDTH] as Uint8Array;
  }

  /** Hashes of RFC 6962 2.1.2. @throws RangeError unless 0 ≤ from ≤ to */
  consistency(from: number, to: number): readonly Uint8Array[] {
    return consistencyProof(hasher, this.#nodes(to), from, to);
  }

  /** `.tlog-proof` of the entry at `index` under this checkpoint. */
  proof({ size, note }: ReadCheckpoint, index: number): Uint8Array {
    const proof = inclusionProof(hasher, this.#nodes(size), index, size);
    return formatProofFile({ extra: this.entry(size, index), index, proof, checkpoint: note });
  }

  #nodes(size: number): ReturnType<typeof treeNodes> {
    return treeNodes((name) => this.#disk.read(name), size);
  }
}
