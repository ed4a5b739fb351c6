/** Writes decisions: a chained entry on the governance log, and for changes of traffic the split that follows from it. */
import type { BucketRange } from '@weir/bandit/assignment';
import { rangesFor } from '@weir/bandit/bucket-ranges';
import { encode } from '@weir/events/codec';
import { toHex, utf8 } from '@weir/ledger/bytes';
import { emptyHead, type Head, nextHead } from '@weir/ledger/chain';
import type { Cursor, Entry, EntryBody, Kind } from '@weir/ledger/entry';
import { decodeEntry, encodeEntry } from '@weir/ledger/entry-codec';
import { canonicalize } from '@weir/ledger/jcs';
import { sha256 } from '@weir/ledger/node-crypto';
import { TreeHasher } from '@weir/ledger/tree';
import type { StepContext } from '@weir/service-kit/processor';
import { askActuators } from './actuation.ts';
import { hexOf } from './joiner.ts';
import { stateHashOf } from './saved-state.ts';
import type { Signer } from './signer.ts';
import { epochOf, keep, MAX_SHOWN, MAX_SPLITS, type ModelState, type Split, splitOf, versionOf } from './state.ts';

/** What a kernel is made with, besides the state. */
export interface KernelConfig {
  /** Names the log: its origin is `<deployment>/governance/<partition>`. */
  readonly deployment: string;
  /** Of the key that signs. */
  readonly keyId: string;
  /** Where its private key is: recorded, so that a replay on the same machine finds it. Empty without one. */
  readonly keyFile: string;
  readonly leaseMs: number;
  readonly allowedLatenessMs: number;
  readonly idleAfterMs: number;
  /** Predictions of one model that may wait for outcomes. */
  readonly maxOpen: number;
  /** Public keys of approvers, as vkeys: those that readers of the log trust. */
  readonly approvers: readonly string[];
}

/** Everything that a transition needs to be carried out. */
export interface Run {
  readonly state: ModelState;
  readonly context: StepContext;
  readonly config: KernelConfig;
  readonly signer: Signer;
  /** Event time of what causes it, ms. */
  readonly timeMs: number;
}

export interface Decision {
  readonly kind: Kind;
  /** Like the kind where it says all. */
  readonly action?: string;
  readonly actor?: Entry['actor'];
  readonly approval?: Entry['approval'];
  readonly from?: string | null;
  readonly to?: string | null;
  /** New shares in 1/10^6: a split follows. */
  readonly weights?: ReadonlyMap<string, number>;
  readonly salt?: string;
  readonly evidence?: Readonly<Record<string, number | string>>;
  readonly reasons?: readonly string[];
}

const NO_POLICY = '0'.repeat(64);
/** Splits on the topic are decisions and hold until the next; leases are renewed over REST. The last date there is. */
export const NO_END_MS = 8_640_000_000_000_000;
const SERVICE = { service: 'promotion' };
const hasher = new TreeHasher(sha256);

/** Records a decision. @returns its id */
export function record(run: Run, decision: Decision): string {
  const { state, context, config } = run;
  state.head ??= emptyHead(`${config.deployment}/governance/${context.partition}`, state.model, sha256);
  // An owner claims a chain with its first decision about the model: its splits stand above those of every owner before it.
  if (state.head.owner === 0 || state.claimedBy !== context.commit.owner) {
    state.claimedBy = context.commit.owner;
    append(run, state.head, { kind: 'epoch-claim' }, state.decisions, state.head.owner + 1);
  }
  state.decisions += 1;
  const entry = append(run, state.head, decision, state.decisions, state.head.owner);
  const { decisionId } = entry;
  if (decision.weights !== undefined) changeSplit(run, decision, entry);
  show(run, entry);
  return decisionId;
}

/** Goes on after an entry that the log names, under the next owner: what was written after it is not in the log. */
export function claimAfter(run: Run, head: Head, decision: Decision): void {
  run.state.head = head;
  run.state.claimedBy = run.context.commit.owner;
  show(run, append(run, head, decision, run.state.decisions, head.owner + 1));
}

function show({ state, timeMs }: Run, entry: Entry): void {
  keep(
    state.shown,
    {
      no: entry.no,
      kind: entry.kind,
      action: entry.decision.action,
      decisionId: entry.decisionId,
      timeMs,
      from: entry.decision.from ?? null,
      to: entry.decision.to ?? null,
      reasons: entry.decision.reasons,
      weights: entry.decision.weights ?? null,
      actor: 'service' in entry.actor ? entry.actor.service : entry.actor.principal,
    },
    MAX_SHOWN,
  );
}

