/** Whole signed logs for tests: entries of several models, tiles, checkpoints, a trust file. */
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import {
  type BundleFiles,
  BundleWriter,
  CHECKPOINT,
  checkpointPath,
  formatManifest,
  MANIFEST,
  parseCheckpointPath,
} from '../src/bundle.ts';
import { type CheckpointSigner, signCheckpoint } from '../src/checkpoint.ts';
import type { Kind } from '../src/entry.ts';
import { formatVkey, verifierKey } from '../src/keys.ts';
import { sha256 } from '../src/node-crypto.ts';
import { parseTrust, type Trust } from '../src/trust.ts';
import { Author, entryKey, type NamedKey } from './author.ts';
import { keyPair } from './key-pair.ts';

export const ORIGIN = 'weir.example/governance/0';
export const OLD_KEY: NamedKey = entryKey(1);
export const NEW_KEY: NamedKey = entryKey(2);

export function logSigner(
  seed: number,
  type: 'ed25519' | 'ml-dsa-44' = 'ed25519',
  origin: string = ORIGIN,
): CheckpointSigner {
  const pair = keyPair(seed, type === 'ed25519' ? 'ed25519' : 'mlDsa44');
  return { key: verifierKey(origin, type, pair.key, sha256), sign: pair.sign };
}

export function witnessSigner(seed: number, name: string): CheckpointSigner {
  const pair = keyPair(seed);
  return { key: verifierKey(name, 'ed25519-cosignature', pair.key, sha256), sign: pair.sign };
}

export const LOG_SIGNER: CheckpointSigner = logSigner(9);

export function trustText(signers: readonly CheckpointSigner[] = [LOG_SIGNER], more: readonly string[] = []): string {
  const logs = signers.map(({ key }) => `log ${formatVkey(key)}`);
  const lines = more.some((line) => line.startsWith('quorum')) ? more : [...more, 'quorum none'];
  return [...logs, `entry-key ${formatVkey(OLD_KEY.vkey)}`, ...lines, ''].join('\n');
}

export const TRUST: Trust = parseTrust(trustText(), sha256);

export type Files = Map<string, Uint8Array>;

export function bundleOf(files: Files): BundleFiles {
  return { names: () => files.keys(), read: (name) => files.get(name) };
}

/** The files with another note of their newest checkpoint. */
export function withNote(files: Files, note: Uint8Array): Files {
  const newest = [...files.keys()].map((name) => parseCheckpointPath(name) ?? -1);
  return new Map(files).set(CHECKPOINT, note).set(checkpointPath(Math.max(...newest)), note);
}

/**
 * Files of a log over these entries, whatever they are.
 * @param checkpointsAt sizes of the signed checkpoints; the whole log always has one
 */
export function filesOf(
  entries: readonly Uint8Array[],
  author: Author,
  checkpointsAt: readonly number[] = [],
  signers: readonly CheckpointSigner[] = [LOG_SIGNER],
): Files {
  const writer = new BundleWriter(author.hasher);
  const files: Files = new Map();
  const names: string[] = [];
  for (const entry of entries) {
    writer.append(entry);
    const { size } = writer;
    if (size !== entries.length && !checkpointsAt.includes(size)) continue;
    for (const [name, bytes] of writer.take()) files.set(name, bytes);
    const note = signCheckpoint({ origin: author.origin, size, root: writer.root() }, signers, 1_770_000_000 + size);
    files.set(checkpointPath(size), note);
    files.set(CHECKPOINT, note);
    names.push(checkpointPath(size));
  }
  files.set(MANIFEST, formatManifest({ origin: author.origin, checkpoints: names }));
  return files;
}

export interface Scene {
  readonly entries: readonly Uint8Array[];
  /** Model of each entry. */
  readonly models: readonly string[];
  /** Index of the entry that ends the old key; −1 when there is none. */
  readonly rotatedAt: number;
  readonly author: Author;
  readonly checkpointsAt: readonly number[];
  readonly files: Files;
}

const KINDS: readonly Kind[] = ['weights-set', 'guardrail-fired', 'eligible', 'promoted', 'rolled-back', 'epoch-claim'];

/** A random log that is sound: models take turns, owners change, a key is rotated, checkpoints stand here and there. */
export function randomLog(seed: number, length: number, modelCount = 3): Scene {
  const rng = xoroshiro128plus(seed);
  const author = new Author(ORIGIN, OLD_KEY);
  const rotatedAt = length < 4 ? -1 : uniformInt(rng, 1, length - 2);
  const entries: Uint8Array[] = [];
  const models: string[] = [];
  for (let index = 0; index < length; index += 1) {
    const model = index === rotatedAt ? '_system' : `model-${uniformInt(rng, 1, modelCount)}`;
    const kind = KINDS[uniformInt(rng, 0, KINDS.length - 1)] as Kind;
    models.push(model);
    entries.push(index === rotatedAt ? author.rotate(NEW_KEY) : author.write(model, kind));
  }
  const checkpointsAt = Array.from({ length: 3 }, () => uniformInt(rng, 1, length));
  return { entries, models, rotatedAt, author, checkpointsAt, files: filesOf(entries, author, checkpointsAt) };
}
