/** One chain of entries per model: where it begins and where it stands. */
import { isHexOf, toHex, utf8 } from './bytes.ts';
import type { Sha256 } from './crypto.ts';
import type { Entry } from './entry.ts';

/** The chain of entries that belong to no single model: key rotations and general drills. One per tree. */
export const SYSTEM_MODEL = '_system';

/** The model's last admitted entry, as far as the next one is judged by it. */
export interface Head {
  readonly seq: number;
  /** Leaf hash; of an empty chain, its genesis. */
  readonly leaf: Uint8Array;
  readonly owner: number;
  readonly epoch: number;
  readonly keyId: string;
  /** The seq at which the owner claimed the model; 0 before the first claim. */
  readonly claimSeq: number;
  /** Why the model takes no more entries until two people have lifted the halt. */
  readonly halted?: string;
}

/** SHA-256("weir/genesis/v1\n" ‖ origin ‖ "\n" ‖ model): a chain cannot be moved to another log or model. */
export function genesis(origin: string, model: string, sha256: Sha256): Uint8Array {
  return sha256(utf8(`weir/genesis/v1\n${origin}\n${model}`));
}

export function emptyHead(origin: string, model: string, sha256: Sha256): Head {
  return { seq: 0, leaf: genesis(origin, model, sha256), owner: 0, epoch: 0, keyId: '', claimSeq: 0 };
}

export function nextHead(head: Head, entry: Entry, leaf: Uint8Array): Head {
  const { seq, owner, epoch, keyId } = entry;
  return { seq, leaf, owner, epoch, keyId, claimSeq: entry.kind === 'epoch-claim' ? seq : head.claimSeq };
}

export interface ChainFault {
  readonly reason: 'stale' | 'fork' | 'gap' | 'broken' | 'unclaimed' | 'epoch';
  readonly detail: string;
}

/**
 * Why an entry that is signed and well formed cannot follow the head; undefined when it can.
 * @param entry not the bytes of the head or of an earlier entry: those are duplicates, which the caller knows by their leaf hash
 */
export function chainFault(head: Head, entry: Entry): ChainFault | undefined {
  const { model, seq, owner, epoch, prev } = entry;
  const isClaim = entry.kind === 'epoch-claim';
  if (seq <= head.seq) {
    if (owner < head.owner) return { reason: 'stale', detail: `owner epoch ${owner} was taken over by ${head.owner}` };
    // The first claim in log order at this seq won: the loser stands down, and no alarm is due.
    if (isClaim && owner === head.owner && seq === head.claimSeq)
      return { reason: 'stale', detail: `owner epoch ${owner} was claimed by an earlier entry` };
    return { reason: 'fork', detail: `${model} has another entry at seq ${seq}` };
  }
  if (owner < head.owner) return { reason: 'stale', detail: `owner epoch ${owner} was taken over by ${head.owner}` };
  if (seq > head.seq + 1)
    return {
      reason: 'gap',
      detail: `${model} goes from seq ${head.seq} to ${seq}: ${seq - head.seq - 1} entries are missing`,
    };
  if (!isHexOf(prev, head.leaf))
    return {
      reason: 'broken',
      detail: `prev is ${prev}, ${head.seq === 0 ? 'the genesis' : `the entry before`} is ${toHex(head.leaf)}`,
    };
  if (isClaim ? owner !== head.owner + 1 : owner !== head.owner)
    return {
      reason: 'unclaimed',
      detail: `owner epoch goes from ${head.owner} to ${owner}; only an epoch-claim raises it, by one`,
    };
  if (epoch < head.epoch) return { reason: 'epoch', detail: `the split epoch falls from ${head.epoch} to ${epoch}` };
  return undefined;
}
