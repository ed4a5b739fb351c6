import type { AlertRaised } from '@weir/events/generated/events';

export type Severity = AlertRaised['severity'];

/** Sizes of an effect from which an alert is more than info, in the rule's measure of effect. */
export interface SeverityLevels {
  readonly warning: number;
  readonly critical: number;
}

const RANKS: Readonly<Record<Severity, number>> = { info: 0, warning: 1, critical: 2 };

/** @throws {RangeError} naming the levels, unless 0 ≤ warning ≤ critical; Infinity turns a level off */
export function checkLevels({ warning, critical }: SeverityLevels): void {
  if (warning >= 0 && critical >= warning) return;
  throw new RangeError(
    `severity levels are warning ${warning} and critical ${critical}; both must be numbers with 0 ≤ warning ≤ critical`,
  );
}

/** Of an effect of either sign. One that cannot be measured (NaN) is a warning: it may be large. */
export function severityOf(effect: number, { warning, critical }: SeverityLevels): Severity {
  const size = Math.abs(effect);
  if (size >= critical) return 'critical';
  return size < warning ? 'info' : 'warning';
}

/** The more urgent of the two. */
export function worse(a: Severity, b: Severity): Severity {
  return RANKS[a] >= RANKS[b] ? a : b;
}
