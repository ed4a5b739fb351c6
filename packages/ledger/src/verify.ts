/**
 * The verifier: from a bundle and a trust file alone, whether the log is what its checkpoints say, entry by entry. It reads a bundle of
 * entries per step, so that its caller may report progress, or check signatures elsewhere between two steps.
 */
import { type AdmissionState, type AdmissionTools, admit, advance, type SignatureCheck } from './admission.ts';
import { MANIFEST, nodeReader, parseManifest, type ReadFile } from './bundle.ts';
import { decodeUtf8, equalBytes } from './bytes.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { Sha256, Verifiers } from './crypto.ts';
import { decodeEntry } from './entry-codec.ts';
import { CheckpointError, type OpenedCheckpoint, openCheckpoint } from './open-checkpoint.ts';
import { consistencyProof, verifyConsistency } from './proof.ts';
import type { SavedState } from './saved-state.ts';
import { BundleReader, HASH_LENGTH, partialTilesOf, TILE_WIDTH, tileHolds, tilePath, tileWidth } from './tiles.ts';
import { Frontier, TreeHasher } from './tree.ts';
import { keyRingOf, type Trust } from './trust.ts';

export interface Tampering {
  /** A refusal of admission, a fault of a checkpoint, or one of: missing, tile, trailing, root, equivocation, rollback, origin. */
  readonly reason: string;
  readonly detail: string;
  /** Leaf index, where one entry can be named. */
  readonly index?: number;
  readonly model?: string;
  readonly seq?: number;
}

/** The bundle is not the log that was signed. */
export class TamperError extends Error {
  override readonly name = 'TamperError';
  readonly tampering: Tampering;

  constructor(tampering: Tampering) {
    super(`${tampering.reason}: ${tampering.detail}`);
    this.tampering = tampering;
  }
}

/** The input is no bundle at all, or the question cannot be asked of it. */
export class UnusableError extends Error {
  override readonly name = 'UnusableError';
}

/** `full` checks every entry's signature; `structure` rests on the checkpoint's signature over all leaves. */
export type Mode = 'full' | 'structure';

export interface VerifierOptions {
  readonly read: ReadFile;
  readonly trust: Trust;
  readonly sha256: Sha256;
  readonly verifiers: Verifiers;
  readonly mode: Mode;
  /** A checkpoint that the reader has kept: the log must have it as its beginning. */
  readonly since?: Checkpoint;
  /** Where the last run ended. */
  readonly state?: SavedState;
  /** Takes over the signatures of entries in `full` mode; it may answer true and call `refuseSignature` later. */
  readonly checkEntry?: (check: SignatureCheck) => boolean;
}

export interface Summary {
  readonly checkpoint: OpenedCheckpoint;
  /** Checkpoints whose roots were compared, the pinned one among them. */
  readonly checkpoints: number;
  /** Entries read in this run. */
  readonly entries: number;
  readonly models: number;
  readonly state: SavedState;
}

export class LogVerifier {
  readonly #options: VerifierOptions;
  readonly #hasher: TreeHasher;
  readonly #latest: OpenedCheckpoint;
  /** Root that is due at each size. */
  readonly #roots: Map<number, Uint8Array> = new Map();
  readonly #state: AdmissionState;
  readonly #frontier: Frontier;
  readonly #tools: AdmissionTools;
  readonly #start: number;
  /** The tile read last, per level. */
  readonly #tiles: { index: number; bytes: Uint8Array }[] = [];

  /** @throws UnusableError, TamperError or RuntimeError: everything that the checkpoints alone say */
  constructor(options: VerifierOptions) {
    const { trust, state, since, sha256, verifiers, mode } = options;
    this.#options = options;
    this.#hasher = new TreeHasher(sha256);
    this.#latest = this.#openCheckpoints();
    const { origin } = this.#latest;
    const keys = keyRingOf(trust);
    for (const rotation of state?.rotations ?? []) keys.rotate(rotation);
    this.#state = { origin, size: state?.size ?? 0, heads: new Map(state?.heads), keys };
    this.#frontier = new Frontier(this.#hasher, state?.size, state?.frontier);
    this.#start = this.#state.size;
    if (since !== undefined) this.#pin(since, 'the pinned checkpoint');
    if (state !== undefined) this.#pin(state, 'the saved state');
    const ed25519 = ({ key, message, signature }: SignatureCheck): boolean =>
      verifiers.ed25519(key.key, message, signature);
    this.#tools = {
      hasher: this.#hasher,
      checkEntry: mode === 'structure' ? undefined : (options.checkEntry ?? ed25519),
      checkRotation: ed25519,
    };
    for (const [size, root] of this.#roots) if (size <= this.#start) this.#compareWithStart(size, root);
  }

  /** Leaves that are verified so far. */
  get size(): number {
    return this.#frontier.size;
  }

