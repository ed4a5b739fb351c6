/** Writes entries, chains and whole logs for tests: deterministic, with keys from seeds. */
import { toBase64, toHex, utf8 } from '../src/bytes.ts';
import { emptyHead, type Head, nextHead, SYSTEM_MODEL } from '../src/chain.ts';
import type { Entry, EntryBody, Kind } from '../src/entry.ts';
import { approvalMessage, decisionIdOf, encodeEntry } from '../src/entry-codec.ts';
import { formatVkey, type VerifierKey, verifierKey } from '../src/keys.ts';
import { sha256 } from '../src/node-crypto.ts';
import { TreeHasher } from '../src/tree.ts';
import { type KeyPair, keyPair } from './key-pair.ts';

export interface NamedKey extends KeyPair {
  readonly vkey: VerifierKey;
}

export function entryKey(seed: number, name = 'weir.example/promotion'): NamedKey {
  const pair = keyPair(seed);
  return { ...pair, vkey: verifierKey(name, 'ed25519', pair.key, sha256) };
}

export const digest = (text: string): string => toHex(sha256(utf8(text)));

export type Change = Partial<Omit<EntryBody, 'decision'>> & { readonly decision?: Partial<Entry['decision']> };

/** A body that would follow the head; fields may be changed. */
export function bodyAfter(head: Head, model: string, kind: Kind, keyId: string, change: Change = {}): EntryBody {
  const seq = head.seq + 1;
  const { decision, ...fields } = change;
  return {
    v: 1,
    model,
    seq,
    prev: toHex(head.leaf),
    owner: kind === 'epoch-claim' ? head.owner + 1 : head.owner,
    epoch: kind === 'weights-set' ? head.epoch + 1 : head.epoch,
    no: seq,
    kind,
    time: 1_770_000_000_000 + seq * 1_000,
    actor: { service: 'promotion' },
    decision: {
      action: kind,
      policyHash: digest('policy'),
      cursor: { n: seq * 100, maturity: 3_600_000, id: `o-${seq}` },
      stateHash: digest(`${model} ${seq}`),
      reasons: [`${kind} at ${seq}`],
      ...decision,
    },
    inputs: { journal: { partition: 3, seq: seq + 7 } },
    keyId,
    ...fields,
  };
}

/** The author of one log's chains: what it writes is always admissible, unless a change makes it otherwise. */
export class Author {
  readonly origin: string;
  readonly hasher: TreeHasher = new TreeHasher(sha256);
  readonly heads: Map<string, Head> = new Map();
  key: NamedKey;

  constructor(origin: string, key: NamedKey) {
    this.origin = origin;
    this.key = key;
  }

  head(model: string): Head {
    return this.heads.get(model) ?? emptyHead(this.origin, model, sha256);
  }

  /** Bytes of the next entry of the model; the chain goes on from it. */
  write(model: string, kind: Kind = 'weights-set', change: Change = {}): Uint8Array {
    return this.#commit(bodyAfter(this.head(model), model, kind, this.key.vkey.keyId, change));
  }

  /** Hands the author's key over to another, in the system chain. */
  rotate(next: NamedKey, change: Change = {}): Uint8Array {
    const vkey = formatVkey(next.vkey);
    const decision = {
      from: this.key.vkey.keyId,
      to: next.vkey.keyId,
      stateHash: digest(vkey),
      evidence: { key: vkey },
    };
    const body = bodyAfter(this.head(SYSTEM_MODEL), SYSTEM_MODEL, 'key-rotated', this.key.vkey.keyId, { decision });
    const of = decisionIdOf(body, sha256);
    const approval = { of, keyId: next.vkey.keyId, sig: toBase64(next.sign(approvalMessage(of))) };
    const { decision: changed, ...fields } = change;
    const bytes = this.#commit({ ...body, approval, ...fields, decision: { ...body.decision, ...changed } });
    this.key = next;
    return bytes;
  }

  #commit(body: EntryBody): Uint8Array {
    const bytes = encodeEntry(body, sha256, this.key.sign);
    this.heads.set(body.model, nextHead(this.head(body.model), body as Entry, this.hasher.leaf(bytes)));
    return bytes;
  }
}
