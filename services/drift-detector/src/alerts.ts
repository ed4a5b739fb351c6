/** Alerts as they leave: the verdict of one window at one event, with the evidence that lets a reader find it again. */
import { createHash } from 'node:crypto';
import type { Reference } from '@weir/drift/reference';
import type { KsReading } from '@weir/drift/sliding-ks';
import { type ThresholdRule, threshold } from '@weir/drift/threshold';
import { encode } from '@weir/events/codec';
import type { Output, StepContext } from '@weir/service-kit/processor';
import { binomialTailBound } from '@weir/stats/binomial';
import { kolmogorovPValue } from '@weir/stats/kolmogorov-exact';
import type { ColumnState, MissingState, OpenAlert, TimeWindowState, WindowState } from './state.ts';
import { effectSize, missingRuleName, ruleName, timeRuleName } from './verdict.ts';

/** Verdicts of all windows are published twice a second: an exact p-value may cost 60 µs and no more. */
const EXACT_CELLS = 20_000;

/** The event that completed the window. */
export interface Cause {
  readonly id: string;
  readonly eventTimeMs: number;
}

/** The same model, rule and column give the same fingerprint for ever: tools group by it. */
function fingerprintOf(model: string, rule: string, column: string): string {
  return digest('fingerprint', model, rule, column);
}

function alertId(kind: 'raised' | 'resolved', fingerprint: string, cause: Cause): string {
  return digest(kind, fingerprint, cause.id);
}

/** The alert that a finding raises. */
export function openAlert(model: string, column: ColumnState, finding: Finding, cause: Cause): OpenAlert {
  const fingerprint = fingerprintOf(model, finding.rule, column.name);
  const id = alertId('raised', fingerprint, cause);
  return { id, fingerprint, raisedAtMs: cause.eventTimeMs, sinceMs: finding.onsetMs(), calm: 0 };
}

/** What a rule found in its window: the part of an alert that differs from rule to rule. */
export interface Finding {
  readonly rule: string;
  readonly statistic: number;
  readonly threshold: number;
  /** NaN for rules that have no place. */
  readonly at: number;
  readonly direction: number;
  readonly pValueSingleLook: number;
  readonly effectSize: number;
  readonly windowSize: number;
  /** Event time of the oldest value that speaks, ms. */
  readonly fromMs: number;
  /** Event time at which it most probably began, ms. Costs a walk over the window, so it is asked of alerts alone. */
  readonly onsetMs: () => number;
  /** After "model: column", as raised and as resolved, in front of the figures. */
  readonly raised: string;
  readonly resolved: string;
  readonly figures: string;
}

export function ksFinding({ reference }: ColumnState, window: WindowState): Finding {
  const { ks, times, timesNext } = window;
  const over = `over ${ks.windowSize} values`;
  const timeOf = (index: number): number => times[(timesNext + index) % times.length] as number;
  return {
    ...distanceFinding(reference, ks, ruleName(window), window.limit, over),
    fromMs: timeOf(0),
    onsetMs: () => timeOf(ks.onset()),
  };
}

/** @param endMs end of the pane that closed the window */
export function timeFinding(
  { reference }: ColumnState,
  state: TimeWindowState,
  endMs: number,
  rule: ThresholdRule,
): Finding {
  const { window, name } = state;
  const limit = window.windowSize === 0 ? 1 : threshold(reference.m, window.windowSize, rule);
  const over = `over ${window.windowSize} values of ${name}`;
  return {
    ...distanceFinding(reference, window, timeRuleName(name), limit, over),
    fromMs: endMs - window.spanMs,
    onsetMs: () => window.onsetMs(),
  };
}

function distanceFinding(
  reference: Reference,
  window: { read(): KsReading; counts(): Uint32Array },
  rule: string,
  limit: number,
  over: string,
): Omit<Finding, 'fromMs' | 'onsetMs'> {
  const { statistic, at, direction, windowSize } = window.read();
  const { m } = reference;
  return {
    rule,
    statistic,
    threshold: limit,
    at,
    direction,
    pValueSingleLook: kolmogorovPValue(m, windowSize, Math.round(statistic * m * windowSize), EXACT_CELLS),
    effectSize: effectSize(reference, window.counts(), windowSize),
    windowSize,
    raised: `has moved ${direction > 0 ? 'up' : 'down'} against its reference`,
    resolved: 'is back at its reference',
    figures: `D = ${statistic.toFixed(3)} near ${at} ${over}`,
  };
}

export function missingFinding(column: ColumnState, { missing, raiseCount }: MissingState, nowMs: number): Finding {
  const position = column.present + column.missing;
  const windowSize = Math.min(position, missing.capacity);
  const count = missing.countAt(position);
  const share = count / windowSize;
  return {
    rule: missingRuleName(missing.capacity),
    statistic: share,
    threshold: raiseCount / missing.capacity,
    at: Number.NaN,
    direction: share > column.missingShare ? 1 : -1,
    pValueSingleLook: binomialTailBound(windowSize, column.missingShare, count),
    effectSize: share - column.missingShare,
    windowSize,
    fromMs: missing.oldestMs ?? nowMs,
    onsetMs: () => missing.onsetMs(position, column.missingShare) ?? nowMs,
    raised: 'is missing too often',
    resolved: 'is missing no more than expected',
    figures: `${count} of the last ${windowSize} values, expected ${(100 * column.missingShare).toPrecision(2)} %`,
  };
}

export function raisedAlert(
  model: string,
  column: ColumnState,
  finding: Finding,
  open: OpenAlert,
  cause: Cause,
  context: StepContext,
): Output {
  const common = commonFields(model, column, finding, open, open.id, finding.raised, cause, context);
  return output(model, encode('AlertRaised', common), open.id, cause);
}

export function resolvedAlert(
  model: string,
  column: ColumnState,
  finding: Finding,
  open: OpenAlert,
  cause: Cause,
  context: StepContext,
): Output {
  const id = alertId('resolved', open.fingerprint, cause);
  const common = commonFields(model, column, finding, open, id, finding.resolved, cause, context);
  return output(
    model,
    encode('AlertResolved', { ...common, raisedId: open.id, raisedAtMs: open.raisedAtMs }),
    id,
    cause,
  );
}

function commonFields(
  model: string,
  column: ColumnState,
  finding: Finding,
  { fingerprint, sinceMs }: OpenAlert,
  id: string,
  said: string,
  cause: Cause,
  context: StepContext,
) {
  const {
    rule,
    statistic,
    threshold,
    at,
    direction,
    pValueSingleLook,
    effectSize: effect,
    windowSize,
    fromMs,
  } = finding;
  return {
    id,
    fingerprint,
    model,
    column: column.name,
    rule,
    severity: 'warning' as const,
    summary: `${model}: ${column.name} ${said}: ${finding.figures}`,
    statistic,
    threshold,
    at,
    direction,
    pValueSingleLook,
    effectSize: effect,
    windowSize,
    referenceSize: column.reference.m,
    referenceHash: column.referenceHash,
    sinceMs,
    eventTimeMs: cause.eventTimeMs,
    evidence: {
      topic: context.topic,
      partition: context.partition,
      eventId: cause.id,
      fromMs,
      toMs: cause.eventTimeMs,
    },
  };
}

function output(model: string, value: Uint8Array, id: string, { eventTimeMs }: Cause): Output {
  return { topic: 'alerts', key: model, value, id, eventTimeMs };
}

function digest(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
