/** Where registrations and references go: a running service over REST, or a log. */

import type { ModelVersionRegistered } from '@weir/events/generated/events';
import { categoricalReferenceHash, referenceHash } from '@weir/events/reference-hash';

export interface VersionShape {
  readonly featureSet: ModelVersionRegistered['featureSet'];
  readonly outputs: ModelVersionRegistered['outputs'];
  /** Where the model can be read or asked; null: it is not explained. */
  readonly access: ModelVersionRegistered['access'];
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

/** What a service says of a column that it does not watch, or not by every rule. */
export interface ColumnNote {
  readonly service: string;
  readonly column: string;
  readonly reason: string;
}

export interface ControlTarget {
  register(model: string, version: string, shape: VersionShape): Promise<Written>;
  setReference(model: string, column: string, content: ReferenceContent, source: string): Promise<Written>;
  /** Empty where none can be asked. */
  notes(model: string): Promise<readonly ColumnNote[]>;
}

export function hashOf({ values, categories, counts, missing }: ReferenceContent): string {
  return categories === null
    ? referenceHash(values, counts, missing)
    : categoricalReferenceHash(categories, counts, missing);
}
