/**
 * The verifier: from a bundle and a trust file alone, whether the log is what its checkpoints say, entry by entry. It reads a bundle of
 * entries per step, so that its caller may report progress, or check signatures elsewhere between two steps.
 */
import { type AdmissionState, type AdmissionTools, admit, advance, type SignatureCheck } from './admission.ts';
import type { BundleFiles } from './bundle.ts';
import { BundleTiles } from './bundle-tiles.ts';
import { equalBytes } from './bytes.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { Sha256, Verifiers } from './crypto.ts';
import { DueRoots } from './due-roots.ts';
import { decodeEntry } from './entry-codec.ts';
import { takeInventory } from './inventory.ts';
import type { OpenedCheckpoint } from './open-checkpoint.ts';
import { consistencyProof, verifyConsistency } from './proof.ts';
import type { SavedState } from './saved-state.ts';
import { TamperError, type Tampering, UnfinishedError } from './tampering.ts';
import type { BundleReader } from './tiles.ts';
import { TILE_WIDTH, tilePath, tileWidth } from './tiles.ts';
import { Frontier, TreeHasher } from './tree.ts';
import { keyRingOf, type Trust } from './trust.ts';

/** `full` checks every entry's signature; `structure` rests on the checkpoint's signature over all leaves. */
export type Mode = 'full' | 'structure';

export interface VerifierOptions {
  readonly files: BundleFiles;
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
  /** Names of the files that are no part of the format. */
  readonly ignored: readonly string[];
  readonly state: SavedState;
}

export class LogVerifier {
  readonly #hasher: TreeHasher;
  readonly #due: DueRoots;
  readonly #tiles: BundleTiles;
  readonly #state: AdmissionState;
  readonly #frontier: Frontier;
  readonly #tools: AdmissionTools;
  /** Leaves that an earlier run has verified. */
  readonly #start: number;
  readonly #ignored: readonly string[];

  /** @throws UnusableError, TamperError or RuntimeError: everything that the checkpoints alone say */
  constructor({ files, trust, state, since, sha256, verifiers, mode, checkEntry }: VerifierOptions) {
    this.#hasher = new TreeHasher(sha256);
    const { checkpoints, tiles, ignored } = takeInventory(files.names());
    this.#ignored = ignored;
    this.#due = new DueRoots(files.read, checkpoints, trust, verifiers);
    const { origin, size } = this.#due.latest;
    this.#tiles = new BundleTiles(files.read, size, tiles);
    const keys = keyRingOf(trust);
    for (const rotation of state?.rotations ?? []) keys.rotate(rotation);
    this.#state = { origin, size: state?.size ?? 0, heads: new Map(state?.heads), keys };
    this.#frontier = new Frontier(this.#hasher, state?.size, state?.frontier);
    this.#start = this.#state.size;
    if (since !== undefined) this.#due.pin(since, 'the pinned checkpoint');
    if (state !== undefined) this.#due.pin(state, 'the saved state');
    const ed25519 = ({ key, message, signature }: SignatureCheck): boolean =>
      verifiers.ed25519(key.key, message, signature);
    this.#tools = {
      hasher: this.#hasher,
      checkEntry: mode === 'structure' ? undefined : (checkEntry ?? ed25519),
      checkRotation: ed25519,
    };
    for (const [at, root] of this.#due.upTo(this.#start)) this.#compareWithStart(at, root);
  }

  /** Leaves that are verified so far. */
  get size(): number {
    return this.#frontier.size;
  }

  /** Leaves of the latest checkpoint. */
  get total(): number {
    return this.#due.latest.size;
  }

  /** Reads the rest of one bundle of entries. @returns false when nothing is left. @throws TamperError */
  step(): boolean {
    if (this.size === this.total) return false;
    const bundle = Math.floor(this.size / TILE_WIDTH);
    const end = bundle * TILE_WIDTH + tileWidth(this.total, 'entries', bundle);
    const reader = this.#tiles.entries(bundle);
    for (let skipped = bundle * TILE_WIDTH; skipped < this.size; skipped += 1) reader.next();
    while (this.size < end) {
      this.#entry(this.size, reader.next() ?? this.#torn(bundle, reader));
      const root = this.#due.at(this.size);
      if (root !== undefined) this.#compareRoot(root);
    }
    if (reader.left > 0) {
      const detail = `${reader.left} bytes follow the last entry of ${this.#tiles.nameOfEntries(bundle)}`;
      throw new TamperError({ reason: 'trailing', detail, index: this.size });
    }
    this.#tiles.checkPartials(bundle, reader);
    return this.size < this.total;
  }

