/** The Merkle tree of RFC 6962 and RFC 9162 over SHA-256, appended to without keeping its leaves. */
import type { Sha256 } from './crypto.ts';

/** The longest entry (entry.ts) and what is hashed without an allocation. */
const MAX_ENTRY = 65_535;

/** Leaf and node hashes with the prefixes that keep one from passing for the other. */
export class TreeHasher {
  readonly sha256: Sha256;
  readonly #node = new Uint8Array(65);
  readonly #leaf = new Uint8Array(MAX_ENTRY + 1);

  constructor(sha256: Sha256) {
    this.sha256 = sha256;
    this.#node[0] = 1;
  }

  /** SHA-256(0x00 ‖ entry). */
  leaf(entry: Uint8Array): Uint8Array {
    const input = entry.length <= MAX_ENTRY ? this.#leaf : new Uint8Array(entry.length + 1);
    input.set(entry, 1);
    return this.sha256(input.subarray(0, entry.length + 1));
  }

  /** SHA-256(0x01 ‖ left ‖ right). */
  node(left: Uint8Array, right: Uint8Array): Uint8Array {
    this.#node.set(left, 1);
    this.#node.set(right, 33);
    return this.sha256(this.#node);
  }

  /** Root of no leaves: SHA-256 of nothing. */
  empty(): Uint8Array {
    return this.sha256(new Uint8Array(0));
  }
}

/** Hash of the perfect subtree over the leaves [index · 2^level, (index + 1) · 2^level). */
export type OnNode = (level: number, index: number, hash: Uint8Array) => void;

/** The roots of the perfect subtrees that make up a tree, widest first: all that appending and the root need. At most 53 hashes. */
export class Frontier {
  readonly #hasher: TreeHasher;
  readonly #hashes: Uint8Array[];
  #size: number;

  /** @throws RangeError unless there is one hash per bit that is set in size */
  constructor(hasher: TreeHasher, size = 0, hashes: readonly Uint8Array[] = []) {
    const count = subtreeCount(size);
    if (hashes.length !== count)
      throw new RangeError(`a tree of ${size} leaves has ${count} perfect subtrees, not ${hashes.length}`);
    this.#hasher = hasher;
    this.#size = size;
    this.#hashes = [...hashes];
  }

  get size(): number {
    return this.#size;
  }

  get hashes(): readonly Uint8Array[] {
    return this.#hashes;
  }

  /** Pushes a leaf and merges while the lowest bits of the size are 1: one node hash per leaf on average. */
  append(leaf: Uint8Array, onNode?: OnNode): void {
    let hash = leaf;
    let index = this.#size;
    onNode?.(0, index, hash);
    for (let level = 1; index % 2 === 1; level += 1) {
      index = (index - 1) / 2;
      hash = this.#hasher.node(this.#hashes.pop() as Uint8Array, hash);
      onNode?.(level, index, hash);
    }
    this.#hashes.push(hash);
    this.#size += 1;
  }

  /** O(log size) hashes: the fold from the right. */
  root(): Uint8Array {
    let root = this.#hashes.at(-1);
    if (root === undefined) return this.#hasher.empty();
    for (let at = this.#hashes.length - 2; at >= 0; at -= 1)
      root = this.#hasher.node(this.#hashes[at] as Uint8Array, root);
    return root;
  }
}

/** How many perfect subtrees make up a tree: one per bit that is set in its size. NaN unless the size is a safe integer of at least 0. */
export function subtreeCount(size: number): number {
  if (!Number.isSafeInteger(size) || size < 0) return Number.NaN;
  let count = 0;
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) count += rest % 2;
  return count;
}
