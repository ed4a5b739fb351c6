/** Ids that are the same after every restart and in every replay: digests of what the alert is about and of the event that caused it. */
import { createHash } from 'node:crypto';

/** What an alert speaks of. */
export interface Subject {
  readonly model: string;
  /** Null = all versions. */
  readonly version: string | null;
  /** Null = the model as a whole. */
  readonly column: string | null;
  /** As name=value; null = all traffic. */
  readonly segment: string | null;
}

/** The same subject and rule give the same fingerprint for ever: tools group by it. Lower-case hex of SHA-256. */
export function fingerprintOf({ model, version, column, segment }: Subject, rule: string): string {
  const parts = ['fingerprint', model, rule, column];
  // Left out where nothing is said of them, so that fingerprints from before they existed stay.
  return version === null && segment === null ? digest(parts) : digest([...parts, version, segment]);
}

/** @param eventId of the event that caused it: an alert of one fingerprint is raised, made more urgent or resolved at most once by an event */
export function alertId(what: 'raised' | 'escalated' | 'resolved', fingerprint: string, eventId: string): string {
  return digest([what, fingerprint, eventId]);
}

function digest(parts: readonly (string | null)[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
