/** The checkpoints of a bundle and those that the reader has kept: which root is due at which size. */

import {
  CHECKPOINT,
  checkpointPath,
  MANIFEST,
  type Manifest,
  parseCheckpointPath,
  parseManifest,
  type ReadFile,
} from './bundle.ts';
import { decodeUtf8, equalBytes } from './bytes.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { Verifiers } from './crypto.ts';
import { CheckpointError, type OpenedCheckpoint, openCheckpoint } from './open-checkpoint.ts';
import { TamperError, type Tampering, UnusableError } from './tampering.ts';
import type { Trust } from './trust.ts';

export class DueRoots {
  /** The newest that is signed, whatever the manifest and `checkpoint` show. */
  readonly latest: OpenedCheckpoint;
  /** What shows readers an earlier tree than the newest that is signed. */
  readonly behind: Tampering | undefined;
  readonly #roots: Map<number, Uint8Array> = new Map();

  /**
   * Opens every checkpoint that lies in the bundle.
   * @param sizes of the files in `checkpoints`, ascending
   * @throws UnusableError, TamperError, RuntimeError
   */
  constructor(read: ReadFile, sizes: readonly number[], trust: Trust, verifiers: Verifiers) {
    const open = (name: string, note: Uint8Array, decides: boolean): OpenedCheckpoint =>
      openNamed(name, note, trust, verifiers, decides);
    const manifest = readManifest(read);
    const named = manifest.checkpoints.map((name) => parseCheckpointPath(name) as number);
    const shownNote = present(CHECKPOINT, read(CHECKPOINT));
    const shown = open(CHECKPOINT, shownNote, false);
    const notes = new Map<number, Uint8Array>();
    for (const size of new Set([...sizes, ...named, shown.size])) {
      const name = checkpointPath(size);
      const note = read(name);
      // One that no reader is shown may be removed while this reads.
      if (note !== undefined || size === shown.size || named.includes(size)) notes.set(size, present(name, note));
    }
    const newest = Math.max(...notes.keys());
    for (const [size, note] of notes) {
      const checkpoint = open(checkpointPath(size), note, false);
      this.#add(size, checkpoint, manifest.origin);
      if (size === shown.size) checkSame(shown, checkpoint);
    }
    const whole = withAllLines(shown.size, shownNote, notes.get(shown.size) as Uint8Array);
    const decisive = newest === shown.size ? whole : (notes.get(newest) as Uint8Array);
    this.latest = open(checkpointPath(newest), decisive, true);
    this.behind = behindOf(newest, shown.size, named.at(-1) as number);
  }

  /** How many roots are compared in all. */
  get count(): number {
    return this.#roots.size;
  }

  at(size: number): Uint8Array | undefined {
    return this.#roots.get(size);
  }

  /** Sizes and roots that are due no later than at this size. */
  upTo(size: number): [number, Uint8Array][] {
    return [...this.#roots].filter(([due]) => due <= size);
  }

  /** A root that the reader knows from elsewhere. @throws UnusableError for another log, TamperError for another history */
  pin({ origin, size, root }: Checkpoint, what: string): void {
    const { latest } = this;
    if (origin !== latest.origin) throw new UnusableError(`${what} is of ${origin}, the bundle of ${latest.origin}`);
    if (size > latest.size)
      throw new TamperError({
        reason: 'rollback',
        detail: `${what} has ${size} leaves, the log ${latest.size}: its end was cut off`,
        index: latest.size,
      });
    const other = this.#roots.get(size);
    if (other !== undefined && !equalBytes(other, root))
      throw new TamperError({
        reason: 'equivocation',
        detail: `the bundle and ${what} have different roots at ${size} leaves`,
      });
    this.#roots.set(size, root);
  }

  #add(size: number, checkpoint: OpenedCheckpoint, origin: string): void {
    const name = checkpointPath(size);
    if (checkpoint.size !== size)
      throw new TamperError({ reason: 'checkpoint', detail: `${name} is signed for ${checkpoint.size} leaves` });
    if (checkpoint.origin !== origin)
      throw new TamperError({
        reason: 'origin',
        detail: `${name} is of ${checkpoint.origin}, the bundle of ${origin}`,
      });
    this.#roots.set(size, checkpoint.root);
  }
}

function readManifest(read: ReadFile): Manifest {
  const bytes = present(MANIFEST, read(MANIFEST));
  let manifest: Manifest | undefined;
  try {
    manifest = parseManifest(decodeUtf8(bytes));
  } catch {
    // Not UTF-8.
  }
  if (manifest !== undefined) return manifest;
  throw new TamperError({
    reason: 'manifest',
    detail: `${MANIFEST} is not the canonical JSON of weir-governance-bundle/1, the format that this build reads`,
  });
}

function present(name: string, bytes: Uint8Array | undefined): Uint8Array {
  if (bytes !== undefined) return bytes;
  throw new TamperError({ reason: 'missing', detail: `${name} is not in the bundle` });
}

function openNamed(
  name: string,
  bytes: Uint8Array,
  trust: Trust,
  verifiers: Verifiers,
  decides: boolean,
): OpenedCheckpoint {
  try {
    return openCheckpoint(bytes, trust, verifiers, decides);
  } catch (error) {
    if (error instanceof CheckpointError)
      throw new TamperError({ reason: error.reason, detail: `${name}: ${error.message}` });
    throw error;
  }
}

/** `checkpoint` says what the file of its size says. @throws TamperError */
function checkSame(shown: OpenedCheckpoint, kept: OpenedCheckpoint): void {
  const name = checkpointPath(kept.size);
  if (!equalBytes(shown.root, kept.root))
    throw new TamperError({
      reason: 'equivocation',
      detail: `${CHECKPOINT} and ${name} are signed with different roots`,
    });
  if (shown.kinds.length === kept.kinds.length && shown.notChecked.length === kept.notChecked.length) return;
  throw new TamperError({
    reason: 'checkpoint-kind',
    detail: `one of ${CHECKPOINT} and ${name} lacks a signature of the log`,
  });
}

/** Of two copies of a note that is signed, the one to which cosignatures were appended. @throws TamperError when one does not begin with the other */
function withAllLines(size: number, shown: Uint8Array, kept: Uint8Array): Uint8Array {
  const [short, long] = shown.length < kept.length ? [shown, kept] : [kept, shown];
  if (equalBytes(short, long.subarray(0, short.length))) return long;
  const detail = `${CHECKPOINT} and ${checkpointPath(size)} differ, and not by cosignatures that were appended to one`;
  throw new TamperError({ reason: 'checkpoint', detail });
}

function behindOf(newest: number, shown: number, named: number): Tampering | undefined {
  if (shown === newest && named === newest) return undefined;
  const [name, size] = shown < newest ? [CHECKPOINT, shown] : [MANIFEST, named];
  return {
    reason: 'behind',
    detail: `${checkpointPath(newest)} is signed and ${name} ends at ${size} leaves`,
    index: size,
  };
}
