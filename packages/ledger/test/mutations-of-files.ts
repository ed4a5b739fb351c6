/** Ways to tamper with one file of a log: a signature within it, a tile, a bundle, a checkpoint, a proof. */
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';
import { CHECKPOINT, checkpointPath, formatManifest, MANIFEST, nodeReader } from '../src/bundle.ts';
import { concatBytes, decodeUtf8, equalBytes, toBase64, utf8 } from '../src/bytes.ts';
import { parseCheckpoint, signCheckpoint } from '../src/checkpoint.ts';
import { decodeEntry, signatureOf } from '../src/entry-codec.ts';
import { sha256 } from '../src/node-crypto.ts';
import { parseNote } from '../src/note.ts';
import { inclusionProof } from '../src/proof.ts';
import { formatProofFile } from '../src/proof-file.ts';
import { BundleReader, bundlesOf, HASH_LENGTH, TILE_WIDTH, tilePath, tilesOf } from '../src/tiles.ts';
import type { Mutation, Mutator } from './mutations.ts';
import { type Files, filesOf, LOG_SIGNER, logSigner, type Scene } from './scene.ts';

const pick = (rng: RandomGenerator, length: number): number => uniformInt(rng, 0, length - 1);
/** Calls itself by the log's name. */
const STRANGER = logSigner(77);

function flipped(bytes: Uint8Array, rng: RandomGenerator): Uint8Array {
  const at = pick(rng, bytes.length);
  return bytes.with(at, (bytes[at] as number) ^ (1 << pick(rng, 8)));
}

/** Someone who has the log's own key, and not the service's, signs a tree with one signature that is false. */
export const signature: Mutator = (scene, rng) => {
  const { entries, author } = scene;
  const at = pick(rng, entries.length);
  const bytes = entries[at] as Uint8Array;
  const { sig, ...entry } = decodeEntry(bytes, sha256);
  const forged = toBase64(flipped(signatureOf({ ...entry, sig }), rng));
  const changed = utf8(decodeUtf8(bytes).replace(`"sig":"${sig}","time"`, `"sig":"${forged}","time"`));
  return { files: filesOf(entries.with(at, changed), author), index: at, reason: 'signature' };
};

export const tile: Mutator = ({ entries, files }, rng) => {
  const tiles = tilesOf(entries.length);
  const one = tiles[pick(rng, tiles.length)] as (typeof tiles)[number];
  const name = tilePath(one);
  const bytes = files.get(name) as Uint8Array;
  const changed: Files = new Map(files);
  const way = pick(rng, 3);
  if (way === 0) {
    changed.delete(name);
    return { files: changed, reason: 'missing' };
  }
  if (way === 1) {
    changed.set(name, bytes.subarray(0, pick(rng, bytes.length)));
    return { files: changed, reason: 'tile' };
  }
  const [to, from] = [pick(rng, one.width), pick(rng, one.width)];
  const hash = bytes.subarray(from * HASH_LENGTH, (from + 1) * HASH_LENGTH);
  const copied = bytes.slice();
  copied.set(to === from ? flipped(hash, rng) : hash, to * HASH_LENGTH);
  changed.set(name, copied);
  return one.level === 0
    ? { files: changed, index: one.index * TILE_WIDTH + to, reason: 'tile' }
    : { files: changed, reason: 'tile' };
};

export const bundle: Mutator = ({ entries, files }, rng) => {
  const bundles = bundlesOf(entries.length);
  const one = bundles[pick(rng, bundles.length)] as (typeof bundles)[number];
  const name = tilePath(one);
  const bytes = files.get(name) as Uint8Array;
  const first = one.index * TILE_WIDTH;
  const changed: Files = new Map(files);
  const way = pick(rng, 3);
  if (way === 0) {
    changed.delete(name);
    return { files: changed, index: first, reason: 'missing' };
  }
  if (way === 1) {
    changed.set(name, concatBytes(bytes, bytes.subarray(0, 1 + pick(rng, bytes.length))));
    return { files: changed, index: first + one.width, reason: 'trailing' };
  }
  const rest = bytes.subarray(0, pick(rng, bytes.length));
  changed.set(name, rest);
  const reader = new BundleReader(rest);
  let whole = 0;
  while (reader.next() !== undefined) whole += 1;
  return { files: changed, index: first + whole, reason: reader.left === 0 ? 'missing' : 'malformed' };
};

