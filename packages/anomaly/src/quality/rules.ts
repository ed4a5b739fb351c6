/** Version of the rule set's form. */
export const RULES_VERSION = 1;

/** How often a field was there, and what follows. */
export interface Presence {
  /** Share of the reference in which the field was present. */
  readonly observed: number;
  /** Lower bound of the true share, Wilson 99 %; the null-rate test starts from it. */
  readonly atLeast: number;
  /** An event without the field breaks MISSING. */
  readonly required: boolean;
}

export type BoundReason = 'tail' | 'non-negative' | 'non-positive' | 'unit-interval' | 'constant' | 'user';

/** Bounds are inclusive; null = none. */
export interface NumericRule {
  readonly name: string;
  readonly presence: Presence;
  readonly integer: boolean;
  readonly min: number | null;
  readonly minReason: BoundReason;
  readonly max: number | null;
  readonly maxReason: BoundReason;
  /** ±Infinity is no violation. */
  readonly allowInfinite: boolean;
}

export interface CategoricalRule {
  readonly name: string;
  readonly presence: Presence;
  /** Allowed values; null = any. */
  readonly values: readonly string[] | null;
  /** In UTF-16 code units, inclusive; null = any. */
  readonly minLength: number | null;
  readonly maxLength: number | null;
  /** Name of a class in `patterns.ts`; null = any. */
  readonly pattern: string | null;
}

/** Outputs that are probabilities of one another's alternatives. */
export interface ProbabilityRule {
  /** Names of the outputs that sum to 1. */
  readonly outputs: readonly string[];
  /** Largest |sum − 1|. */
  readonly tolerance: number;
  /** Output that holds the index of the largest; null = none does. */
  readonly label: string | null;
}

/** Rules as plain JSON, made to be read and edited; `parseRules` checks what an editor left. */
export interface Rules {
  readonly version: number;
  /** Events of the reference that they were inferred from. */
  readonly referenceRows: number;
  readonly numeric: readonly NumericRule[];
  readonly categorical: readonly CategoricalRule[];
  readonly outputs: readonly NumericRule[];
  readonly probabilities: readonly ProbabilityRule[];
  /** Model versions that are known; null = any. */
  readonly versions: readonly string[] | null;
  /** Largest age and largest lead of an event's time, ms; null = any. */
  readonly maxLatenessMs: number | null;
  readonly maxAheadMs: number | null;
}
