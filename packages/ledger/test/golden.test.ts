/** The bytes of another implementation (golden/log.py): read, verified, and written again. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { BundleWriter, CHECKPOINT, formatManifest, MANIFEST } from '../src/bundle.ts';
import { decodeUtf8, toHex, utf8 } from '../src/bytes.ts';
import { checkpointLine, parseCheckpoint } from '../src/checkpoint.ts';
import type { Entry } from '../src/entry.ts';
import { decodeEntry, encodeEntry } from '../src/entry-codec.ts';
import { verifierKey } from '../src/keys.ts';
import { sha256, verifiers } from '../src/node-crypto.ts';
import { parseNote } from '../src/note.ts';
import { formatProofFile, parseProofFile } from '../src/proof-file.ts';
import { TreeHasher } from '../src/tree.ts';
import { parseTrust } from '../src/trust.ts';
import { verifyLog } from '../src/verify.ts';
import { verifyProofFile } from '../src/verify-proof.ts';
import { keyPair } from './key-pair.ts';
import { bundleOf } from './scene.ts';

interface Golden {
  readonly origin: string;
  readonly trust: readonly string[];
  readonly rotatedTo: string;
  readonly entries: readonly string[];
  readonly checkpoint: string;
  readonly proofs: readonly string[];
  readonly trees: readonly {
    readonly size: number;
    readonly root: string;
    readonly tiles: Readonly<Record<string, string>>;
  }[];
}

const GOLDEN = JSON.parse(readFileSync(new URL('golden/log.json', import.meta.url), 'utf8')) as Golden;
const hasher = new TreeHasher(sha256);

test('entries are read, and written again byte for byte, signatures included', () => {
  for (const text of GOLDEN.entries) {
    const { sig: _, decisionId: __, ...body } = decodeEntry(utf8(text), sha256) as Entry;
    const seed = GOLDEN.trust.some((line) => line.includes(body.keyId)) ? 1 : 2;
    expect(decodeUtf8(encodeEntry(body, sha256, keyPair(seed).sign))).toBe(text);
  }
});

test('the log verifies in full, with both kinds of signatures, a witness and a rotated key', () => {
  const writer = new BundleWriter(hasher);
  for (const text of GOLDEN.entries) writer.append(utf8(text));
  const files = writer.take();
  files.set(CHECKPOINT, utf8(GOLDEN.checkpoint));
  files.set('checkpoints/7', utf8(GOLDEN.checkpoint));
  files.set(MANIFEST, formatManifest({ origin: GOLDEN.origin, checkpoints: ['checkpoints/7'] }));
  const trust = parseTrust(GOLDEN.trust.join('\n'), sha256);
  const { checkpoint, models } = verifyLog({ files: bundleOf(files), trust, sha256, verifiers, mode: 'full' });
  expect({ ...checkpoint, root: '', models }).toEqual({
    origin: GOLDEN.origin,
    quorum: 'W',
    size: 7,
    root: '',
    kinds: ['ed25519', 'ml-dsa-44'],
    notChecked: [],
    witnesses: ['W'],
    models: 3,
  });
});

test('deterministic checkpoint signatures are the same bytes', () => {
  const checkpoint = parseCheckpoint(parseNote(utf8(GOLDEN.checkpoint)).text);
  const [ed25519, , witness] = GOLDEN.checkpoint.split('\n').filter((line) => line.startsWith('— '));
  const log = keyPair(3);
  const cosigner = keyPair(5);
  const logKey = verifierKey(GOLDEN.origin, 'ed25519', log.key, sha256);
  const witnessKey = verifierKey('witness.golden.example', 'ed25519-cosignature', cosigner.key, sha256);
  expect(checkpointLine(checkpoint, { key: logKey, sign: log.sign }, 0)).toBe(`${ed25519}\n`);
  expect(checkpointLine(checkpoint, { key: witnessKey, sign: cosigner.sign }, 1_770_000_000)).toBe(`${witness}\n`);
});

test('every proof file verifies and is written again as it was', () => {
  const trust = parseTrust([...GOLDEN.trust, GOLDEN.rotatedTo].join('\n'), sha256);
  for (const [index, text] of GOLDEN.proofs.entries()) {
    expect(verifyProofFile(utf8(text), trust, sha256, verifiers, 'full').index).toBe(index);
    expect(decodeUtf8(formatProofFile(parseProofFile(utf8(text))))).toBe(text);
  }
});

test.each(GOLDEN.trees)(
  'the tree of $size leaves has these tiles and this root',
  { timeout: 30_000 },
  ({ size, root, tiles }) => {
    const writer = new BundleWriter(hasher);
    for (let index = 0; index < size; index += 1) writer.append(utf8(`entry ${index}`));
    expect(toHex(writer.root())).toBe(root);
    const hashes = [...writer.take()].filter(([name]) => !name.startsWith('tile/entries/'));
    expect(Object.fromEntries(hashes.map(([name, bytes]) => [name, toHex(sha256(bytes))]))).toEqual(tiles);
  },
);
