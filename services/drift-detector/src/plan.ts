/** Which columns are watched, which are still to have a reference, and which no rule looks at. */
import type { ColumnLayout } from '@weir/catalogue/layout';
import { allColumns } from '@weir/catalogue/model-catalogue';
import { leastReference } from '@weir/drift/threshold';
import type { Row } from '@weir/events/prediction-reader';
import type { DriftConfig } from './config.ts';
import { referenceSetFrom, takeReference } from './registrations.ts';
import { type ColumnState, type ModelState, type Plan, SELF_REFERENCE } from './state.ts';

export function planOf(model: ModelState, layout: ColumnLayout): Plan {
  const known = model.plans.get(layout);
  if (known !== undefined) return known;
  const numbers = layout.columns.filter(({ array }) => array !== 'categorical');
  const plan: Plan = {
    watched: numbers.flatMap(({ name, place }) => {
      const column = model.columns.get(name);
      return column === undefined ? [] : [{ column, place }];
    }),
    learning:
      model.config.selfReference === 0
        ? []
        : numbers
            .filter(({ name }) => !model.catalogue.references.has(name))
            .map(({ name, place }) => ({ name, place })),
  };
  model.plans.set(layout, plan);
  return plan;
}

/** A value of a column without a reference. The last of the first N gives the column, which is watched from the next value on. */
export function learn(model: ModelState, name: string, value: number, row: Row): ColumnState | undefined {
  let learning = model.learning.get(name);
  if (learning === undefined) {
    learning = { values: [], absent: 0 };
    model.learning.set(name, learning);
  }
  if (Number.isFinite(value)) learning.values.push(value);
  else learning.absent += 1;
  // Present ones are counted: a column that is always missing has nothing to be compared with.
  if (learning.values.length < model.config.selfReference) return undefined;
  const { key, eventTimeMs, id } = row;
  const from = { model: key, column: name, source: SELF_REFERENCE, eventTimeMs, id: `self/${name}/${String(id)}` };
  takeReference(model, referenceSetFrom(learning.values, learning.absent, from));
  return model.columns.get(name) as ColumnState;
}

export interface NotWatched {
  readonly column: string;
  readonly reason: string;
}

/** Every column that no rule looks at, or some rule in vain, and why. */
export function notWatched({ catalogue, columns, learning, config }: ModelState): readonly NotWatched[] {
  const { selfReference } = config;
  const named = new Map([...allColumns(catalogue)].map((column) => [column.name, column]));
  return [...named.values()].flatMap(({ name, type }) => {
    const column = columns.get(name);
    if (column !== undefined) return cannotRaise(column, config);
    const seen = learning.get(name)?.values.length ?? 0;
    const lacking =
      selfReference === 0
        ? 'it has no reference; send a ReferenceSet, or set WEIR_DRIFT_SELF_REFERENCE'
        : `${seen} of the ${selfReference} values that will be its reference have come`;
    return {
      column: name,
      reason: type === 'categorical' ? 'categorical and boolean columns are not tested' : lacking,
    };
  });
}

/** Windows that would not raise if they had nothing in common with the reference: it is too small for them, or they are themselves. */
function cannotRaise({ name, reference, counts }: ColumnState, config: DriftConfig): readonly NotWatched[] {
  const windows = counts.filter(({ evaluation }) => evaluation.canRaise && evaluation.threshold > 1);
  if (windows.length === 0) return [];
  const rules = windows.map(({ rule }) => rule).join(', ');
  const least = Math.max(...windows.map(({ evaluation }) => leastReference(evaluation.ks.capacity, config)));
  const cure = Number.isFinite(least)
    ? `its reference of ${reference.m} values is too small; send one of ${least} or more`
    : 'the window is too small for so few false alarms; enlarge WEIR_DRIFT_WINDOWS or lower WEIR_DRIFT_EVENTS_BETWEEN_FALSE_ALARMS';
  return [{ column: name, reason: `${rules} can never raise: ${cure}` }];
}
