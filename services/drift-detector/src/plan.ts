/** Which columns of a layout are watched, and which are still to have a reference. */
import type { ColumnLayout } from '@weir/catalogue/layout';
import type { Row } from '@weir/events/prediction-reader';
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
