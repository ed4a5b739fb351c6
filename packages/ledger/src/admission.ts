/**
 * Which records of the topic are leaves. The rules depend on the records alone, so that every reader of the topic computes the same leaves,
 * and the verifier applies the same rules again.
 */
import { equalBytes, toHex, utf8 } from './bytes.ts';
import { chainFault, emptyHead, type Head, nextHead, SYSTEM_MODEL } from './chain.ts';
import { type Entry, EntryError } from './entry.ts';
import { approvalMessage, decodeEntry, signatureOf, signedMessage } from './entry-codec.ts';
import { type KeyRing, parseVkey, type VerifierKey } from './keys.ts';
import type { TreeHasher } from './tree.ts';

export interface AdmissionState {
  readonly origin: string;
  /** Leaves so far: the index of the next one. */
  size: number;
  readonly heads: Map<string, Head>;
  readonly keys: KeyRing;
}

export interface Record {
  /** Canonical JSON of the entry. */
  readonly bytes: Uint8Array;
  /** Fields that the topic's event repeats for routing. A bundle has none. */
  readonly routing?: Pick<Entry, 'model' | 'seq' | 'owner' | 'kind'>;
}

export type Refusal =
  | 'malformed'
  | 'routing'
  | 'key'
  | 'signature'
  | 'approval'
  | 'rotation'
  | 'duplicate'
  | 'halted'
  | 'stale'
  | 'fork'
  | 'gap'
  | 'broken'
  | 'unclaimed'
  | 'epoch';

export interface Admitted {
  readonly reason?: undefined;
  readonly entry: Entry;
  readonly leaf: Uint8Array;
}

export interface Refused {
  readonly reason: Refusal;
  readonly detail: string;
  /** Absent when the record could not be read. */
  readonly entry?: Entry;
}

export type Verdict = Admitted | Refused;

