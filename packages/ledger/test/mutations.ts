/** Ways to tamper with a log, each with the index that a verifier has to name. */
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';
import { BundleWriter, CHECKPOINT } from '../src/bundle.ts';
import { concatBytes, equalBytes, toHex } from '../src/bytes.ts';
import { emptyHead, type Head, nextHead } from '../src/chain.ts';
import { type Checkpoint, parseCheckpoint } from '../src/checkpoint.ts';
import type { Entry } from '../src/entry.ts';
import { decodeEntry, encodeEntry } from '../src/entry-codec.ts';
import { sha256 } from '../src/node-crypto.ts';
import { parseNote } from '../src/note.ts';
import { BundleReader, bundlesOf, frameEntry, HASH_LENGTH, parseTilePath, TILE_WIDTH, tilePath } from '../src/tiles.ts';
import type { NamedKey } from './author.ts';
import { bundle, checkpoint, hide, proof, signature, tile } from './mutations-of-files.ts';
import { type Files, filesOf, NEW_KEY, OLD_KEY, type Scene } from './scene.ts';

export interface Mutation {
  readonly files: Files;
  /** A `.tlog-proof` to judge instead of the files. */
  readonly proof?: Uint8Array;
  /** What the reader has pinned. */
  readonly since?: Checkpoint;
  /** The index that the report must name; undefined where only the end or the whole is wrong. */
  readonly index?: number;
  /** Where the index alone could be right by chance. */
  readonly reason?: string;
}

/** Undefined when the log has no place for it: without a rotation no key is old. */
export type Mutator = (scene: Scene, rng: RandomGenerator) => Mutation | undefined;

const pick = (rng: RandomGenerator, length: number): number => uniformInt(rng, 0, length - 1);

/** Other entries under the signed checkpoints of the log; its tiles as they were, or made anew to fit. */
function withEntries(scene: Scene, entries: readonly Uint8Array[], rng: RandomGenerator): Mutation {
  const keepsTiles = pick(rng, 2) === 0;
  const files: Files = new Map(scene.files);
  if (!keepsTiles)
    for (const [name, bytes] of filesOf(entries, scene.author))
      if (typeof parseTilePath(name)?.level === 'number') files.set(name, bytes);
  // A forger gives the bundles the names that the signed size asks for, and the last one all that is left.
  for (const { index, width } of bundlesOf(scene.entries.length)) {
    const end = width < TILE_WIDTH ? entries.length : (index + 1) * TILE_WIDTH;
    const framed = entries.slice(index * TILE_WIDTH, end).map(frameEntry);
    files.set(tilePath({ level: 'entries', index, width }), concatBytes(...framed));
  }
  const first = entries.findIndex(
    (entry, at) => scene.entries[at] === undefined || !equalBytes(entry, scene.entries[at]),
  );
  return { files, ...(keepsTiles ? { index: first < 0 ? entries.length : first } : {}) };
}

/** The log written again from `from` on by someone who has these keys and the log's own: every chain, tile and signature fits. */
function rewritten(
  scene: Scene,
  from: number,
  change: (entry: Entry, at: number, head: Head) => Partial<Entry>,
  keyOf: (entry: Entry) => NamedKey,
): Uint8Array[] {
  const heads = new Map<string, Head>();
  return scene.entries.map((bytes, at) => {
    const { sig: _, decisionId: __, ...entry } = decodeEntry(bytes, sha256) as Entry;
    const { model } = entry;
    const head = heads.get(model) ?? emptyHead(scene.author.origin, model, sha256);
    const whole = { ...entry, prev: toHex(head.leaf), ...(at < from ? {} : change(entry as Entry, at, head)) } as Entry;
    const key = keyOf(whole);
    const written = at < from ? bytes : encodeEntry({ ...whole, keyId: key.vkey.keyId }, sha256, key.sign);
    heads.set(model, nextHead(head, whole, scene.author.hasher.leaf(written)));
    return written;
  });
}

const currentKey = ({ keyId }: Entry): NamedKey => (keyId === OLD_KEY.vkey.keyId ? OLD_KEY : NEW_KEY);

function pinned(scene: Scene): Checkpoint {
  return parseCheckpoint(parseNote(scene.files.get(CHECKPOINT) as Uint8Array).text);
}

function flipBit(bytes: Uint8Array, at: number, bit: number): Uint8Array {
  return bytes.with(at, (bytes[at] as number) ^ (1 << bit));
}

const bit: Mutator = ({ files }, rng) => {
  const names = [...files.keys()];
  // Half of the flips hit entries: they are most of a log.
  const entriesOnly = names.filter((name) => name.startsWith('tile/entries/'));
  const pool = pick(rng, 2) === 0 ? entriesOnly : names;
  const name = pool[pick(rng, pool.length)] as string;
  const bytes = files.get(name) as Uint8Array;
  const at = pick(rng, bytes.length);
  const changed = new Map(files).set(name, flipBit(bytes, at, pick(rng, 8)));
  const tile = parseTilePath(name);
  if (tile?.level === 0)
    return { files: changed, index: tile.index * TILE_WIDTH + Math.floor(at / HASH_LENGTH), reason: 'tile' };
  if (tile?.level !== 'entries') return { files: changed };
  const reader = new BundleReader(bytes);
  let index = tile.index * TILE_WIDTH;
  while (reader.next() !== undefined && bytes.length - reader.left <= at) index += 1;
  return { files: changed, index };
};

