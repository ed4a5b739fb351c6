/** Alerts of kind pipeline: a model whose chain is broken, a folder that cannot be written, a topic that has lost its end. */
import { raiseAlert, resolveAlert } from '@weir/alerts/alert';
import { causeOf, type Finding, subjectOf } from '@weir/alerts/finding';
import { SYSTEM_MODEL } from '@weir/ledger/chain';
import type { Entry } from '@weir/ledger/entry';
import type { StepContext } from '@weir/service-kit/processor';
import type { LogAlert, LogState } from './state.ts';

/** Effects of 1 are critical: each of these stops decisions or signatures. */
const LEVELS = { warning: 0, critical: 1 };

const WITNESS_RULE = 'governance-witnesses';

interface Told {
  readonly model: string;
  readonly rule: string;
  readonly value: number;
  readonly threshold: number;
  readonly unit: string | null;
  readonly summary: string;
  readonly advice: string;
  readonly sinceMs: number;
}

function findingOf({ model, sinceMs, ...told }: Told): Finding {
  return {
    ...told,
    subject: subjectOf(model),
    detail: { kind: 'pipeline' },
    effect: 1,
    onsetMs: () => sinceMs,
    window: null,
    rate: null,
    labels: {},
  };
}

/** The chain of a model takes no more entries. @param leaf of the refused record, in hex */
export function tellHalted(
  { halts }: LogState,
  context: StepContext,
  index: number,
  entry: Entry,
  reason: string,
  detail: string,
  leaf: string,
): void {
  const { model, seq, time } = entry;
  const rule = `governance-${reason}`;
  const finding = haltFinding(model, rule, seq, time, `its chain of decisions is halted, ${reason}: ${detail}`);
  const { open, output } = raiseAlert(finding, causeOf(context, leaf, time), LEVELS);
  halts.set(model, { rule, seq, open });
  context.emit(index, output);
}

/** A lift was admitted. @param leaf of it, in hex */
export function tellLifted(
  { halts }: LogState,
  context: StepContext,
  index: number,
  { model, seq, time }: Entry,
  leaf: string,
): void {
  const halt = halts.get(model);
  // None of a state that an earlier build saved.
  if (halt === undefined) return;
  halts.delete(model);
  const { rule, open } = halt;
  const finding = haltFinding(
    model,
    rule,
    halt.seq,
    open.sinceMs,
    `its chain goes on at seq ${seq}: the halt is lifted`,
  );
  context.emit(index, resolveAlert(open, finding, causeOf(context, leaf, time), 'lifted'));
}

function haltFinding(model: string, rule: string, seq: number, sinceMs: number, what: string): Finding {
  return findingOf({
    model,
    rule,
    value: seq,
    threshold: seq,
    unit: 'seq',
    summary: `${model}: ${what}`,
    advice:
      'No further decision of the model enters the log. Compare the topic governance-log with the entry bundles of the governance folder; the record at fault stays on the topic. Two people lift the halt with the command lift-halt.',
    sinceMs,
  });
}

/** Opens the alert about the log, or leaves the one that is open. */
export function tellLog(
  state: LogState,
  context: StepContext,
  rule: LogAlert['rule'],
  why: string,
  atMs: number,
): void {
  if (state.alert !== null) return;
  const finding = logFinding(state, rule, why, atMs);
  const { open, output } = raiseAlert(finding, causeOf(context, `${rule}/${state.stored}/${atMs}`, atMs), LEVELS);
  state.alert = { rule, open };
  context.emit(0, output);
}

export function tellRecovered(state: LogState, context: StepContext, atMs: number): void {
  const { alert } = state;
  if (alert === null) return;
  state.alert = null;
  const finding = logFinding(state, alert.rule, 'it is over: the log is signed again', alert.open.sinceMs);
  context.emit(0, resolveAlert(alert.open, finding, causeOf(context, `${alert.open.id}/over`, atMs), 'recovered'));
}

/** Too few cosignatures, or a witness that refuses. Opens the alert, or leaves the one that is open. */
export function tellWitnesses(state: LogState, context: StepContext, why: string, atMs: number): void {
  if (state.witnessAlert !== null) return;
  const finding = witnessFinding(state, why, atMs);
  const { open, output } = raiseAlert(finding, causeOf(context, `${WITNESS_RULE}/${atMs}`, atMs), LEVELS);
  state.witnessAlert = open;
  context.emit(0, output);
}

export function tellWitnessesRecovered(state: LogState, context: StepContext, atMs: number): void {
  const { witnessAlert } = state;
  if (witnessAlert === null) return;
  state.witnessAlert = null;
  const finding = witnessFinding(state, 'the witnesses of the policy have cosigned again', witnessAlert.sinceMs);
  context.emit(0, resolveAlert(witnessAlert, finding, causeOf(context, `${witnessAlert.id}/over`, atMs), 'recovered'));
}

function witnessFinding({ witnessed, log }: LogState, why: string, sinceMs: number): Finding {
  return findingOf({
    model: SYSTEM_MODEL,
    rule: WITNESS_RULE,
    value: witnessed?.witnesses.length ?? 0,
    threshold: log?.trust.witnesses.size ?? 0,
    unit: 'witnesses',
    summary: `the governance log of partition ${log?.partition ?? 0}: ${why}`,
    advice:
      'Entries are safe and checkpoints are signed; what is missing is that others have seen the same log. A witness that is away is asked again every minute. One that answers 403, 404 or 422 does not know this log or its key: register them there. One that has cosigned another tree says that the log was forked or restored to an older state: compare /log/witnesses with what the witness keeps before anything else.',
    sinceMs,
  });
}

function logFinding({ stored, log }: LogState, rule: LogAlert['rule'], why: string, sinceMs: number): Finding {
  return findingOf({
    model: SYSTEM_MODEL,
    rule,
    value: log?.admission.size ?? 0,
    threshold: stored,
    unit: 'entries',
    summary: `the governance log of partition ${log?.partition ?? 0}: ${why}`,
    advice:
      rule === 'governance-store'
        ? 'Entries are safe on the topic and no checkpoint is signed until the folder WEIR_GOVERNANCE_FOLDER takes them; it is tried again every minute.'
        : 'Records of the topic governance-log are missing. Restore them from the entry bundles of the governance folder, the same bytes in the same order; nothing is signed before that.',
    sinceMs,
  });
}
