/** What routes say of decisions: each answer names the checkpoint that it stands under. */
import { toBase64 } from '@weir/ledger/bytes';
import type { Entry, Kind } from '@weir/ledger/entry';
import type { ReadCheckpoint } from './log-reader.ts';
import type { Found, Log } from './logs.ts';

/** Entries that an explanation or a timeline names at the most. */
const MAX_NAMED = 200;

export interface CheckpointShown {
  readonly origin: string;
  readonly size: number;
  readonly root: string;
}

export function shownCheckpoint({ origin, size, root }: ReadCheckpoint): CheckpointShown {
  return { origin, size, root: toBase64(root) };
}

/** The entry as its author signed it, and where it lies. */
export function shownDecision({ checkpoint, place, entry }: Found): object {
  const path = `/v1/decisions/${entry.decisionId}`;
  return {
    ...entry,
    index: place,
    checkpoint: shownCheckpoint(checkpoint),
    links: { explain: `${path}/explain`, proof: `${path}/proof` },
  };
}

/** One line of a list. */
export interface DecisionSummary
  extends Pick<Entry, 'decisionId' | 'model' | 'seq' | 'no' | 'kind' | 'time' | 'actor'> {
  readonly action: string;
  readonly from: string | null;
  readonly to: string | null;
  readonly weights: Readonly<Record<string, number>> | null;
  readonly testId: string | null;
  readonly reasons: readonly string[];
  readonly index: number;
}

export function summaryOf({ entry, place }: Found): DecisionSummary {
  const { decisionId, model, seq, no, kind, time, actor, decision } = entry;
  const { action, from = null, to = null, weights = null, testId = null, reasons } = decision;
  return { decisionId, model, seq, no, kind, action, time, actor, from, to, weights, testId, reasons, index: place };
}

/** Entries that say who serves afterwards: their `to`, or of those that open or steer a test their `from`. */
const CHAMPION_TO: readonly Kind[] = ['promoted', 'rolled-back', 'killed', 'retired', 'break-glass'];
const CHAMPION_FROM: readonly Kind[] = ['test-opened', 'weights-set'];
const WEIGHED: readonly Kind[] = ['test-opened', 'weights-set', 'reset', ...CHAMPION_TO];
const HALTS: readonly Kind[] = ['frozen', 'killed'];
/** A kill that one of two people has asked to lift is a kill. */
const ASKED = 'unfreeze-asked';

function championOf({ kind, decision }: Entry): string | undefined {
  if (CHAMPION_TO.includes(kind) || kind === 'version-registered') return decision.to;
  return CHAMPION_FROM.includes(kind) ? decision.from : undefined;
}

export interface Live {
  /** ms; null for the end of the log. */
  readonly at: number | null;
  readonly champion: string | null;
  /** In 1/10^6. */
  readonly weights: Readonly<Record<string, number>> | null;
  readonly policyHash: string | null;
  readonly halt: string;
  readonly because: Readonly<Record<'champion' | 'weights' | 'policy' | 'halt', DecisionSummary | null>>;
}

/** What served at a time and why, by the chain: entries of event time up to `atMs`; all of them unless given. */
export function liveAt(log: Log, checkpoint: ReadCheckpoint, model: string, atMs?: number): Live {
  const until = atMs === undefined ? {} : { untilMs: atMs };
  const newest = (kinds: readonly Kind[], holds: (entry: Entry) => boolean): Found | undefined =>
    log.first(checkpoint, { model, kinds, limit: MAX_NAMED, ...until }, holds);
  const last = (kinds: readonly Kind[]): Found | undefined =>
    log.find(checkpoint, { model, kinds, limit: 1, ...until })[0];
  // Before anything is decided the first version of a model serves.
  const [first] = log.find(checkpoint, {
    model,
    kinds: ['version-registered'],
    limit: 1,
    oldestFirst: true,
    ...until,
  });
  const decided = last([...CHAMPION_TO, ...CHAMPION_FROM]) ?? first;
  const promoted = last(CHAMPION_TO) ?? first;
  const weighed = newest(WEIGHED, ({ decision }) => decision.weights !== undefined);
  const policy = last(['policy-set']);
  const halted = newest(HALTS, ({ decision }) => decision.action !== ASKED);
  const halt = halted?.entry.decision.action === 'unfreeze' ? undefined : halted;
  const reason = (found: Found | undefined): DecisionSummary | null => (found === undefined ? null : summaryOf(found));
  const champion = decided === undefined ? undefined : championOf(decided.entry);
  return {
    at: atMs ?? null,
    champion: champion ?? null,
    weights: weighed?.entry.decision.weights ?? (champion === undefined ? null : { [champion]: 1_000_000 }),
    policyHash: decided?.entry.decision.policyHash ?? null,
    halt: halt?.entry.kind ?? 'none',
    because: {
      champion: reason(promoted ?? decided),
      weights: reason(weighed),
      policy: reason(policy),
      halt: reason(halt),
    },
  };
}

/** Why a decision was made: what it rests on, the test that it belongs to, and who agreed. */
export function explained(found: Found): object {
  const { log, checkpoint, entry } = found;
  const { model, seq, decision, inputs, refs } = entry;
  const { testId, policyHash, cursor, stateHash, evidence = {}, reasons } = decision;
  const before = (kinds: readonly Kind[]): readonly Found[] =>
    log.find(checkpoint, {
      model,
      kinds,
      untilSeq: seq,
      limit: MAX_NAMED,
      ...(testId === undefined ? {} : { test: testId }),
    });
  const policy = log.find(checkpoint, { model, kinds: ['policy-set'], policy: policyHash, untilSeq: seq, limit: 1 })[0];
  return {
    decision: shownDecision(found),
    policy: { hash: policyHash, set: policy === undefined ? null : summaryOf(policy) },
    inputs: { journal: inputs.journal, cursor, stateHash },
    evidence,
    reasons,
    refs: refs ?? {},
    test: testId === undefined ? null : { id: testId, opened: before(['test-opened']).map(summaryOf) },
    eligible: testId === undefined ? [] : before(['eligible']).map(summaryOf),
    guardrails: testId === undefined ? [] : before(['guardrail-fired']).map(summaryOf),
    approvals: testId === undefined ? [] : before(['approval']).map(shownApproval),
    leaf: { index: found.place, checkpoint: shownCheckpoint(checkpoint) },
  };
}

/** With the approver's own signature, where there is one. */
function shownApproval(found: Found): object {
  const { approval } = found.entry;
  return { ...summaryOf(found), signature: approval ?? null };
}

export function shownProof(hashes: readonly Uint8Array[]): readonly string[] {
  return hashes.map(toBase64);
}