  /** Leaves of the latest checkpoint. */
  get total(): number {
    return this.#latest.size;
  }

  /** Reads the rest of one bundle of entries. @returns false when nothing is left. @throws TamperError */
  step(): boolean {
    if (this.size === this.total) return false;
    const bundle = Math.floor(this.size / TILE_WIDTH);
    const width = tileWidth(this.total, 'entries', bundle);
    const reader = this.#bundle(bundle);
    for (let skipped = bundle * TILE_WIDTH; skipped < this.size; skipped += 1) reader.next();
    for (let index = this.size; index < bundle * TILE_WIDTH + width; index += 1) {
      this.#entry(index, reader.next());
      if (this.#roots.has(index + 1)) this.#checkpointReached(reader);
    }
    if (reader.left > 0)
      throw new TamperError({
        reason: 'trailing',
        detail: `${reader.left} bytes follow the last entry of the bundle`,
        index: this.size,
      });
    return this.size < this.total;
  }

  /** After the last step. */
  summary(): Summary {
    const { origin, heads, keys, size } = this.#state;
    const { hashes } = this.#frontier;
    const state = {
      origin,
      size,
      root: this.#frontier.root(),
      frontier: [...hashes],
      heads,
      rotations: [...keys.rotations],
    };
    const counts = { checkpoints: this.#roots.size, entries: size - this.#start, models: heads.size };
    return { checkpoint: this.#latest, ...counts, state };
  }

  /** What is said of an entry whose signature was found false after it was read. */
  refuseSignature(index: number): TamperError {
    const reader = this.#bundle(Math.floor(index / TILE_WIDTH));
    for (let skipped = 0; skipped < index % TILE_WIDTH; skipped += 1) reader.next();
    const { model, seq, keyId } = decodeEntry(reader.next() as Uint8Array, this.#hasher.sha256);
    return new TamperError({
      reason: 'signature',
      detail: `a signature of this entry, signed by ${keyId}, does not verify`,
      index,
      model,
      seq,
    });
  }

  #openCheckpoints(): OpenedCheckpoint {
    const { read, trust, verifiers } = this.#options;
    const bytes = read(MANIFEST);
    if (bytes === undefined) throw new UnusableError(`there is no ${MANIFEST}: this is no bundle of a governance log`);
    const manifest = parseManifest(textOf(bytes));
    if (manifest === undefined)
      throw new UnusableError(`${MANIFEST} is not that of a bundle of a governance log that this build reads`);
    let latest: OpenedCheckpoint | undefined;
    for (const [at, name] of manifest.checkpoints.entries()) {
      const note = read(name);
      if (note === undefined)
        throw new TamperError({ reason: 'missing', detail: `${name} is in the manifest and not in the bundle` });
      const checkpoint = opened(name, () =>
        openCheckpoint(note, trust, verifiers, at === manifest.checkpoints.length - 1),
      );
      if (checkpoint.origin !== manifest.origin)
        throw new TamperError({
          reason: 'origin',
          detail: `${name} is of ${checkpoint.origin}, the bundle of ${manifest.origin}`,
        });
      if (latest !== undefined && checkpoint.size <= latest.size)
        throw new TamperError({
          reason: 'equivocation',
          detail: `${name} has ${checkpoint.size} leaves, the checkpoint before it ${latest.size}`,
        });
      this.#roots.set(checkpoint.size, checkpoint.root);
      latest = checkpoint;
    }
    return latest as OpenedCheckpoint;
  }

  /** A root that the reader knows from elsewhere. */
  #pin({ origin, size, root }: Checkpoint, what: string): void {
    if (origin !== this.#latest.origin)
      throw new UnusableError(`${what} is of ${origin}, the bundle of ${this.#latest.origin}`);
    if (size > this.total)
      throw new TamperError({
        reason: 'rollback',
        detail: `${what} has ${size} leaves, the log ${this.total}: its end was cut off`,
        index: this.total,
      });
    const other = this.#roots.get(size);
    if (other !== undefined && !equalBytes(other, root))
      throw new TamperError({
        reason: 'equivocation',
        detail: `the bundle and ${what} have different roots at ${size} leaves`,
      });
    this.#roots.set(size, root);
  }

  #entry(index: number, bytes: Uint8Array | undefined): void {
    if (bytes === undefined)
      throw new TamperError({ reason: 'malformed', detail: 'the bundle ends within this entry', index });
    const verdict = admit(this.#state, { bytes }, this.#tools);
    const named = {
      index,
      ...(verdict.entry === undefined ? {} : { model: verdict.entry.model, seq: verdict.entry.seq }),
    };
    if (verdict.reason !== undefined)
      throw new TamperError({ reason: verdict.reason, detail: verdict.detail, ...named });
    advance(this.#state, verdict, this.#hasher);
    this.#frontier.append(verdict.leaf, (height, at, hash) => {
      if (height % 8 !== 0 || tileHolds(this.#tile(height / 8, at), at % TILE_WIDTH, hash)) return;
      const detail = `${this.#tileName(height / 8, at)} has another hash at place ${at % TILE_WIDTH}`;
      throw new TamperError({ reason: 'tile', detail, ...(height === 0 ? named : { index }) });
    });
  }

  /** The root of the tree so far is due, and the partial files of this size may still be in the bundle. */
  #checkpointReached(reader: BundleReader): void {
    const { size } = this;
    if (!equalBytes(this.#roots.get(size) as Uint8Array, this.#frontier.root()))
      throw new TamperError(this.#rootFault(size));
    for (const { level, index, width } of partialTilesOf(size)) {
      const name = tilePath({ level, index, width });
      const bytes = width === tileWidth(this.total, level, index) ? undefined : this.#options.read(name);
      if (bytes === undefined) continue;
      const whole =
        level === 'entries' ? reader.taken : this.#tile(level, index * TILE_WIDTH).subarray(0, width * HASH_LENGTH);
      if (equalBytes(bytes, whole)) continue;
      const place =
        level === 'entries' ? entryAt(whole, bytes) : Math.floor(firstDifference(whole, bytes) / HASH_LENGTH);
      const at = level === 'entries' || level === 0 ? { index: index * TILE_WIDTH + place } : {};
      throw new TamperError({
        reason: 'tile',
        detail: `${name} differs from what follows it, at place ${place}`,
        ...at,
      });
    }
  }

  /** The tiles agree with the entries and the signed root does not: both were made anew, somewhere after the checkpoint before. */
  #rootFault(size: number): Tampering {
    const earlier = [...this.#roots.keys()].filter((other) => other < size);
    return {
      reason: 'root',
      detail: `the entries give another root at ${size} leaves than the checkpoint; the first change lies in ${Math.max(0, ...earlier)} to ${size - 1}`,
    };
  }

  /** For checkpoints no larger than where this run begins, whose leaves are not read again. O(log² size). */
  #compareWithStart(size: number, root: Uint8Array): void {
    const start = this.#start;
    const fault = new TamperError({
      reason: 'equivocation',
      detail: `the checkpoint at ${size} leaves is not the beginning of this log`,
    });
    if (size === 0 || size === start) {
      if (!equalBytes(root, size === 0 ? this.#hasher.empty() : this.#frontier.root())) throw fault;
      return;
    }
    const node = nodeReader(this.#hasher, this.total, (level, _, index) =>
      this.#tile(level as number, index * TILE_WIDTH),
    );
    const proof = consistencyProof(this.#hasher, node, size, start);
    if (!verifyConsistency(this.#hasher, size, start, root, this.#frontier.root(), proof)) throw fault;
  }

  #bundle(index: number): BundleReader {
    const name = tilePath({ level: 'entries', index, width: tileWidth(this.total, 'entries', index) });
    const bytes = this.#options.read(name);
    if (bytes === undefined)
      throw new TamperError({ reason: 'missing', detail: `${name} is not in the bundle`, index: index * TILE_WIDTH });
    return new BundleReader(bytes);
  }

  #tileName(level: number, at: number): string {
    const index = Math.floor(at / TILE_WIDTH);
    return tilePath({ level, index, width: tileWidth(this.total, level, index) });
  }

  /** The tile with the hash `at` of its level. */
  #tile(level: number, at: number): Uint8Array {
    const index = Math.floor(at / TILE_WIDTH);
    const held = this.#tiles[level];
    if (held?.index === index) return held.bytes;
    const name = this.#tileName(level, at);
    const bytes = this.#options.read(name);
    if (bytes === undefined) throw new TamperError({ reason: 'missing', detail: `${name} is not in the bundle` });
    if (bytes.length !== tileWidth(this.total, level, index) * HASH_LENGTH)
      throw new TamperError({ reason: 'tile', detail: `${name} has ${bytes.length} bytes` });
    this.#tiles[level] = { index, bytes };
    return bytes;
  }
}

/** All steps at once. @throws TamperError, UnusableError, RuntimeError */
export function verifyLog(options: VerifierOptions): Summary {
  const verifier = new LogVerifier(options);
  while (verifier.step());
  return verifier.summary();
}

function opened(name: string, open: () => OpenedCheckpoint): OpenedCheckpoint {
  try {
    return open();
  } catch (error) {
    if (error instanceof CheckpointError)
      throw new TamperError({ reason: error.reason, detail: `${name}: ${error.message}` });
    throw error;
  }
}

function textOf(bytes: Uint8Array): string {
  try {
    return decodeUtf8(bytes);
  } catch {
    return '';
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
