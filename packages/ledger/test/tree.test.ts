import { describe, expect, test } from 'vitest';
import { toHex, utf8 } from '../src/bytes.ts';
import { sha256 } from '../src/node-crypto.ts';
import { consistencyProof, inclusionProof, verifyConsistency, verifyInclusion } from '../src/proof.ts';
import { Frontier, TreeHasher } from '../src/tree.ts';

const hasher = new TreeHasher(sha256);
const LEAVES = Array.from({ length: 1_100 }, (_, index) => hasher.leaf(utf8(`leaf ${index}`)));

/** The definition: RFC 6962 section 2.1. */
const known = new Map<string, Uint8Array>();
function mth(start: number, end: number): Uint8Array {
  if (end === start) return sha256(new Uint8Array(0));
  if (end - start === 1) return LEAVES[start] as Uint8Array;
  const name = `${start} ${end}`;
  const held = known.get(name);
  if (held !== undefined) return held;
  let k = 1;
  while (k * 2 < end - start) k *= 2;
  const root = sha256(Buffer.concat([Uint8Array.of(1), mth(start, start + k), mth(start + k, end)]));
  known.set(name, root);
  return root;
}
const node = (level: number, index: number): Uint8Array => mth(index * 2 ** level, (index + 1) * 2 ** level);

test('roots equal the recursive definition for 0 to 1,100 leaves, and a restored frontier goes on', () => {
  let frontier = new Frontier(hasher);
  for (let size = 0; size <= 1_100; size += 1) {
    expect(toHex(frontier.root())).toBe(toHex(mth(0, size)));
    if (size % 3 === 0) frontier = new Frontier(hasher, frontier.size, frontier.hashes);
    if (size < 1_100) frontier.append(LEAVES[size] as Uint8Array);
  }
});

test('append names every perfect subtree once, with its hash', () => {
  const seen = new Map<string, string>();
  const frontier = new Frontier(hasher);
  for (const leaf of LEAVES.slice(0, 600))
    frontier.append(leaf, (level, index, hash) => {
      expect(seen.has(`${level} ${index}`)).toBe(false);
      seen.set(`${level} ${index}`, toHex(hash));
    });
  let count = 0;
  for (let level = 0; 2 ** level <= 600; level += 1)
    for (let index = 0; (index + 1) * 2 ** level <= 600; index += 1, count += 1)
      expect(seen.get(`${level} ${index}`)).toBe(toHex(node(level, index)));
  expect(seen.size).toBe(count);
});

test('a frontier of another size than its hashes is refused', () => {
  expect(() => new Frontier(hasher, 3, [LEAVES[0] as Uint8Array])).toThrow(
    'a tree of 3 leaves has 2 perfect subtrees, not 1',
  );
});

test('the vectors of RFC 6962 as its reference tests have them', () => {
  const leaves = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
  const frontier = new Frontier(hasher);
  for (const leaf of leaves) frontier.append(hasher.leaf(Buffer.from(leaf, 'hex')));
  expect(toHex(frontier.root())).toBe('5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328');
});

const SIZES = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 64, 100, 127, 128, 129, 255, 256, 257, 511, 512, 513, 600];

describe.each(SIZES)('proofs in a tree of %i leaves', (size) => {
  const root = mth(0, size);
  const flip = (hash: Uint8Array): Uint8Array => hash.with(5, (hash[5] as number) ^ 4);

  /** Names of the claims that do not come out as they should: an expectation per claim would take longer than the proofs. */
  const wrong = (claims: Readonly<Record<string, boolean>>, label: string): string[] =>
    Object.entries(claims)
      .filter(([name, holds]) => holds !== (name === 'sound'))
      .map(([name]) => `${label}: ${name}`);

  test('every leaf is proved; nothing else is', () => {
    const faults: string[] = [];
    for (let index = 0; index < size; index += 1) {
      const leaf = LEAVES[index] as Uint8Array;
      const proof = inclusionProof(hasher, node, index, size);
      const holds = (path: readonly Uint8Array[], at = index, of = leaf, under = root): boolean =>
        verifyInclusion(hasher, at, size, of, path, under);
      const claims: Record<string, boolean> = {
        sound: holds(proof),
        'another leaf': holds(proof, index, flip(leaf)),
        'another root': holds(proof, index, leaf, flip(root)),
        'a hash too many': holds([...proof, root]),
        'the next index': holds(proof, index + 1),
      };
      for (const [at, hash] of proof.entries()) {
        claims[`hash ${at} changed`] = holds(proof.with(at, flip(hash)));
        claims[`hash ${at} left out`] = holds(proof.toSpliced(at, 1));
      }
      faults.push(...wrong(claims, `leaf ${index}`));
    }
    expect(faults).toEqual([]);
  });

  test('every prefix is proved; no other tree is', () => {
    const faults: string[] = [];
    for (let old = 0; old <= size; old += 1) {
      const proof = consistencyProof(hasher, node, old, size);
      const holds = (path: readonly Uint8Array[], of = mth(0, old), under = root): boolean =>
        verifyConsistency(hasher, old, size, of, under, path);
      const claims: Record<string, boolean> = {
        sound: holds(proof),
        'another beginning': holds(proof, flip(mth(0, old))),
        // Every tree begins with the empty one.
        'another root': old > 0 && holds(proof, mth(0, old), flip(root)),
        'a hash too many': holds([...proof, root]),
      };
      for (const [at, hash] of proof.entries()) {
        claims[`hash ${at} changed`] = holds(proof.with(at, flip(hash)));
        claims[`hash ${at} left out`] = holds(proof.toSpliced(at, 1));
      }
      faults.push(...wrong(claims, `prefix ${old}`));
    }
    expect(faults).toEqual([]);
  });
});

test('proofs are refused for leaves and prefixes that a tree does not have', () => {
  expect(() => inclusionProof(hasher, node, 5, 5)).toThrow('leaf 5 is not in a tree of 5');
  expect(() => consistencyProof(hasher, node, 6, 5)).toThrow('a tree of 5 has no prefix of 6 leaves');
  expect(verifyInclusion(hasher, 0, 0, LEAVES[0] as Uint8Array, [], LEAVES[0] as Uint8Array)).toBe(false);
  expect(verifyConsistency(hasher, 6, 5, mth(0, 6), mth(0, 5), [])).toBe(false);
});
