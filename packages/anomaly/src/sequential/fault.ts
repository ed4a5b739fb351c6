export type FaultKind =
  | 'null-rate'
  | 'stuck-value'
  | 'cardinality'
  | 'volume'
  | 'absence'
  | 'unit-change'
  | 'shifted-columns'
  | 'recoding';

/** What a sequential test found; raised once when it begins, then not again before it has ended. */
export interface Fault {
  readonly fault: FaultKind;
  /** Column, or `event` for volume and absence. */
  readonly field: string;
  /** Where it most probably began: number of the event, from 1; for volume and absence a time, ms. */
  readonly since: number;
  /** By how much: observed over expected; for a unit change the factor of its unit; columns for a shift. */
  readonly factor: number;
  /** Share of the field's values that are affected, as far as has been seen, in [0, 1]. */
  readonly share: number;
  /** The value that does not change, of a stuck one. */
  readonly value?: number;
  /** What was seen and what the reference promised, in one sentence. */
  readonly detail: string;
}

/** A mean of one false alarm per so many events, unless a test is told otherwise. */
export const EVENTS_PER_FALSE_ALARM = 1_000_000;
