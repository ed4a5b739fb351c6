/** A decision in one line, for people who watch a run. */
import { decode } from '@weir/events/codec';
import { decodeEntry } from '@weir/ledger/entry-codec';
import { sha256 } from '@weir/ledger/node-crypto';
import type { Output } from '@weir/service-kit/processor';

export interface DecisionLine {
  readonly eventTimeMs: number;
  readonly text: string;
  /** A test came to its end, or its promotion is held: what somebody waits for. */
  readonly isVerdict: boolean;
  readonly path: string;
}

const SHOWN: readonly string[] = ['test-opened', 'eligible', 'approval', 'reset', 'frozen', 'break-glass'];
const VERDICTS: readonly string[] = ['promoted', 'rolled-back', 'retired', 'killed', 'held-by-alert'];
const MAX_REASONS = 3;

/** Undefined for other outputs, and for entries that change nothing that people see. */
export function decisionLine({ topic, value }: Output): DecisionLine | undefined {
  if (topic !== 'governance-log' || value === null) return undefined;
  const { name, event } = decode(value);
  if (name !== 'GovernanceEntry') return undefined;
  const { model, time, kind, decision } = decodeEntry(event.entry, sha256);
  const { action, from, to, evidence, reasons } = decision;
  const isVerdict = VERDICTS.includes(action);
  if (!isVerdict && !SHOWN.includes(kind)) return undefined;
  const figures =
    evidence?.['eValueBetter'] === undefined
      ? ''
      : `, e-value ${Number(evidence['eValueBetter']).toPrecision(3)} after ${evidence['scored']} outcomes`;
  const why = kind === 'eligible' ? [] : reasons.slice(0, MAX_REASONS);
  const moved = from === undefined || to === undefined ? '' : ` ${from} → ${to}`;
  const text = `${model}: ${action}${moved}${figures}${why.length === 0 ? '' : `; ${why.join('; ')}`}`;
  return { eventTimeMs: time, text, isVerdict, path: `/v1/models/${encodeURIComponent(model)}/decisions` };
}