  /** After the last step. @throws TamperError, UnfinishedError when the bundle holds more than the newest checkpoint, or shows less */
  summary(): Summary {
    this.#tiles.checkUpperPartials();
    const unfinished = this.#due.behind ?? this.#unsigned();
    if (unfinished !== undefined) throw new UnfinishedError(unfinished, this.size);
    const { origin, heads, keys, size } = this.#state;
    const root = this.#frontier.root();
    const state = { origin, size, root, frontier: [...this.#frontier.hashes], heads, rotations: [...keys.rotations] };
    const counts = { checkpoints: this.#due.count, entries: size - this.#start, models: heads.size };
    return { checkpoint: this.#due.latest, ...counts, ignored: this.#ignored, state };
  }

  /** What is said of an entry whose signature was found false after it was read. */
  refuseSignature(index: number): TamperError {
    const reader = this.#tiles.entries(Math.floor(index / TILE_WIDTH));
    for (let skipped = 0; skipped < index % TILE_WIDTH; skipped += 1) reader.next();
    const { model, seq, keyId } = decodeEntry(reader.next() as Uint8Array, this.#hasher.sha256);
    const detail = `a signature of this entry, signed by ${keyId}, does not verify`;
    return new TamperError({ reason: 'signature', detail, index, model, seq });
  }

  #torn(bundle: number, { left }: BundleReader): never {
    const index = this.size;
    const held = index - bundle * TILE_WIDTH;
    const name = this.#tiles.nameOfEntries(bundle);
    if (left > 0)
      throw new TamperError({ reason: 'malformed', detail: `${name} ends within its entry ${held}`, index });
    const due = tileWidth(this.total, 'entries', bundle);
    const detail = `${name} holds ${held} entries, the checkpoint of ${this.total} leaves says ${due}`;
    throw new TamperError({ reason: 'missing', detail, index });
  }

  #unsigned(): Tampering | undefined {
    const { beyond } = this.#tiles;
    if (beyond === undefined) return undefined;
    const detail = `${tilePath(beyond)} reaches beyond the ${this.total} leaves of the newest checkpoint, and nothing signs it`;
    return { reason: 'unsigned', detail, index: this.total };
  }

  #entry(index: number, bytes: Uint8Array): void {
    const verdict = admit(this.#state, { bytes }, this.#tools);
    const { entry, reason } = verdict;
    const named = { index, ...(entry === undefined ? {} : { model: entry.model, seq: entry.seq }) };
    if (reason !== undefined) throw new TamperError({ reason, detail: verdict.detail, ...named });
    advance(this.#state, verdict, this.#hasher);
    this.#frontier.append(verdict.leaf, (height, at, hash) => {
      const detail = this.#tiles.fault(height, at, hash);
      if (detail !== undefined)
        throw new TamperError({ reason: 'tile', detail, ...(height === 0 ? named : { index }) });
    });
  }

  #compareRoot(due: Uint8Array): void {
    if (equalBytes(due, this.#frontier.root())) return;
    // The tiles agree with the entries: both were made anew, somewhere after the checkpoint before.
    const { size } = this;
    const sound = Math.max(0, ...this.#due.upTo(size - 1).map(([earlier]) => earlier));
    throw new TamperError({
      reason: 'root',
      detail: `the entries give another root at ${size} leaves than the checkpoint; the first change lies in ${sound} to ${size - 1}`,
    });
  }

  /** For checkpoints no larger than where this run begins, whose leaves are not read again. O(log² size). */
  #compareWithStart(size: number, root: Uint8Array): void {
    const start = this.#start;
    const startRoot = this.#frontier.root();
    let isBeginning: boolean;
    if (size === 0) isBeginning = equalBytes(root, this.#hasher.empty());
    else if (size === start) isBeginning = equalBytes(root, startRoot);
    else {
      const proof = consistencyProof(this.#hasher, this.#tiles.nodes(this.#hasher), size, start);
      isBeginning = verifyConsistency(this.#hasher, size, start, root, startRoot, proof);
    }
    if (isBeginning) return;
    const detail = `the checkpoint at ${size} leaves is not the beginning of this log`;
    throw new TamperError({ reason: 'equivocation', detail });
  }
}

/** All steps at once. @throws TamperError, UnusableError, RuntimeError */
export function verifyLog(options: VerifierOptions): Summary {
  const verifier = new LogVerifier(options);
  while (verifier.step());
  return verifier.summary();
}