/** One Ed25519 signature to check, of the entry that would take this index. */
export interface SignatureCheck {
  readonly index: number;
  readonly key: VerifierKey;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

export interface AdmissionTools {
  readonly hasher: TreeHasher;
  /** Signatures of entries and approvals. A verifier may answer true and check later; absent where it rests on the checkpoint. */
  readonly checkEntry?: ((check: SignatureCheck) => boolean) | undefined;
  /** Signatures of key rotations, which decide what later signatures are worth: always checked at once. */
  readonly checkRotation: (check: SignatureCheck) => boolean;
  /** Leaf hash admitted earlier at (model, seq), where the caller has an index: tells a repeated record from a fork. */
  readonly leafOf?: (model: string, seq: number) => Uint8Array | undefined;
}

/** Alarms: the model takes no more entries. */
const HALTING: ReadonlySet<Refusal> = new Set<Refusal>(['fork', 'gap', 'broken']);

/** The action of an epoch-claim that lifts a halt. */
const LIFT_HALT = 'lift-halt';

/** Judges a record; the state stays as it is. */
export function admit(state: AdmissionState, record: Record, tools: AdmissionTools): Verdict {
  const { hasher } = tools;
  let entry: Entry;
  try {
    entry = decodeEntry(record.bytes, hasher.sha256);
  } catch (error) {
    if (error instanceof EntryError) return { reason: 'malformed', detail: error.message };
    throw error;
  }
  const routing = routingFault(entry, record.routing);
  if (routing !== undefined) return { reason: 'routing', detail: routing, entry };
  const head = state.heads.get(entry.model) ?? emptyHead(state.origin, entry.model, hasher.sha256);
  const leaf = hasher.leaf(record.bytes);
  if (isDuplicate(head, entry, leaf, tools))
    return { reason: 'duplicate', detail: `${entry.model} has this entry at seq ${entry.seq} already`, entry };
  const unsigned = signatureFault(state, entry, record.bytes, tools);
  if (unsigned !== undefined) return { ...unsigned, entry };
  const fault = chainFault(head, entry);
  if (head.halted !== undefined && (fault !== undefined || !isLift(entry)))
    return { reason: 'halted', detail: `${entry.model} is halted: ${head.halted}`, entry };
  if (fault !== undefined) return { ...fault, entry };
  if (entry.kind === 'key-rotated') {
    const detail = rotationFault(state, entry, tools);
    if (detail !== undefined) return { reason: 'rotation', detail, entry };
  }
  return { entry, leaf };
}

/** Moves the state past a record that was judged by `admit` in this state. Refused records change it only where they halt a model; a lift ends a halt. */
export function advance(state: AdmissionState, verdict: Verdict, hasher: TreeHasher): void {
  const { entry } = verdict;
  if (entry === undefined) return;
  const head = state.heads.get(entry.model) ?? emptyHead(state.origin, entry.model, hasher.sha256);
  if (verdict.reason !== undefined) {
    if (HALTING.has(verdict.reason))
      state.heads.set(entry.model, { ...head, halted: `${verdict.reason}: ${verdict.detail}` });
    return;
  }
  state.heads.set(entry.model, nextHead(head, entry, verdict.leaf));
  if (entry.kind === 'key-rotated')
    state.keys.rotate({ index: state.size, oldKeyId: entry.keyId, next: introducedKey(entry, hasher) as VerifierKey });
  state.size += 1;
}

/**
 * Whether a halted model may go on with this entry: a claim of the next owner by a person, which names another person who asked for the same.
 * What owners before it write is stale from then on, so that the fault does not halt the model again.
 */
export function isLift({ kind, actor, decision }: Entry): boolean {
  if (kind !== 'epoch-claim' || decision.action !== LIFT_HALT || !('principal' in actor)) return false;
  const askedBy = decision.evidence?.['askedBy'];
  return typeof askedBy === 'string' && askedBy !== '' && askedBy !== actor.principal;
}

function routingFault(entry: Entry, routing: Record['routing']): string | undefined {
  if (routing === undefined) return undefined;
  for (const field of ['model', 'seq', 'owner', 'kind'] as const)
    if (routing[field] !== entry[field])
      return `${field} is ${JSON.stringify(routing[field])} in the event and ${JSON.stringify(entry[field])} in the entry`;
  return undefined;
}

function isDuplicate(head: Head, { model, seq }: Entry, leaf: Uint8Array, { leafOf }: AdmissionTools): boolean {
  if (seq > head.seq) return false;
  if (seq === head.seq) return equalBytes(head.leaf, leaf);
  const earlier = leafOf?.(model, seq);
  return earlier !== undefined && equalBytes(earlier, leaf);
}

function signatureFault(
  { keys, size: index }: AdmissionState,
  entry: Entry,
  bytes: Uint8Array,
  tools: AdmissionTools,
): Refused | undefined {
  const key = keys.activeAt('entry', entry.keyId, index);
  if (key === undefined) return { reason: 'key', detail: keys.describe('entry', entry.keyId, index) };
  const check = entry.kind === 'key-rotated' ? tools.checkRotation : tools.checkEntry;
  if (check?.({ index, key, message: signedMessage(bytes, entry), signature: signatureOf(entry) }) === false)
    return { reason: 'signature', detail: `the signature is not that of ${entry.keyId} over this entry` };
  const { approval } = entry;
  if (approval === undefined || entry.kind === 'key-rotated') return undefined;
  const approver = keys.activeAt('approver', approval.keyId, index);
  if (approver === undefined) return { reason: 'approval', detail: keys.describe('approver', approval.keyId, index) };
  const message = approvalMessage(approval.of);
  if (tools.checkEntry?.({ index, key: approver, message, signature: signatureOf(approval) }) !== false)
    return undefined;
  return { reason: 'approval', detail: `the approval is not that of ${approval.keyId} over decision ${approval.of}` };
}

/**
 * The entry names the old key (`from`, which signs it) and the new one (`to`, in full in `evidence.key`). Its state hash is SHA-256 of the
 * new verifier key, so that the decision id stands for that key, and the new key approves the decision id.
 */
function rotationFault(state: AdmissionState, entry: Entry, tools: AdmissionTools): string | undefined {
  const { decision, approval } = entry;
  if (entry.model !== SYSTEM_MODEL) return `keys are rotated in the chain ${SYSTEM_MODEL}, not in ${entry.model}`;
  const next = introducedKey(entry, tools.hasher);
  if (next === undefined || next.keyId !== decision.to)
    return 'decision.evidence.key must be the Ed25519 verifier key that decision.to names';
  if (decision.from !== entry.keyId) return `decision.from must be ${entry.keyId}, the key that signs`;
  if (toHex(tools.hasher.sha256(utf8(String(decision.evidence?.['key'])))) !== decision.stateHash)
    return 'decision.stateHash must be the SHA-256 of decision.evidence.key';
  if (approval === undefined || approval.keyId !== next.keyId || approval.of !== entry.decisionId)
    return 'approval must be the new key on this decision id';
  const message = approvalMessage(entry.decisionId);
  if (!tools.checkRotation({ index: state.size, key: next, message, signature: signatureOf(approval) }))
    return `the countersignature is not that of ${next.keyId}`;
  return state.keys.rotationFault(entry.keyId, next);
}

function introducedKey(entry: Entry, { sha256 }: TreeHasher): VerifierKey | undefined {
  const key = parseVkey(String(entry.decision.evidence?.['key']), sha256);
  return key?.type === 'ed25519' ? key : undefined;
}