function append(run: Run, head: Head, decision: Decision, no: number, owner: number): Entry {
  const { state, context, config, signer, timeMs } = run;
  const { kind, action = kind, actor = SERVICE, approval, from, to, weights, evidence, reasons = [] } = decision;
  const epoch = epochOf(state) + (weights === undefined ? 0 : 1);
  const digest = versionOf(state, to ?? '')?.digest ?? null;
  const body: EntryBody = {
    v: 1,
    model: state.model,
    seq: head.seq + 1,
    prev: toHex(head.leaf),
    owner,
    epoch,
    no,
    kind,
    time: timeMs,
    actor,
    ...(approval === undefined ? {} : { approval }),
    decision: {
      action,
      policyHash: state.policy?.hash ?? NO_POLICY,
      ...(state.test === null ? {} : { testId: state.test.id }),
      cursor: cursorOf(state),
      stateHash: stateHashOf(state),
      ...(from == null ? {} : { from }),
      ...(to == null ? {} : { to }),
      ...(weights === undefined ? {} : { weights: Object.fromEntries(weights) }),
      ...(evidence === undefined ? {} : { evidence }),
      reasons,
    },
    inputs: { journal: { partition: context.partition, seq: context.commit.seq } },
    ...(digest === null ? {} : { refs: { digest } }),
    keyId: config.keyId,
  };
  const bytes = encodeEntry(body, sha256, signer.sign);
  const entry = decodeEntry(bytes, sha256);
  const leaf = hasher.leaf(bytes);
  state.head = nextHead(head, entry, new Uint8Array(leaf));
  context.emit(0, {
    topic: 'governance-log',
    key: state.model,
    value: encode('GovernanceEntry', { model: state.model, seq: entry.seq, owner, kind, entry: Buffer.from(bytes) }),
    id: toHex(leaf),
    eventTimeMs: timeMs,
  });
  return entry;
}

/** The id of the prediction stands there by its hash: entries hold no personal data. */
function cursorOf({ cursor: { n, maturity, hash } }: ModelState): Cursor {
  return { n, maturity, id: hash === null ? '' : hexOf(hash) };
}

function changeSplit(run: Run, { weights = new Map(), salt }: Decision, { epoch, decisionId }: Entry): void {
  const { state, timeMs } = run;
  const before = splitOf(state);
  // Units keep their arm while the salt stays: only what a growing arm takes moves.
  const kept = salt === undefined || salt === before?.salt ? (before?.ranges ?? []) : [];
  const split: Split = {
    epoch,
    decisionId,
    salt: salt ?? before?.salt ?? 'none',
    timeMs,
    weights: Object.fromEntries(weights),
    ranges: rangesFor(kept, weights),
  };
  keep(state.splits, split, MAX_SPLITS);
  askActuators(state, split, ownerOf(state));
  publish(run, split);
}

function publish({ state, context, config, signer, timeMs }: Run, split: Split): void {
  const document = splitDocument(splitPlaceOf(state, split), split, config, NO_END_MS);
  context.emit(0, {
    topic: 'traffic-splits',
    key: state.model,
    value: encode('TrafficSplitSet', {
      ...document,
      arms: split.weights,
      keyId: config.keyId === 'unsigned' ? null : config.keyId,
      signature: config.keyId === 'unsigned' ? Buffer.alloc(0) : Buffer.from(signSplit(document, signer)),
      eventTimeMs: timeMs,
    }),
    id: split.decisionId,
    eventTimeMs: timeMs,
  });
}

export interface SplitDocument {
  readonly model: string;
  readonly owner: number;
  readonly epoch: number;
  readonly champion: string;
  readonly arms: Readonly<Record<string, number>>;
  readonly ranges: readonly { readonly version: string; readonly from: number; readonly to: number }[];
  readonly salt: string;
  readonly leaseMs: number;
  readonly validUntilMs: number;
  readonly decisionId: string;
}

/** What a split says besides the shares. */
export type SplitPlace = Pick<SplitDocument, 'model' | 'champion' | 'owner'>;

export function splitPlaceOf(state: ModelState, split: Split): SplitPlace {
  return { model: state.model, champion: safeVersion(state, split), owner: ownerOf(state) };
}

/**
 * What clients serve once their lease is over. In a holdback that is the old champion: the new one may be rolled back without their knowing.
 */
function safeVersion({ champion, test }: ModelState, { weights }: Split): string {
  const [only, another] = Object.keys(weights).filter((version) => weights[version] !== 0);
  return (another === undefined ? only : undefined) ?? test?.champion ?? champion ?? '';
}

/** Of the chain of a model; 0 before its first entry. */
function ownerOf({ head }: ModelState): number {
  return head?.owner ?? 0;
}

export function splitDocument(
  { model, champion, owner }: SplitPlace,
  { epoch, salt, weights, ranges, decisionId }: Split,
  { leaseMs }: Pick<KernelConfig, 'leaseMs'>,
  validUntilMs: number,
): SplitDocument {
  const shown = ranges.map(({ arm, start, end }: BucketRange) => ({ version: arm, from: start, to: end }));
  return {
    model,
    owner,
    epoch,
    champion,
    arms: weights,
    ranges: shown,
    salt,
    leaseMs,
    validUntilMs,
    decisionId,
  };
}

/** Ed25519 over "weir/split/v1\n" ‖ JCS of the arms by name and the rest of the document. */
export function signSplit({ arms, ...rest }: SplitDocument, signer: Signer): Uint8Array {
  // Names of versions need not be ASCII, which keys must be: arms are signed as pairs.
  const pairs = Object.entries(arms).sort(([a], [b]) => (a < b ? -1 : 1));
  return signer.sign(utf8(`weir/split/v1\n${canonicalize({ ...rest, arms: pairs })}`));
}
