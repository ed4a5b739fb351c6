/**
 * The hot path: a run of one model's events, column by column. Columns share nothing, so this equals folding event by event, and a
 * column's window stays in the processor's cache while its stretch of the run passes.
 */
import { binOf } from '@weir/drift/reference';
import type { Row, RowHead } from '@weir/events/prediction-reader';
import type { Rejection, StepContext } from '@weir/service-kit/processor';
import { ksFinding, missingFinding, openAlert, raisedAlert, resolvedAlert } from './alerts.ts';
import { observeTime } from './observe-time.ts';
import type { ColumnState, ModelState, Plan, WindowState } from './state.ts';

export function observe(model: ModelState, rows: readonly Row[], values: Float64Array, context: StepContext): void {
  let from = 0;
  let plan: Plan | undefined;
  let head: RowHead | undefined;
  for (let at = 0; at < rows.length; at += 1) {
    const row = rows[at] as Row;
    let next = plan;
    if (row.head !== head) {
      head = row.head;
      const found = planOf(model, row);
      next = 'code' in found ? undefined : found;
      if (next === undefined) context.reject(at, found as Rejection);
    }
    if (next !== undefined && !fits(next, row)) {
      context.reject(at, lengthFault(next, row));
      next = undefined;
    }
    if (next === plan && plan !== undefined) continue;
    if (plan !== undefined) observeStretch(model, plan, rows, from, at, values, context);
    plan = next;
    // A refused event tells nothing about the next one.
    if (next === undefined) head = undefined;
    from = next === undefined ? at + 1 : at;
  }
  if (plan !== undefined) observeStretch(model, plan, rows, from, rows.length, values, context);
}

