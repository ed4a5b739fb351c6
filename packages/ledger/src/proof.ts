/** Inclusion and consistency proofs: RFC 6962 sections 2.1.1 and 2.1.2, verified as in RFC 9162 sections 2.1.3.2 and 2.1.4.2. */
import { equalBytes } from './bytes.ts';
import type { TreeHasher } from './tree.ts';

/** Hash of the perfect subtree over the leaves [index · 2^level, (index + 1) · 2^level), for subtrees that are complete. */
export type NodeReader = (level: number, index: number) => Uint8Array;

/** Sibling hashes from the leaf to below the root. O(log² size) reads. @throws RangeError unless 0 ≤ index < size */
export function inclusionProof(hasher: TreeHasher, node: NodeReader, index: number, size: number): Uint8Array[] {
  if (!(index >= 0 && index < size)) throw new RangeError(`leaf ${index} is not in a tree of ${size}`);
  const path: Uint8Array[] = [];
  let start = 0;
  let end = size;
  while (end - start > 1) {
    const middle = start + split(end - start);
    if (index < middle) {
      path.push(rangeHash(hasher, node, middle, end));
      end = middle;
    } else {
      path.push(rangeHash(hasher, node, start, middle));
      start = middle;
    }
  }
  return path.reverse();
}

/** @throws RangeError unless 0 ≤ oldSize ≤ size. Empty when oldSize is 0 or size. */
export function consistencyProof(hasher: TreeHasher, node: NodeReader, oldSize: number, size: number): Uint8Array[] {
  if (!(oldSize >= 0 && oldSize <= size)) throw new RangeError(`a tree of ${size} has no prefix of ${oldSize} leaves`);
  if (oldSize === 0 || oldSize === size) return [];
  const path: Uint8Array[] = [];
  let start = 0;
  let end = size;
  while (end !== oldSize) {
    const middle = start + split(end - start);
    if (oldSize <= middle) {
      path.push(rangeHash(hasher, node, middle, end));
      end = middle;
    } else {
      path.push(rangeHash(hasher, node, start, middle));
      start = middle;
    }
  }
  // A subtree that begins at leaf 0 is the old root itself, which the verifier has.
  if (start !== 0) path.push(rangeHash(hasher, node, start, end));
  return path.reverse();
}

/** One hash per level, about 20 at 10⁶ leaves. */
export function verifyInclusion(
  hasher: TreeHasher,
  index: number,
  size: number,
  leaf: Uint8Array,
  proof: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  if (!(Number.isSafeInteger(index) && Number.isSafeInteger(size) && index >= 0 && index < size)) return false;
  let place = index;
  let last = size - 1;
  let hash = leaf;
  for (const sibling of proof) {
    if (last === 0 || sibling.length !== 32) return false;
    if (place % 2 === 1 || place === last) {
      hash = hasher.node(sibling, hash);
      while (place % 2 === 0 && place !== 0) {
        place /= 2;
        last = Math.floor(last / 2);
      }
    } else hash = hasher.node(hash, sibling);
    place = Math.floor(place / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && equalBytes(hash, root);
}

/** Whether the tree of `size` leaves has the tree of `oldSize` leaves as its beginning. The proof is empty when oldSize is 0 or size. */
export function verifyConsistency(
  hasher: TreeHasher,
  oldSize: number,
  size: number,
  oldRoot: Uint8Array,
  root: Uint8Array,
  proof: readonly Uint8Array[],
): boolean {
  if (!(Number.isSafeInteger(oldSize) && Number.isSafeInteger(size) && oldSize >= 0 && oldSize <= size)) return false;
  if (oldSize === size) return proof.length === 0 && equalBytes(oldRoot, root);
  if (oldSize === 0) return proof.length === 0 && equalBytes(oldRoot, hasher.empty());
  if (proof.some(({ length }) => length !== 32)) return false;
  const path = 2 ** floorLog2(oldSize) === oldSize ? [oldRoot, ...proof] : proof;
  let place = oldSize - 1;
  let last = size - 1;
  while (place % 2 === 1) {
    place = (place - 1) / 2;
    last = Math.floor(last / 2);
  }
  const first = path[0];
  if (first === undefined) return false;
  let old = first;
  let now = first;
  for (const sibling of path.slice(1)) {
    if (last === 0) return false;
    if (place % 2 === 1 || place === last) {
      old = hasher.node(sibling, old);
      now = hasher.node(sibling, now);
      while (place % 2 === 0 && place !== 0) {
        place /= 2;
        last = Math.floor(last / 2);
      }
    } else now = hasher.node(now, sibling);
    place = Math.floor(place / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && equalBytes(old, oldRoot) && equalBytes(now, root);
}

/** Root over the leaves [start, end), where start is a multiple of a power of two of at least end − start. */
export function rangeHash(hasher: TreeHasher, node: NodeReader, start: number, end: number): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let at = start; at < end; ) {
    const level = floorLog2(end - at);
    parts.push(node(level, at / 2 ** level));
    at += 2 ** level;
  }
  return parts.reduceRight((right, left) => hasher.node(left, right));
}

/** The largest power of two below a length of at least 2. */
function split(length: number): number {
  return 2 ** floorLog2(length - 1);
}

/** Math.log2 rounds: just below a large power of two it would be one too high. */
function floorLog2(value: number): number {
  let level = 0;
  while (2 ** (level + 1) <= value) level += 1;
  return level;
}
