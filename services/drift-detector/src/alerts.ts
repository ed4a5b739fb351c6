/** Alerts as they leave: the verdict of one window at one event, with the evidence that lets a reader find it again. */
import { createHash } from 'node:crypto';
import { encode } from '@weir/events/codec';
import type { Output, StepContext } from '@weir/service-kit/processor';
import { kolmogorovTail } from '@weir/stats/kolmogorov';
import type { ColumnState, OpenAlert, WindowState } from './state.ts';
import { effectSize, ruleName } from './verdict.ts';

/** The event that completed the window. */
export interface Cause {
  readonly id: string;
  readonly eventTimeMs: number;
}

/** The same model, rule and column give the same fingerprint for ever: tools group by it. */
export function fingerprintOf(model: string, rule: string, column: string): string {
  return digest('fingerprint', model, rule, column);
}

export function alertId(kind: 'raised' | 'resolved', fingerprint: string, cause: Cause): string {
  return digest(kind, fingerprint, cause.id);
}

export function raisedAlert(
  model: string,
  column: ColumnState,
  window: WindowState,
  open: OpenAlert,
  cause: Cause,
  context: StepContext,
): Output {
  const moved = (direction: number): string => `has moved ${direction > 0 ? 'up' : 'down'} against its reference`;
  const common = commonFields(model, column, window, open.fingerprint, open.id, moved, cause, context);
  return output(model, encode('AlertRaised', common), open.id, cause);
}

export function resolvedAlert(
  model: string,
  column: ColumnState,
  window: WindowState,
  open: OpenAlert,
  cause: Cause,
  context: StepContext,
): Output {
  const id = alertId('resolved', open.fingerprint, cause);
  const back = (): string => 'is back at its reference';
  const common = commonFields(model, column, window, open.fingerprint, id, back, cause, context);
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
  window: WindowState,
  fingerprint: string,
  id: string,
  said: (direction: number) => string,
  cause: Cause,
  context: StepContext,
) {
  const { statistic, at, direction, windowSize } = window.ks.read();
  const { m } = column.reference;
  const fromMs = window.times[window.timesNext] as number;
  return {
    id,
    fingerprint,
    model,
    column: column.name,
    rule: ruleName(window),
    severity: 'warning' as const,
    summary: `${model}: ${column.name} ${said(direction)}: D = ${statistic.toFixed(3)} near ${at} over ${windowSize} values`,
    statistic,
    threshold: window.limit,
    at,
    direction,
    pValueSingleLook: kolmogorovTail(statistic * Math.sqrt((m * windowSize) / (m + windowSize))),
    effectSize: effectSize(column, window),
    windowSize,
    referenceSize: m,
    referenceHash: column.referenceHash,
    sinceMs: fromMs,
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