function observeStretch(
  model: ModelState,
  plan: Plan,
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
  for (const { column, place } of plan.columns) {
    for (let at = from; at < to; at += 1) {
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
  if (value - value !== 0) {
    column.missing += 1;
    observeMissing(model, column, row, index, context);
    if (column.timeWindows.length > 0) observeTime(model, column, -1, row, index, context);
    return;
  }
  column.present += 1;
  if (column.missingOpen > 0) settleMissing(model, column, row, index, context);
  const bin = binOf(column.reference, value);
  if (column.timeWindows.length > 0) observeTime(model, column, bin, row, index, context);
  for (let at = 0; at < column.windows.length; at += 1) {
    const window = column.windows[at] as WindowState;
    window.times[window.timesNext] = row.eventTimeMs;
    window.timesNext = window.timesNext + 1 === window.times.length ? 0 : window.timesNext + 1;
    window.ks.pushBin(bin);
    if (window.quiet > 0) window.quiet -= 1;
    else if (window.ks.full) judge(model, column, window, row, index, context);
  }
}

/**
 * Decide on the window as it is now, and for how many more values the decision is certain: a value that comes and one that goes move
 * every |H(x)| by at most m, so D cannot cross a level sooner than its distance to it, counted in m. Nothing is approximated: the
 * integer that decides is computed whenever it could decide otherwise.
 */
function judge(
  model: ModelState,
  column: ColumnState,
  window: WindowState,
  row: Row,
  index: number,
  context: StepContext,
): void {
  const { m } = column.reference;
  const height = window.ks.height;
  const { open } = window;
  const cause = { id: '', eventTimeMs: row.eventTimeMs };
  if (open === null) {
    if (window.isRetiring) return;
    if (height < window.raiseHeight) {
      window.quiet = Math.ceil((window.raiseHeight - height) / m) - 1;
      return;
    }
    cause.id = String(row.id);
    const finding = ksFinding(column, window);
    window.open = openAlert(model.model, column, finding, cause);
    context.emit(index, raisedAlert(model.model, column, finding, window.open, cause, context));
    return;
  }
  if (height >= window.calmHeight) {
    open.calm = 0;
    window.quiet = Math.floor((height - window.calmHeight) / m);
    return;
  }
  open.calm += 1;
  if (open.calm < window.ks.capacity) {
    const certain = Math.ceil((window.calmHeight - height) / m) - 1;
    window.quiet = Math.min(certain, window.ks.capacity - open.calm - 1);
    // Counted in advance; a snapshot takes off what has not come yet.
    open.calm += window.quiet;
    return;
  }
  cause.id = String(row.id);
  context.emit(index, resolvedAlert(model.model, column, ksFinding(column, window), open, cause, context));
  window.open = null;
}

/** Only a missing value can bring the count up. */
function observeMissing(model: ModelState, column: ColumnState, row: Row, index: number, context: StepContext): void {
  const position = column.present + column.missing;
  for (const state of column.missingWindows) {
    state.missing.push(position, row.eventTimeMs);
    if (state.open !== null || state.isRetiring || state.missing.countAt(position) < state.raiseCount) continue;
    const cause = { id: String(row.id), eventTimeMs: row.eventTimeMs };
    const finding = missingFinding(column, state, row.eventTimeMs);
    state.open = openAlert(model.model, column, finding, cause);
    column.missingOpen += 1;
    context.emit(index, raisedAlert(model.model, column, finding, state.open, cause, context));
  }
  if (column.missingOpen > 0) settleMissing(model, column, row, index, context);
}

/** An open alert resolves after a whole window of calm counts. */
function settleMissing(model: ModelState, column: ColumnState, row: Row, index: number, context: StepContext): void {
  const position = column.present + column.missing;
  for (const state of column.missingWindows) {
    const { open, missing, calmCount } = state;
    if (open === null) continue;
    open.calm = missing.countAt(position) <= calmCount ? open.calm + 1 : 0;
    if (open.calm < missing.capacity) continue;
    const cause = { id: String(row.id), eventTimeMs: row.eventTimeMs };
    const finding = missingFinding(column, state, row.eventTimeMs);
    context.emit(index, resolvedAlert(model.model, column, finding, open, cause, context));
    state.open = null;
    column.missingOpen -= 1;
  }
}

function fits(plan: Plan, row: Row): boolean {
  return row.numeric === plan.numeric && row.categorical === plan.categorical && row.outputs === plan.outputs;
}

function lengthFault(plan: Plan, row: Row): Rejection {
  const field = (['numeric', 'categorical', 'outputs'] as const).find((each) => row[each] !== plan[each]) ?? 'numeric';
  const named = field === 'outputs' ? `version ${row.head.version} names` : `feature set ${row.head.featureSet} names`;
  return {
    code: 'WRONG_LENGTH',
    message: `${field} has ${row[field]} values, ${named} ${plan[field]}; send one value per name, NaN or null for missing ones`,
  };
}

/** Versions and feature sets of `rows` that the model does not have. */
export function unplanned(model: ModelState, rows: readonly Row[]): readonly string[] {
  const seen = new Set<RowHead>();
  const missing: string[] = [];
  let head: RowHead | undefined;
  for (const row of rows) {
    if (row.head === head) continue;
    head = row.head;
    if (seen.has(head)) continue;
    seen.add(head);
    if ('code' in planOf(model, row)) missing.push(`${model.model}\n${head.featureSet}\n${head.version}`);
  }
  return missing;
}

/** Which columns the event's numbers belong to; versions that agree share one plan. */
function planOf(model: ModelState, { name, head }: Row): Plan | Rejection {
  const isPrediction = name === 'PredictionLogged';
  const key = isPrediction ? `${head.featureSet}\n${head.version}` : head.featureSet;
  const known = model.plans.get(key);
  if (known !== undefined) return known;
  const featureSet = model.featureSets.get(head.featureSet);
  if (featureSet === undefined) {
    const sets = [...model.featureSets.keys()].join(', ');
    return {
      code: 'UNKNOWN_FEATURE_SET',
      message: `featureSet is ${JSON.stringify(head.featureSet)}; model ${model.model} has ${sets}. Register the version that uses it`,
    };
  }
  const outputs = isPrediction ? model.versions.get(head.version)?.outputs : [];
  if (outputs === undefined) {
    const versions = [...model.versions.keys()].join(', ');
    return {
      code: 'UNKNOWN_VERSION',
      message: `version is ${JSON.stringify(head.version)}; model ${model.model} has ${versions}. Register it first`,
    };
  }
  const columns = [...featureSet.numeric, ...outputs].flatMap((column, place) => {
    const state = model.columns.get(column);
    return state === undefined ? [] : [{ column: state, place }];
  });
  const plan: Plan = {
    numeric: featureSet.numeric.length,
    categorical: featureSet.categorical.length,
    outputs: outputs.length,
    columns,
  };
  const same = [...model.plans.values()].find((other) => equal(other, plan)) ?? plan;
  model.plans.set(key, same);
  return same;
}

function equal(a: Plan, b: Plan): boolean {
  return (
    a.numeric === b.numeric &&
    a.categorical === b.categorical &&
    a.outputs === b.outputs &&
    a.columns.length === b.columns.length &&
    a.columns.every(({ column, place }, at) => column === b.columns[at]?.column && place === b.columns[at]?.place)
  );
}
