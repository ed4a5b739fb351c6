/** Where registrations and references go: a running service over REST, or a log. */
import type { ModelVersionRegistered } from '@weir/events/generated/events';

export interface VersionShape {
  readonly featureSet: ModelVersionRegistered['featureSet'];
  readonly outputs: ModelVersionRegistered['outputs'];
}

/** As `ReferenceSet` holds it. */
export interface ReferenceContent {
  /** Distinct, ascending, finite; empty for a column of categories. */
  readonly values: readonly number[];
  /** Distinct, ascending by UTF-8; null for a column of numbers. */
  readonly categories: readonly string[] | null;
  /** One for each value or category, ≥ 1. */
  readonly counts: readonly number[];
  readonly missing: number;
}

/** Where an event went. */
export interface Written {
  /** For people. */
  readonly where: string;
  /** Why it may not hold, though it is durable. */
  readonly doubt: string | undefined;
}

export interface ControlTarget {
  register(model: string, version: string, shape: VersionShape): Promise<Written>;
  setReference(model: string, column: string, content: ReferenceContent, source: string): Promise<Written>;
}
