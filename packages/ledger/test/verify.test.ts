import { describe, expect, test } from 'vitest';
import { CHECKPOINT, formatManifest, MANIFEST, nodeReader } from '../src/bundle.ts';
import { utf8 } from '../src/bytes.ts';
import { type Checkpoint, checkpointLine, parseCheckpoint, signCheckpoint } from '../src/checkpoint.ts';
import { formatVkey } from '../src/keys.ts';
import { sha256, verifiers } from '../src/node-crypto.ts';
import { parseNote } from '../src/note.ts';
import { RuntimeError } from '../src/open-checkpoint.ts';
import { consistencyProof, inclusionProof, verifyConsistency } from '../src/proof.ts';
import { formatProofFile, parseProofFile } from '../src/proof-file.ts';
import { formatSavedState, parseSavedState } from '../src/saved-state.ts';
import { tilePath } from '../src/tiles.ts';
import { verifyLog } from '../src/verify.ts';
import { verifyProofFile } from '../src/verify-proof.ts';
import { Author } from './author.ts';
import { judge, trustOf } from './judge.ts';
import {
  bundleOf,
  type Files,
  filesOf,
  LOG_SIGNER,
  logSigner,
  NEW_KEY,
  OLD_KEY,
  ORIGIN,
  randomLog,
  TRUST,
  withNote,
  witnessSigner,
} from './scene.ts';

const SCENE = randomLog(7, 300);
const { files, author, entries, rotatedAt } = SCENE;
const checkpointOf = (of: Files): Checkpoint => parseCheckpoint(parseNote(of.get(CHECKPOINT) as Uint8Array).text);
const run = (of: Files, more: object = {}) =>
  verifyLog({ files: bundleOf(of), trust: TRUST, sha256, verifiers, mode: 'full', ...more });
/** The files with another checkpoint note. */
const noted = (note: Uint8Array): Files => withNote(files, note);
const PQ = logSigner(11, 'ml-dsa-44');
const BOTH = signCheckpoint(checkpointOf(files), [LOG_SIGNER, PQ], 1_770_000_000);
const bothRequired = trustOf([LOG_SIGNER, PQ], ['require ed25519', 'require ml-dsa-44']);

test('a sound log is reported with what was checked', () => {
  expect(run(files)).toMatchObject({
    checkpoint: { origin: ORIGIN, size: 300, kinds: ['ed25519'], notChecked: [], witnesses: [] },
    entries: 300,
    models: 4,
  });
  expect(judge(files, { mode: 'structure' })).toBe('sound');
});

