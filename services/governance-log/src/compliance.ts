/**
 * Which entries show what a rule asks to see: each row is a query over the logs, with the entries it found and where their proofs are. Not a
 * statement of conformity.
 */
import type { Kind } from '@weir/ledger/entry';
import { type CheckpointShown, type DecisionSummary, shownCheckpoint, summaryOf } from './answers.ts';
import type { Coverage } from './decision-index.ts';
import type { LogReader, ReadCheckpoint } from './log-reader.ts';
import type { Log } from './logs.ts';

interface Rule {
  readonly rule: string;
  /** What the entries show of it. */
  readonly shows: string;
  /** All kinds unless given. */
  readonly kinds?: readonly Kind[];
}

const RULES: readonly Rule[] = [
  {
    rule: 'EU AI Act, article 12',
    shows:
      'events recorded automatically over the lifetime of each version: coverage says from when to when for each model',
  },
  {
    rule: 'EU AI Act, article 14(4)(e)',
    shows: 'the system can be stopped: drills, kills and freezes with their times',
    kinds: ['drill', 'killed', 'frozen'],
  },
  {
    rule: 'EU AI Act, articles 19 and 26(6)',
    shows:
      'logs are kept: the oldest entry is still there, and retention names the proof that the log has only grown since',
  },
  {
    rule: 'EU AI Act, article 72',
    shows: 'monitoring after release: guardrails, and what was decided on outcomes',
    kinds: ['guardrail-fired', 'eligible', 'promoted', 'rolled-back'],
  },
  {
    rule: 'SR 26-2, OCC Bulletin 2026-13',
    shows:
      'inventory, effective challenge and outcome analysis: versions, tests of a challenger, decisions with their evidence',
    kinds: ['version-registered', 'policy-set', 'test-opened', 'eligible', 'promoted', 'rolled-back'],
  },
  {
    rule: 'NIST AI RMF, MANAGE 2.4',
    shows: 'superseding, disengaging and deactivating, and who was responsible',
    kinds: ['killed', 'frozen', 'rolled-back', 'retired', 'break-glass', 'reset', 'approval'],
  },
  { rule: 'ISO/IEC 42001, event logs', shows: 'the log as a whole' },
];
/** Entries that a row names; /v1/decisions lists the others. */
const NAMED = 10;

export interface SignedLog {
  readonly log: Log;
  readonly checkpoint: ReadCheckpoint;
}

export interface ComplianceRow {
  readonly rule: string;
  readonly shows: string;
  readonly kinds: readonly Kind[] | null;
  readonly count: number;
  /** The newest, with where each is proved. */
  readonly entries: readonly (DecisionSummary & { readonly proof: string })[];
}

export interface Retention {
  readonly checkpoint: CheckpointShown;
  readonly oldest: DecisionSummary & { readonly proof: string };
  /** Proves to whoever kept the checkpoint after the first entry that nothing was taken away since. */
  readonly consistency: string;
}

export interface ComplianceReport {
  readonly statement: string;
  readonly model: string | null;
  readonly rows: readonly ComplianceRow[];
  readonly coverage: readonly Coverage[];
  readonly retention: readonly Retention[];
  readonly checkpoints: readonly CheckpointShown[];
}

/** @param model all of them unless given */
export function complianceReport(signed: readonly SignedLog[], model?: string): ComplianceReport {
  const of = model === undefined ? {} : { model };
  return {
    statement:
      'Each row is a query over the signed log, with the entries that it found. It says what the log shows, not whether a rule is met.',
    model: model ?? null,
    rows: RULES.map(({ rule, shows, kinds }) => {
      const filter = { ...of, ...(kinds === undefined ? {} : { kinds }) };
      const count = signed.reduce((sum, { log }) => sum + log.index.count(filter), 0);
      const entries = signed
        .flatMap(({ log, checkpoint }) => log.find(checkpoint, { ...filter, limit: NAMED }).map(summaryOf))
        .sort((a, b) => b.time - a.time)
        .slice(0, NAMED)
        .map(withProof);
      return { rule, shows, kinds: kinds ?? null, count, entries };
    }),
    coverage: signed.flatMap(({ log }) => log.index.coverage(model)),
    retention: signed.flatMap((one) => retentionOf(one, of)),
    checkpoints: signed.map(({ checkpoint }) => shownCheckpoint(checkpoint)),
  };
}

function retentionOf({ log, checkpoint }: SignedLog, of: { readonly model?: string }): readonly Retention[] {
  const [oldest] = log.find(checkpoint, { ...of, oldestFirst: true, limit: 1 });
  if (oldest === undefined) return [];
  const consistency = consistencyPath(log.reader, oldest.place + 1, checkpoint.size);
  return [{ checkpoint: shownCheckpoint(checkpoint), oldest: withProof(summaryOf(oldest)), consistency }];
}

function consistencyPath({ partition }: LogReader, from: number, to: number): string {
  return `/consistency?from=${from}&to=${to}${partition === 0 ? '' : `&partition=${partition}`}`;
}

function withProof(summary: DecisionSummary): DecisionSummary & { readonly proof: string } {
  return { ...summary, proof: `/v1/decisions/${summary.decisionId}/proof` };
}
