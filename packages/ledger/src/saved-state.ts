/** What a verifier keeps of a log that it found sound, so that the next run reads only what is new. Trusted: it belongs to the verifier. */
import { fromHex, toHex } from './bytes.ts';
import type { Head } from './chain.ts';
import type { Sha256 } from './crypto.ts';
import { canonicalize, type Json } from './jcs.ts';
import { formatVkey, parseVkey, type Rotation } from './keys.ts';
import { subtreeCount } from './tree.ts';

export interface SavedState {
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
  /** Roots of the perfect subtrees, widest first. */
  readonly frontier: readonly Uint8Array[];
  readonly heads: ReadonlyMap<string, Head>;
  /** The rest of the keys is in the trust file, which may have changed. */
  readonly rotations: readonly Rotation[];
}

const FORMAT = 'weir-verified/1';

export function formatSavedState({ origin, size, root, frontier, heads, rotations }: SavedState): string {
  const state = {
    format: FORMAT,
    origin,
    size,
    root: toHex(root),
    frontier: frontier.map(toHex),
    heads: [...heads].map(([model, head]) => ({ model, ...head, leaf: toHex(head.leaf) })),
    rotations: rotations.map(({ index, oldKeyId, next }) => ({ index, oldKeyId, next: formatVkey(next) })),
  };
  return `${canonicalize(state as unknown as Json)}\n`;
}

/** @returns undefined on anything but a saved state of this format */
export function parseSavedState(text: string, sha256: Sha256): SavedState | undefined {
  try {
    const value = JSON.parse(text) as {
      readonly format: string;
      readonly origin: string;
      readonly size: number;
      readonly root: string;
      readonly frontier: readonly string[];
      readonly heads: readonly (Omit<Head, 'leaf'> & { readonly model: string; readonly leaf: string })[];
      readonly rotations: readonly { readonly index: number; readonly oldKeyId: string; readonly next: string }[];
    };
    if (value.format !== FORMAT || value.frontier.length !== subtreeCount(value.size)) return undefined;
    return {
      origin: value.origin,
      size: value.size,
      root: hash(value.root),
      frontier: value.frontier.map(hash),
      heads: new Map(value.heads.map(({ model, leaf, ...head }) => [model, { ...head, leaf: hash(leaf) }])),
      rotations: value.rotations.map(({ index, oldKeyId, next }) => {
        const vkey = parseVkey(next, sha256);
        if (vkey === undefined) throw new SyntaxError('not a verifier key');
        return { index, oldKeyId, next: vkey };
      }),
    };
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined;
    throw error;
  }
}

function hash(text: string): Uint8Array {
  const bytes = fromHex(text);
  if (bytes?.length !== 32) throw new SyntaxError('not a hash');
  return bytes;
}
