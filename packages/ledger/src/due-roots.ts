/** The checkpoints of a bundle and those that the reader has kept: which root is due at which size. */

import { MANIFEST, type Manifest, parseManifest, type ReadFile } from './bundle.ts';
import { decodeUtf8, equalBytes } from './bytes.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { Verifiers } from './crypto.ts';
import { CheckpointError, type OpenedCheckpoint, openCheckpoint } from './open-checkpoint.ts';
import { TamperError, UnusableError } from './tampering.ts';
import type { Trust } from './trust.ts';

export class DueRoots {
  readonly latest: OpenedCheckpoint;
  readonly #roots: Map<number, Uint8Array> = new Map();

  /** Opens every checkpoint of the manifest. @throws UnusableError, TamperError, RuntimeError */
  constructor(read: ReadFile, trust: Trust, verifiers: Verifiers) {
    const { origin, checkpoints } = readManifest(read);
    let latest: OpenedCheckpoint | undefined;
    for (const [at, name] of checkpoints.entries()) {
      const checkpoint = open(read, name, trust, verifiers, at === checkpoints.length - 1);
      if (checkpoint.origin !== origin)
        throw new TamperError({
          reason: 'origin',
          detail: `${name} is of ${checkpoint.origin}, the bundle of ${origin}`,
        });
      if (latest !== undefined && checkpoint.size <= latest.size)
        throw new TamperError({
          reason: 'equivocation',
          detail: `${name} has ${checkpoint.size} leaves, the checkpoint before it ${latest.size}`,
        });
      this.#roots.set(checkpoint.size, checkpoint.root);
      latest = checkpoint;
    }
    this.latest = latest as OpenedCheckpoint;
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
}

function readManifest(read: ReadFile): Manifest {
  const bytes = read(MANIFEST);
  if (bytes === undefined) throw new UnusableError(`there is no ${MANIFEST}: this is no bundle of a governance log`);
  let text = '';
  try {
    text = decodeUtf8(bytes);
  } catch {
    // No manifest either.
  }
  const manifest = parseManifest(text);
  if (manifest !== undefined) return manifest;
  throw new UnusableError(`${MANIFEST} is not that of a bundle of a governance log that this build reads`);
}

function open(read: ReadFile, name: string, trust: Trust, verifiers: Verifiers, decides: boolean): OpenedCheckpoint {
  const note = read(name);
  if (note === undefined)
    throw new TamperError({ reason: 'missing', detail: `${name} is in the manifest and not in the bundle` });
  try {
    return openCheckpoint(note, trust, verifiers, decides);
  } catch (error) {
    if (error instanceof CheckpointError)
      throw new TamperError({ reason: error.reason, detail: `${name}: ${error.message}` });
    throw error;
  }
}
