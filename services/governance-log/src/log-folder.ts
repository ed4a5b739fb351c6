/**
 * The files of one partition's log, and the only place that signs.
 *
 * The order is what makes a signature safe, and this is what a crash between any two steps leaves behind:
 *   1. bundles and tiles durable      files that no checkpoint speaks of; written again, with the same bytes
 *   2. consistency proved, signed     nothing outside this process
 *   3. checkpoints/<size> durable     the signature is given: from here on no tree that contradicts it is signed, also after a restart
 *   4. manifest.json and checkpoint   readers see the tree before; finished when the request is made again
 *   5. old files removed              a few more of them stay until the next request
 * Only then the answer leaves, which publishes the checkpoint.
 */
import { BundleWriter, CHECKPOINT, checkpointPath, formatManifest, MANIFEST, type ReadFile } from '@weir/ledger/bundle';
import { decodeUtf8, equalBytes } from '@weir/ledger/bytes';
import { type CheckpointSigner, parseCheckpoint, signCheckpoint } from '@weir/ledger/checkpoint';
import { verifiers } from '@weir/ledger/node-crypto';
import { parseNote } from '@weir/ledger/note';
import { CheckpointError, openCheckpoint } from '@weir/ledger/open-checkpoint';
import { consistencyProof, rangeHash, verifyConsistency } from '@weir/ledger/proof';
import { parseTilePath, TILE_WIDTH, tilePath } from '@weir/ledger/tiles';
import type { Trust } from '@weir/ledger/trust';
import { withSignatures } from '@weir/ledger/witness';
import { EffectRefused } from '@weir/service-kit/effects/effect';
import type { Disk } from './disk.ts';
import type { Files, FileWriter } from './durable-files.ts';
import { keptCheckpoints } from './kept-checkpoints.ts';
import { hasher } from './state.ts';
import type { StoreAnswer, StoreRequest } from './store-request.ts';
import { treeNodes } from './stored-tree.ts';

const CHECKPOINTS = 'checkpoints';

export interface Signed {
  readonly size: number;
  readonly root: Uint8Array;
  readonly note: Uint8Array;
}

export class LogFolder {
  readonly #disk: Pick<Disk, 'read' | 'list'>;
  readonly #files: FileWriter;
  readonly #trust: Trust;
  readonly #signers: readonly CheckpointSigner[];
  /** Where the last request ended; made from the files after a failure. */
  #writer: BundleWriter | undefined;

  constructor(
    disk: Pick<Disk, 'read' | 'list'>,
    files: FileWriter,
    trust: Trust,
    signers: readonly CheckpointSigner[],
  ) {
    this.#disk = disk;
    this.#files = files;
    this.#trust = trust;
    this.#signers = signers;
  }

  /**
   * The largest tree that was ever signed here; undefined in an empty folder.
   * @throws {CheckpointError} when its note does not verify: the folder was changed, or the trust lacks a former checkpoint key
   */
  signed(): Signed | undefined {
    const size = this.#sizes().at(-1);
    return size === undefined ? undefined : this.#open(size);
  }

  /**
   * Idempotent. @param time POSIX seconds, for signatures that carry one
   * @throws {EffectRefused} when this tree must not be signed; other errors may go away
   */
  async store(request: StoreRequest, time: number): Promise<StoreAnswer> {
    try {
      const last = this.signed();
      if (last !== undefined && request.size <= last.size) return await this.#again(request, last);
      return await this.#append(request, last, time);
    } catch (error) {
      this.#writer = undefined;
      throw error;
    }
  }

  /** The note of a tree that was signed, cosignatures included; undefined when it is not kept. */
  note(size: number): Uint8Array | undefined {
    return this.#disk.read(checkpointPath(size));
  }

