/** Versions and references of a model. A column that gets another reference begins anew, and its alerts with the old one are over. */
import type { Cause } from '@weir/alerts/finding';
import { isRejection, type Rejection } from '@weir/catalogue/outcome';
import { registerVersion } from '@weir/catalogue/register-version';
import { setReference } from '@weir/catalogue/set-reference';
import { countFigures, missingFigures, timeFigures } from '@weir/drift/figures';
import { tally } from '@weir/drift/reference';
import type { ModelVersionRegistered, ReferenceSet } from '@weir/events/generated/events';
import { referenceHash } from '@weir/events/reference-hash';
import type { Output } from '@weir/service-kit/processor';
import { endAlert } from './announce.ts';
import { driftFinding, missingFinding } from './findings.ts';
import { type ColumnState, type ModelState, newColumn } from './state.ts';
import { withoutUpgraded } from './version4.ts';

export function register(model: ModelState, event: ModelVersionRegistered): Rejection | undefined {
  const outcome = registerVersion(withoutUpgraded(model.catalogue, event), event);
  if (isRejection(outcome)) return outcome;
  model.catalogue = outcome.catalogue;
  model.plans.clear();
  return undefined;
}

/** Of alerts that end because the reference is another one. */
export interface Ending {
  readonly reason: 'reference-replaced' | 'rebased';
  /** Its time is brought up to the newest event: nothing resolves before it was raised. */
  readonly cause: Cause;
  readonly emit: (output: Output) => void;
}

/** @param ending absent where the column has no reference yet */
export function takeReference(model: ModelState, event: ReferenceSet, ending?: Ending): Rejection | undefined {
  const outcome = setReference(model.catalogue, event);
  if (isRejection(outcome)) return outcome;
  if (outcome.change === 'none') return undefined;
  const { column: name } = event;
  const entry = outcome.catalogue.references.get(name);
  let column: ColumnState | undefined;
  try {
    if (entry?.type === 'numeric') column = newColumn(entry, model.config);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { code: 'REFERENCE_TOO_LARGE', message: `reference of ${name}: ${error.message}` };
  }
  const before = model.columns.get(name);
  if (before !== undefined && ending !== undefined) endAlerts(model, before, ending);
  model.catalogue = outcome.catalogue;
  if (column === undefined) model.columns.delete(name);
  else model.columns.set(name, column);
  model.learning.delete(name);
  model.plans.clear();
  return undefined;
}

function endAlerts(model: ModelState, column: ColumnState, { reason, cause, emit }: Ending): void {
  const at = { ...cause, eventTimeMs: Math.max(cause.eventTimeMs, model.lastEventMs) };
  for (const watch of column.counts)
    endAlert(model, watch, reason, at, emit, (told) =>
      driftFinding(model, column, watch, told, countFigures(watch.evaluation, column.recent)),
    );
  for (const watch of column.times)
    endAlert(model, watch, reason, at, emit, (told) =>
      driftFinding(model, column, watch, told, timeFigures(watch.evaluation)),
    );
  for (const watch of column.missing) {
    const figures = missingFigures(watch.evaluation, column.present + column.absent, at.eventTimeMs);
    endAlert(model, watch, reason, at, emit, (told) => missingFinding(model, column, watch, told, figures));
  }
}

/** A reference made of values that came. @param values finite, not empty */
export function referenceSetFrom(
  sample: Iterable<number>,
  missing: number,
  from: Pick<ReferenceSet, 'model' | 'column' | 'source' | 'eventTimeMs' | 'id'>,
): ReferenceSet {
  const { values, counts } = tally(Float64Array.from(sample, (value) => value + 0).sort());
  return { ...from, values, counts, missing, categories: null, hash: referenceHash(values, counts, missing) };
}