/** Without the log's key. */
export const checkpoint: Mutator = ({ entries, checkpointsAt, files, author }, rng) => {
  const earlier = checkpointsAt.filter((size) => size < entries.length);
  const at = pick(rng, earlier.length + 1);
  const name = at === earlier.length ? CHECKPOINT : checkpointPath(earlier[at] as number);
  const note = decodeUtf8(files.get(name) as Uint8Array);
  const { size, root } = parseCheckpoint(parseNote(utf8(note)).text);
  const otherRoot = flipped(root, rng);
  const forgeries = [
    note.replace(toBase64(root), toBase64(otherRoot)),
    note.replace(`\n${size}\n`, `\n${size + 1}\n`),
    note.slice(0, note.indexOf('\n\n') + 2),
    decodeUtf8(signCheckpoint({ origin: author.origin, size, root: otherRoot }, [STRANGER], 0)),
    decodeUtf8(signCheckpoint({ origin: author.origin, size, root }, [STRANGER], 0)),
    decodeUtf8(signCheckpoint({ origin: `${author.origin}1`, size, root }, [LOG_SIGNER], 0)),
  ];
  const changed: Files = new Map(files);
  changed.set(name, utf8(forgeries[pick(rng, forgeries.length)] as string));
  return { files: changed };
};

/** The end of the log is hidden by what no signature covers: the manifest, which note `checkpoint` is, and which files are there. */
export const hide: Mutator = ({ entries, checkpointsAt, files, author }, rng) => {
  const earlier = checkpointsAt.filter((size) => size < entries.length);
  if (earlier.length === 0) return undefined;
  const size = earlier[pick(rng, earlier.length)] as number;
  const changed: Files = new Map(files);
  const some = 1 + pick(rng, 7);
  if ((some & 1) > 0)
    changed.set(MANIFEST, formatManifest({ origin: author.origin, checkpoints: [checkpointPath(size)] }));
  if ((some & 2) > 0) changed.set(CHECKPOINT, files.get(checkpointPath(size)) as Uint8Array);
  if ((some & 4) > 0) changed.delete(checkpointPath(entries.length));
  return { files: changed };
};

/** The proof of one decision: a bit of its file, another place, another entry, another path, another tree. */
export const proof: Mutator = (scene, rng) => {
  const { entries, files, author } = scene;
  const size = entries.length;
  const note = files.get(CHECKPOINT) as Uint8Array;
  const nodes = nodeReader(
    author.hasher,
    size,
    (level, width, index) => files.get(tilePath({ level, index, width })) as Uint8Array,
  );
  const index = pick(rng, size);
  const path = inclusionProof(author.hasher, nodes, index, size);
  const extra = entries[index] as Uint8Array;
  const whole = { extra, index, proof: path, checkpoint: note };
  const other = pick(rng, size);
  const step = pick(rng, Math.max(1, path.length));
  const forgeries: (Uint8Array | undefined)[] = [
    flipped(formatProofFile(whole), rng),
    other === index ? undefined : formatProofFile({ ...whole, index: other }),
    other === index ? undefined : formatProofFile({ ...whole, extra: entries[other] as Uint8Array }),
    path.length === 0 ? undefined : formatProofFile({ ...whole, proof: path.toSpliced(step, 1) }),
    formatProofFile({ ...whole, proof: [...path, author.hasher.leaf(extra)] }),
    path.length === 0
      ? undefined
      : formatProofFile({ ...whole, proof: path.with(step, flipped(path[step] as Uint8Array, rng)) }),
    formatProofFile({ ...whole, checkpoint: underOtherRoot(scene, rng) }),
  ];
  const forged = forgeries[pick(rng, forgeries.length)];
  if (forged === undefined || equalBytes(forged, formatProofFile(whole))) return undefined;
  return { files, proof: forged } satisfies Mutation;
};

function underOtherRoot({ entries, author }: Scene, rng: RandomGenerator): Uint8Array {
  const other = author.hasher.leaf(Uint8Array.of(pick(rng, 256)));
  return signCheckpoint({ origin: author.origin, size: entries.length, root: other }, [LOG_SIGNER], 0);
}
