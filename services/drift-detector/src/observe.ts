/**
 * The hot path: a run of one model's events, column by column. Columns share nothing, so this equals stepping event by event, and a
 * column's windows stay in the processor's cache while its stretch of the run passes.
 */
import { causeOf } from '@weir/alerts/finding';
import { type ColumnLayout, layoutOfRow, lengthFault } from '@weir/catalogue/layout';
import { isRejection } from '@weir/catalogue/outcome';
import type { CountEvaluation } from '@weir/drift/count-evaluation';
import type { Transition } from '@weir/drift/evaluation';
import { countFigures, missingFigures } from '@weir/drift/figures';
import { binOf } from '@weir/drift/reference';
import type { Row, RowHead } from '@weir/events/prediction-reader';
import type { Rejection, StepContext } from '@weir/service-kit/processor';
import { announce } from './announce.ts';
import { driftFinding, missingFinding } from './findings.ts';
import { observeTime } from './observe-time.ts';
import { joinPredictions } from './performance.ts';
import { learn, planOf } from './plan.ts';
import { AHEAD, type ColumnState, type ModelState, type Plan, type Watch } from './state.ts';

export function observe(model: ModelState, rows: readonly Row[], values: Float64Array, context: StepContext): void {
  let from = 0;
  let layout: ColumnLayout | undefined;
  let head: RowHead | undefined;
  for (let at = 0; at < rows.length; at += 1) {
    const row = rows[at] as Row;
    let next = layout;
    if (row.head !== head) {
      head = row.head;
      const found = layoutOfRow(model.catalogue, row);
      next = isRejection(found) ? undefined : found;
      if (next === undefined) context.reject(at, found as Rejection);
    }
    if (next !== undefined && !fits(next, row)) {
      context.reject(at, lengthFault(next, row) as Rejection);
      next = undefined;
    }
    if (next === layout && layout !== undefined) continue;
    if (layout !== undefined) observeStretch(model, layout, rows, from, at, values, context);
    layout = next;
    // A refused event tells nothing about the next one.
    if (next === undefined) head = undefined;
    from = next === undefined ? at + 1 : at;
  }
  if (layout !== undefined) observeStretch(model, layout, rows, from, rows.length, values, context);
}

function fits(layout: ColumnLayout, row: Row): boolean {
  return row.numeric === layout.numeric && row.categorical === layout.categorical && row.outputs === layout.outputs;
}

function observeStretch(
  model: ModelState,
  layout: ColumnLayout,
  rows: readonly Row[],
  from: number,
  to: number,
  values: Float64Array,
  context: StepContext,
): void {
  model.events += to - from;
  for (let at = from; at < to; at += 1) {
    const { eventTimeMs } = rows[at] as Row;
    if (eventTimeMs > model.lastEventMs) model.lastEventMs = eventTimeMs;
  }
  if (model.judged !== null) joinPredictions(model, rows, from, to, values, context);
  const { watched, learning }: Plan = planOf(model, layout);
  for (const { column, place } of watched) {
    observeColumn(model, column, place, rows, from, to, values, context);
  }
  for (const { name, place } of learning) {
    let column: ColumnState | undefined;
    let at = from;
    for (; at < to && column === undefined; at += 1) {
      const row = rows[at] as Row;
      column = learn(model, name, values[row.at + place] as number, row);
    }
    if (column !== undefined) observeColumn(model, column, place, rows, at, to, values, context);
  }
}

function observeColumn(
  model: ModelState,
  column: ColumnState,
  place: number,
  rows: readonly Row[],
  from: number,
  to: number,
  values: Float64Array,
  context: StepContext,
): void {
  const { recent } = column;
  for (let start = from; start < to; start += AHEAD) {
    const end = Math.min(to, start + AHEAD);
    // In a loop of its own: in the one below it would keep V8 from inlining what costs more.
    for (let at = start; at < end; at += 1) {
      const value = values[(rows[at] as Row).at + place] as number;
      if (value - value === 0) recent.push(value);
    }
    for (let at = start; at < end; at += 1) {
      const row = rows[at] as Row;
      observeValue(model, column, values[row.at + place] as number, row, at, context);
    }
  }
}

function observeValue(
  model: ModelState,
  column: ColumnState,
  value: number,
  row: Row,
  index: number,
  context: StepContext,
): void {
  // NaN and ±Infinity alone differ from themselves less themselves.
  const isMissing = value - value !== 0;
  if (isMissing) column.absent += 1;
  else column.present += 1;
  // A present value changes nothing while no alert of missing ones is open.
  if (isMissing || column.openMissing > 0) observeMissing(model, column, isMissing, row, index, context);
  const bin = isMissing ? -1 : binOf(column.reference, value);
  if (column.times.length > 0) observeTime(model, column, bin, row, index, context);
  if (isMissing) return;
  column.recent.ahead -= 1;
  for (let at = 0; at < column.counts.length; at += 1) {
    const watch = column.counts[at] as Watch<CountEvaluation>;
    const transition = watch.evaluation.add(bin, row.eventTimeMs);
    if (transition !== undefined) tell(model, column, watch, transition, row, index, context);
  }
}

/** Apart from the hot path, where closures over its arguments would cost an allocation a value. */
function tell(
  model: ModelState,
  column: ColumnState,
  watch: Watch<CountEvaluation>,
  transition: Transition,
  row: Row,
  index: number,
  context: StepContext,
): void {
  const { evaluation } = watch;
  const figures = countFigures(evaluation, column.recent, evaluation.open?.sinceMs ?? evaluation.fromMs);
  announce(
    model,
    watch,
    transition,
    causeOf(context, String(row.id), row.eventTimeMs),
    (output) => context.emit(index, output),
    (told) => driftFinding(model, column, watch, told, figures),
  );
}

function observeMissing(
  model: ModelState,
  column: ColumnState,
  isMissing: boolean,
  row: Row,
  index: number,
  context: StepContext,
): void {
  const position = column.present + column.absent;
  for (const watch of column.missing) {
    const transition = watch.evaluation.add(position, isMissing, row.eventTimeMs);
    if (transition === undefined) continue;
    const figures = missingFigures(watch.evaluation, position, row.eventTimeMs, watch.evaluation.open?.sinceMs);
    announce(
      model,
      watch,
      transition,
      causeOf(context, String(row.id), row.eventTimeMs),
      (output) => context.emit(index, output),
      (told) => missingFinding(model, column, watch, told, figures),
    );
    if (transition !== 'escalated') column.openMissing += transition === 'raised' ? 1 : -1;
  }
}
