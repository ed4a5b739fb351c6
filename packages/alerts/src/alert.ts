/** From findings to alerts as they leave: raised, made more urgent, resolved. */
import { encode } from '@weir/events/codec';
import { boundedBody } from './bounded.ts';
import { cutName } from './cut.ts';
import type { Cause, Finding } from './finding.ts';
import { alertId, fingerprintOf } from './identity.ts';
import type { OpenAlert } from './open-alert.ts';
import { type SeverityLevels, severityOf, worse } from './severity.ts';

/** A record for the alerts topic, below 1 MiB. */
export interface AlertOutput {
  readonly topic: 'alerts';
  /** Model id. */
  readonly key: string;
  readonly value: Uint8Array;
  readonly id: string;
  readonly eventTimeMs: number;
}

/** What a kernel keeps, and what it emits. */
export interface Raised {
  readonly open: OpenAlert;
  readonly output: AlertOutput;
}

/** @throws {EventError} UNENCODABLE when a time of the finding is not a whole number of ms */
export function raiseAlert(finding: Finding, cause: Cause, levels: SeverityLevels): Raised {
  const fingerprint = fingerprintOf(finding.subject, finding.rule);
  const open: OpenAlert = {
    id: alertId('raised', fingerprint, cause.eventId),
    fingerprint,
    raisedAtMs: cause.eventTimeMs,
    sinceMs: finding.onsetMs(),
    severity: severityOf(finding.effect, levels),
    recovery: 0,
  };
  const { id, sinceMs, severity } = open;
  const value = encode('AlertRaised', {
    ...boundedBody(finding, cause),
    id,
    fingerprint,
    severity,
    sinceMs,
    escalates: null,
  });
  return { open, output: outputOf(finding, cause, id, value) };
}

/**
 * The open alert has become another one, or a worse one: it is told again, at least as urgent as before. It stays one alert, so it is
 * resolved once, under the id that it was raised with.
 * @throws {EventError} UNENCODABLE when a time of the finding is not a whole number of ms
 */
export function escalateAlert(open: OpenAlert, finding: Finding, cause: Cause, levels: SeverityLevels): Raised {
  const severity = worse(open.severity, severityOf(finding.effect, levels));
  const id = alertId('escalated', open.fingerprint, cause.eventId);
  const value = encode('AlertRaised', {
    ...boundedBody(finding, cause),
    id,
    fingerprint: open.fingerprint,
    severity,
    sinceMs: finding.onsetMs(),
    escalates: open.id,
  });
  return { open: { ...open, severity, recovery: 0 }, output: outputOf(finding, cause, id, value) };
}

/**
 * @param finding as it is now; its summary says that it is over
 * @param reason a short code: recovered, reference-replaced, rule-removed
 * @throws {EventError} UNENCODABLE when a time of the finding is not a whole number of ms
 */
export function resolveAlert(open: OpenAlert, finding: Finding, cause: Cause, reason: string): AlertOutput {
  const { fingerprint, severity, sinceMs, raisedAtMs } = open;
  const id = alertId('resolved', fingerprint, cause.eventId);
  const value = encode('AlertResolved', {
    ...boundedBody(finding, cause),
    id,
    fingerprint,
    severity,
    sinceMs,
    raisedId: open.id,
    raisedAtMs,
    reason: cutName(reason),
  });
  return outputOf(finding, cause, id, value);
}

function outputOf({ subject }: Finding, { eventTimeMs }: Cause, id: string, value: Uint8Array): AlertOutput {
  return { topic: 'alerts', key: cutName(subject.model), value, id, eventTimeMs };
}
