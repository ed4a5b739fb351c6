import type { Severity } from './severity.ts';

/** An alert that was raised and not yet resolved: plain data, part of a kernel's state. */
export interface OpenAlert {
  /** Of the AlertRaised that opened it; one that escalates it refers to this id, and so does the AlertResolved. */
  readonly id: string;
  readonly fingerprint: string;
  /** Event time, ms. */
  readonly raisedAtMs: number;
  /** When what it tells of most probably began, event time in ms. */
  readonly sinceMs: number;
  /** The most urgent that it was told with. */
  readonly severity: Severity;
  /** How much of the way back is done, in the rule's own count; an escalation sets it to 0. */
  recovery: number;
}

/**
 * From a saved state, also one of before alerts had a severity (all were warnings) and when `recovery` was called `calm`.
 * @throws {TypeError} naming the field that is not there
 */
export function openAlertOf(saved: unknown): OpenAlert {
  if (typeof saved !== 'object' || saved === null)
    throw new TypeError(`a saved open alert is ${JSON.stringify(saved)}; it must be an object`);
  const fields = saved as Readonly<Record<string, unknown>>;
  const severity = fields['severity'] ?? 'warning';
  if (severity !== 'info' && severity !== 'warning' && severity !== 'critical')
    throw new TypeError(
      `a saved open alert has severity ${JSON.stringify(severity)}; it must be info, warning or critical`,
    );
  return {
    id: field(fields, 'id', 'string'),
    fingerprint: field(fields, 'fingerprint', 'string'),
    raisedAtMs: field(fields, 'raisedAtMs', 'number'),
    sinceMs: field(fields, 'sinceMs', 'number'),
    severity,
    recovery: field(fields, 'recovery' in fields ? 'recovery' : 'calm', 'number'),
  };
}

interface Types {
  readonly string: string;
  readonly number: number;
}

function field<Type extends keyof Types>(
  fields: Readonly<Record<string, unknown>>,
  name: string,
  type: Type,
): Types[Type] {
  const value = fields[name];
  if (typeof value === type) return value as Types[Type];
  throw new TypeError(`a saved open alert has ${name} ${JSON.stringify(value)}; it must be a ${type}`);
}