const drop: Mutator = (scene, rng) =>
  withEntries(scene, scene.entries.toSpliced(pick(rng, scene.entries.length), 1), rng);

const swap: Mutator = (scene, rng) => {
  const { entries } = scene;
  const a = pick(rng, entries.length);
  const b = (a + 1 + pick(rng, entries.length - 1)) % entries.length;
  return withEntries(scene, entries.with(a, entries[b] as Uint8Array).with(b, entries[a] as Uint8Array), rng);
};

const insert: Mutator = (scene, rng) => {
  const { entries } = scene;
  const copy = entries[pick(rng, entries.length)] as Uint8Array;
  return withEntries(scene, entries.toSpliced(pick(rng, entries.length + 1), 0, copy), rng);
};

const truncate: Mutator = (scene, rng) =>
  withEntries(scene, scene.entries.slice(0, 1 + pick(rng, scene.entries.length - 1)), rng);

/** Another decision at the same (model, seq), with a good signature of the service's own key. */
const fork: Mutator = (scene, rng) => {
  const at = pick(rng, scene.entries.length);
  const forged = rewritten(scene, at, (entry, index) => (index === at ? { time: entry.time + 1 } : {}), currentKey);
  return withEntries(scene, scene.entries.with(at, forged[at] as Uint8Array), rng);
};

/** An earlier state of the log, complete and properly signed. */
const rollback: Mutator = (scene, rng) => {
  const size = 1 + pick(rng, scene.entries.length - 1);
  return {
    files: filesOf(scene.entries.slice(0, size), scene.author),
    since: pinned(scene),
    index: size,
    reason: 'rollback',
  };
};

/** Someone has the service's old key and the log's own key, and writes the log again from an entry after the rotation on. */
const oldKey: Mutator = (scene, rng) => {
  const { rotatedAt, entries, author } = scene;
  const later = entries.length - 1 - rotatedAt;
  if (rotatedAt < 0 || later < 1) return undefined;
  const at = rotatedAt + 1 + pick(rng, later);
  const forged = rewritten(
    scene,
    at,
    (entry) => ({ time: entry.time + 1 }),
    () => OLD_KEY,
  );
  return { files: filesOf(forged, author), index: at, reason: 'key' };
};

/** The service's key and the log's own sign an entry with an owner epoch, or a split epoch, that was left behind. */
const epoch: Mutator = (scene, rng) => {
  const heads = new Map<string, Head>();
  const places: { at: number; change: Partial<Entry>; reason: string }[] = [];
  for (const [at, bytes] of scene.entries.entries()) {
    const entry = decodeEntry(bytes, sha256);
    const { model, kind } = entry;
    const head = heads.get(model);
    if (head !== undefined && head.owner > 0 && kind !== 'epoch-claim')
      places.push({ at, change: { owner: head.owner - 1 }, reason: 'stale' });
    if (head !== undefined && head.epoch > 0) places.push({ at, change: { epoch: head.epoch - 1 }, reason: 'epoch' });
    heads.set(model, nextHead(head ?? emptyHead(scene.author.origin, model, sha256), entry, new Uint8Array(32)));
  }
  const place = places[pick(rng, Math.max(1, places.length))];
  if (place === undefined) return undefined;
  const forged = rewritten(scene, place.at, (_, at) => (at === place.at ? place.change : {}), currentKey);
  return { files: filesOf(forged, scene.author), index: place.at, reason: place.reason };
};

/** The log itself shows two readers different trees, each complete and properly signed; the reader here has pinned the other one. */
const equivocation: Mutator = (scene, rng) => {
  const at = pick(rng, scene.entries.length);
  if (at === scene.rotatedAt) return undefined;
  const other = rewritten(
    scene,
    at,
    (entry) => ({ inputs: { journal: { partition: 9, seq: entry.seq } } }),
    currentKey,
  );
  const writer = new BundleWriter(scene.author.hasher);
  const length = at + 1 + pick(rng, scene.entries.length - at);
  for (const entry of scene.entries.slice(0, length)) writer.append(entry);
  return {
    files: filesOf(other, scene.author),
    since: { origin: scene.author.origin, size: length, root: writer.root() },
  };
};

export const MUTATORS: Readonly<Record<string, Mutator>> = {
  bit,
  drop,
  swap,
  insert,
  truncate,
  fork,
  rollback,
  'old key': oldKey,
  'replayed epoch': epoch,
  equivocation,
  signature,
  tile,
  bundle,
  checkpoint,
  hide,
  proof,
};

/** @returns undefined when this log has no place for this kind of mutation */
export function mutate(kind: string, scene: Scene, seed: number): Mutation | undefined {
  const rng = xoroshiro128plus(Math.imul(seed, 0x9e37_79b1));
  // The first numbers of neighbouring seeds are alike.
  for (let skipped = 0; skipped < 8; skipped += 1) rng.next();
  return MUTATORS[kind]?.(scene, rng);
}