describe('checkpoint signatures', () => {
  test('a required kind that was stripped fails, an unknown extra signature does not matter', () => {
    expect(judge(noted(BOTH), { trust: bothRequired })).toBe('sound');
    expect(judge(files, { trust: bothRequired })).toMatchObject({ reason: 'checkpoint-kind' });
    const extra = checkpointLine(checkpointOf(files), logSigner(33), 0);
    expect(judge(noted(Buffer.concat([files.get(CHECKPOINT) as Uint8Array, utf8(extra)])))).toBe('sound');
  });

  test('a kind that the runtime cannot check is said so, or refused when it is required', () => {
    const ed25519Only = { ed25519: verifiers.ed25519 };
    const trust = trustOf([LOG_SIGNER, PQ], ['require ed25519']);
    expect(run(noted(BOTH), { trust, verifiers: ed25519Only }).checkpoint).toMatchObject({
      kinds: ['ed25519'],
      notChecked: ['ml-dsa-44'],
    });
    expect(run(noted(BOTH), { trust }).checkpoint).toMatchObject({ kinds: ['ed25519', 'ml-dsa-44'], notChecked: [] });
    expect(() => run(noted(BOTH), { trust: bothRequired, verifiers: ed25519Only })).toThrow(RuntimeError);
  });

  test('a known key that fails rejects the note, whatever else has signed', () => {
    const [, false_] = [checkpointOf(files), { ...PQ, sign: () => new Uint8Array(2_420) }];
    const note = signCheckpoint(checkpointOf(files), [LOG_SIGNER, false_], 5);
    expect(judge(noted(note), { trust: trustOf([LOG_SIGNER, PQ]) })).toMatchObject({ reason: 'checkpoint-signature' });
  });

  test('a log key is good for its range of sizes', () => {
    const sizes = (range: string) => trustOf([LOG_SIGNER], [`log-sizes ${LOG_SIGNER.key.keyId} ${range}`]);
    expect(judge(files, { trust: sizes('0-300') })).toBe('sound');
    expect(judge(files, { trust: sizes('0-299') })).toMatchObject({ reason: 'checkpoint-key' });
  });

  test('the same bytes under another origin fail', () => {
    const other = { ...checkpointOf(files), origin: 'weir.example/governance/1' };
    const signer = logSigner(9, 'ed25519', other.origin);
    const moved = noted(signCheckpoint(other, [signer], 0));
    expect(judge(moved)).toMatchObject({ reason: 'checkpoint-kind' });
    const alone = [...moved].filter(([name]) => !/^checkpoints\/(?!300)/.test(name));
    const only = new Map(alone).set(
      MANIFEST,
      formatManifest({ origin: other.origin, checkpoints: ['checkpoints/300'] }),
    );
    // A reader who trusts that other log too is told by the genesis hash of the first chain.
    expect(judge(only, { trust: trustOf([signer]) })).toMatchObject({ reason: 'broken', index: 0 });
    // A key of one origin does not sign for another.
    expect(judge(noted(signCheckpoint(other, [LOG_SIGNER], 0)))).toMatchObject({ reason: 'checkpoint-key' });
  });

  test('with a witness quorum a fork does not verify', () => {
    const [w1, w2, w3] = [21, 22, 23].map((seed) => witnessSigner(seed, `w${seed}.example`)) as [never, never, never];
    const lines = [w1, w2, w3].map(({ key }, at) => `witness W${at} ${formatVkey(key)}`);
    const trust = trustOf([LOG_SIGNER], [...lines, 'group all-of-us 2 W0 W1 W2', 'quorum all-of-us']);
    const cosigned = (...by: never[]): Files =>
      noted(signCheckpoint(checkpointOf(files), [LOG_SIGNER, ...by], 1_770_000_000));
    expect(judge(files, { trust })).toMatchObject({ reason: 'quorum' });
    expect(judge(cosigned(w1), { trust })).toMatchObject({ reason: 'quorum' });
    expect(judge(cosigned(w1, w1), { trust })).toMatchObject({ reason: 'quorum' });
    expect(run(cosigned(w1, w3), { trust }).checkpoint.witnesses).toEqual(['W0', 'W2']);
  });
});

test('a key file inside the bundle changes nothing', () => {
  const thief = new Author(ORIGIN, NEW_KEY);
  const forged = filesOf([thief.write('a')], thief, [], [logSigner(66)]);
  forged.set('trust', utf8(`log ${formatVkey(logSigner(66).key)}\nquorum none\n`));
  expect(judge(forged)).toMatchObject({ reason: 'checkpoint-kind' });
});

test('an entry signed by the rotated-out key fails, although the signature is valid', () => {
  const old = new Author(ORIGIN, OLD_KEY);
  const log = [old.write('a'), old.write('a'), old.rotate(NEW_KEY)];
  old.key = OLD_KEY;
  const forged = filesOf([...log, old.write('a')], old);
  expect(judge(forged)).toMatchObject({ reason: 'key', index: 3, model: 'a', seq: 3 });
  expect(rotatedAt).toBeGreaterThan(0);
});

test('two readers who were shown different trees find out by their checkpoints', () => {
  const fork = (time: number): Author => {
    const copy = new Author(ORIGIN, OLD_KEY);
    copy.write('a', 'promoted', { time });
    return copy;
  };
  const [left, right] = [1, 2].map((time) => {
    const one = new Author(ORIGIN, OLD_KEY);
    const log = [one.write('a'), one.write('b', 'promoted', { time })];
    return filesOf(log, one);
  }) as [Files, Files];
  expect(fork(1).head('a').leaf).not.toEqual(fork(2).head('a').leaf);
  expect([judge(left), judge(right)]).toEqual(['sound', 'sound']);
  expect(judge(left, { since: checkpointOf(right) })).toMatchObject({ reason: 'equivocation' });
  expect(judge(right, { since: checkpointOf(left) })).toMatchObject({ reason: 'equivocation' });
});