  /** @throws {FolderError} when a tile is missing */
  consistency(from: number, size: number): readonly Uint8Array[] {
    return consistencyProof(hasher, treeNodes(this.#read, size), from, size);
  }

  /**
   * Adds cosignatures to the note of a tree that was signed: the log's own signature stays, so nothing new is signed. Idempotent.
   * @param lines that were verified; @returns the note; undefined when it is not kept any more
   */
  async cosign(size: number, lines: readonly string[]): Promise<Uint8Array | undefined> {
    const held = this.note(size);
    if (held === undefined) return undefined;
    const note = withSignatures(held, lines);
    const names = [checkpointPath(size), ...(this.#sizes().at(-1) === size ? [CHECKPOINT] : [])];
    await this.#files.write(this.#missing(new Map(names.map((name) => [name, note]))));
    return note;
  }

  /** A tree that is part of what was signed: after a crash, or while a topic is read again from its beginning. */
  async #again({ size, root }: StoreRequest, last: Signed): Promise<StoreAnswer> {
    const known = size === last.size ? last.root : this.#rootAt(size, last.size);
    if (!equalBytes(known, root))
      throw new EffectRefused(
        `a tree of ${last.size} entries was signed, and of it the first ${size} are others than the topic has now: records were lost or changed; restore the topic from the entry bundles`,
      );
    await this.#show(last);
    const note = this.#disk.read(checkpointPath(size));
    return { note: note === undefined ? '' : decodeUtf8(note), signed: last.size };
  }

  async #append(request: StoreRequest, last: Signed | undefined, time: number): Promise<StoreAnswer> {
    const { origin, size, root, first, entries } = request;
    const before = last?.size ?? 0;
    if (first > before)
      throw new EffectRefused(
        `the folder holds ${before} entries and the request goes on after ${first}: restore the folder from an export`,
      );
    const writer = this.#writerAt(before, last?.root);
    for (const entry of entries.slice(before - first)) writer.append(entry);
    if (writer.size !== size || !equalBytes(writer.root(), root))
      throw new EffectRefused(
        `after the ${before} entries that were signed, the topic's tree of ${size} entries does not follow: records were lost or changed; restore the topic from the entry bundles`,
      );
    const files = writer.take();
    await this.#files.write(this.#missing(files));
    if (last !== undefined) this.#prove(last, size, root);
    const note = signCheckpoint({ origin, size, root }, this.#signers, time);
    await this.#show({ size, root, note });
    await this.#tidy(files);
    return { note: decodeUtf8(note), signed: size };
  }

  /** The files as a reader will find them, not the writer's memory, must extend what was signed. */
  #prove(last: Signed, size: number, root: Uint8Array): void {
    const proof = consistencyProof(hasher, treeNodes(this.#read, size), last.size, size);
    if (!verifyConsistency(hasher, last.size, size, last.root, root, proof))
      throw new EffectRefused(
        `the tiles of ${size} entries do not extend the tree of ${last.size} that was signed; restore the folder from an export`,
      );
  }

  #writerAt(size: number, root: Uint8Array | undefined): BundleWriter {
    if (this.#writer?.size === size) return this.#writer;
    let writer: BundleWriter;
    try {
      writer = BundleWriter.resume(hasher, size, this.#read);
    } catch (error) {
      if (error instanceof RangeError) throw new EffectRefused(`${error.message}; restore the folder from an export`);
      throw error;
    }
    if (root !== undefined && !equalBytes(writer.root(), root))
      throw new EffectRefused(
        `the tiles of ${size} entries give another root than the checkpoint that was signed; restore the folder from an export`,
      );
    this.#writer = writer;
    return writer;
  }

  /** Gives the signature, then lets readers see it: the manifest names every checkpoint that is kept, and `checkpoint` is the newest. */
  async #show({ size, note }: Signed): Promise<void> {
    const { origin } = parseCheckpoint(parseNote(note).text);
    const earlier = this.#sizes().filter((each) => each < size);
    const checkpoints = keptCheckpoints([...earlier, size]).map(checkpointPath);
    await this.#files.write(
      this.#missing(new Map([[checkpointPath(size), note]])),
      this.#missing(
        new Map([
          [MANIFEST, formatManifest({ origin, checkpoints })],
          [CHECKPOINT, note],
        ]),
      ),
    );
  }

  /** Checkpoints that the manifest no longer names, and partial tiles whose full tile is there. */
  async #tidy(files: Files): Promise<void> {
    const sizes = this.#sizes();
    const kept = new Set(keptCheckpoints(sizes));
    const old = sizes.filter((size) => !kept.has(size)).map(checkpointPath);
    for (const name of files.keys()) {
      const tile = parseTilePath(name);
      if (tile?.width === TILE_WIDTH) old.push(`${tilePath(tile)}.p`);
    }
    if (old.length > 0) await this.#files.remove(...old);
  }

  /** A durable file is not written again where it has these bytes already. */
  #missing(files: Files): Files {
    return new Map(
      [...files].filter(([name, bytes]) => {
        const held = this.#disk.read(name);
        return held === undefined || !equalBytes(held, bytes);
      }),
    );
  }

  #rootAt(size: number, total: number): Uint8Array {
    if (size === 0) return hasher.empty();
    return rangeHash(hasher, treeNodes(this.#read, total), 0, size);
  }

  #open(size: number): Signed {
    const name = checkpointPath(size);
    const note = this.#disk.read(name) as Uint8Array;
    try {
      const { root } = openCheckpoint(note, this.#trust, verifiers, false);
      return { size, root, note };
    } catch (error) {
      if (!(error instanceof CheckpointError)) throw error;
      const cure = 'restore the file from an export, or from the topic governance-checkpoints';
      throw new CheckpointError(error.reason, `${name}: ${error.message}; ${cure}`);
    }
  }

  /** Of every checkpoint in the folder, ascending. */
  #sizes(): readonly number[] {
    return this.#disk
      .list(CHECKPOINTS)
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .sort((a, b) => a - b);
  }

  readonly #read: ReadFile = (name) => this.#disk.read(name);
}