describe('incremental runs', () => {
  const prefix = (size: number): Files => filesOf(entries.slice(0, size), author);

  test.each([1, 100, 255, 256, 257, 299, 300])('from %i leaves only the rest is read, with the same end', (size) => {
    const saved = parseSavedState(formatSavedState(run(prefix(size)).state), sha256);
    const asked: string[] = [];
    const again = run(files, {
      state: saved,
      files: { ...bundleOf(files), read: (name: string) => (asked.push(name), files.get(name)) },
    });
    expect(again.entries).toBe(300 - size);
    expect(formatSavedState(again.state)).toBe(formatSavedState(run(files).state));
    expect(asked.includes('tile/entries/000')).toBe(size < 256);
  });

  test('a log that no longer has the saved one as its beginning is refused', () => {
    const { state } = run(prefix(200));
    expect(judge(prefix(150), { state })).toMatchObject({ reason: 'rollback' });
    const other = randomLog(8, 300);
    expect(judge(other.files, { state })).not.toBe('sound');
    const wrong = { ...state, root: sha256(utf8('x')) };
    expect(judge(prefix(200), { state: wrong })).toMatchObject({ reason: 'equivocation' });
  });

  test('a pinned checkpoint from before the saved state is compared by a proof', () => {
    const { state } = run(prefix(290));
    for (const size of [1, 77, 256, 289]) {
      const since = checkpointOf(prefix(size));
      expect(judge(files, { state, since })).toBe('sound');
      expect(judge(files, { state, since: { ...since, root: sha256(utf8('x')) } })).toMatchObject({
        reason: 'equivocation',
      });
    }
  });

  test('a saved state that is none is refused', () => {
    const text = formatSavedState(run(prefix(3)).state);
    for (const bad of ['', '{}', 'null', text.replace('weir-verified/1', 'x'), text.replace(/"root":"../, '"root":"')])
      expect(parseSavedState(bad, sha256)).toBeUndefined();
  });
});

describe('proof files', () => {
  const node = nodeReader(
    author.hasher,
    300,
    (level, width, index) => files.get(tilePath({ level, width, index })) as Uint8Array,
  );
  const proofOf = (index: number): Uint8Array =>
    formatProofFile({
      extra: entries[index] as Uint8Array,
      index,
      proof: inclusionProof(author.hasher, node, index, 300),
      checkpoint: files.get(CHECKPOINT) as Uint8Array,
    });
  const trust = trustOf([LOG_SIGNER], [`entry-key ${formatVkey(NEW_KEY.vkey)} ${rotatedAt + 1}-`]);

  test('every entry has one, and it is read back as written', () => {
    for (const index of [0, 1, rotatedAt, rotatedAt + 1, 255, 256, 299]) {
      const proof = proofOf(index);
      expect(verifyProofFile(proof, trust, sha256, verifiers, 'full')).toMatchObject({
        index,
        entry: { model: SCENE.models[index] },
      });
      expect(Buffer.from(formatProofFile(parseProofFile(proof))).equals(proof)).toBe(true);
    }
  });

  test('no bit of it can change', () => {
    const proof = proofOf(3);
    for (let at = 0; at < proof.length; at += 1) {
      const changed = proof.with(at, (proof[at] as number) ^ (1 << (at % 8)));
      expect(() => verifyProofFile(changed, trust, sha256, verifiers, 'full')).toThrow(/./);
    }
  });

  test('a key that the trust file does not name is no proof in full mode', () => {
    const proof = proofOf(299);
    expect(() => verifyProofFile(proof, TRUST, sha256, verifiers, 'full')).toThrow('is not in the trust file');
    expect(verifyProofFile(proof, TRUST, sha256, verifiers, 'structure').index).toBe(299);
  });

  test('consistency of two checkpoints is proved from the tiles alone', () => {
    const old = checkpointOf(filesOf(entries.slice(0, 123), author));
    const proof = consistencyProof(author.hasher, node, 123, 300);
    expect(verifyConsistency(author.hasher, 123, 300, old.root, checkpointOf(files).root, proof)).toBe(true);
  });
});

test('what is no bundle is unusable', () => {
  expect(judge(new Map())).toBe('unusable');
  expect(judge(new Map([['readme.txt', utf8('a file')]]))).toBe('unusable');
});
