/** Windows over event time: their panes close by the column's own events, or by the clock when it has none. */
import { PANES } from '@weir/drift/paned-window';
import type { Row } from '@weir/events/prediction-reader';
import type { StateFigures, StepContext } from '@weir/service-kit/processor';
import { idleReachesMs, observe, observeIdle, watermarkMs } from '@weir/service-kit/processing/watermark';
import { openAlert, raisedAlert, resolvedAlert, timeFinding } from './alerts.ts';
import type { ColumnState, ModelState, TimeWindowState } from './state.ts';

/** @param bin of the value; -1 for a missing one, which moves the time on and nothing else */
export function observeTime(
  model: ModelState,
  column: ColumnState,
  bin: number,
  { eventTimeMs }: Row,
  index: number,
  context: StepContext,
): void {
  for (const state of column.timeWindows) {
    observe(state.watermark, eventTimeMs, context.clockMs);
    state.topic = context.topic;
    if (bin >= 0 && !state.window.add(bin, eventTimeMs)) state.late += 1;
    if (watermarkMs(state.watermark, model.config) < state.window.nextMs) continue;
    closePanes(model, column, state, index, context);
  }
}

/** The clock has moved. */
export function observeClock(model: ModelState, context: StepContext): void {
  for (const column of model.columns.values()) {
    for (const state of column.timeWindows) {
      if (!observeIdle(state.watermark, context.clockMs, model.config)) continue;
      if (watermarkMs(state.watermark, model.config) < state.window.nextMs) continue;
      closePanes(model, column, state, 0, context);
    }
  }
}

/** Earliest clock time at which a pane would close for want of events; undefined when none is open. */
export function nextCloseMs({ columns, config }: ModelState): number | undefined {
  let nextMs: number | undefined;
  for (const { timeWindows } of columns.values()) {
    for (const { watermark, window } of timeWindows) {
      if (!Number.isFinite(window.nextMs)) continue;
      const atMs = idleReachesMs(watermark, window.nextMs, config);
      if (atMs > (nextMs ?? Number.POSITIVE_INFINITY)) continue;
      nextMs = atMs;
    }
  }
  return nextMs;
}

export function figuresOf({ columns }: ModelState): StateFigures {
  let lateEvents = 0;
  let oldestWindowEndMs = Number.POSITIVE_INFINITY;
  for (const { late, window } of [...columns.values()].flatMap(({ timeWindows }) => timeWindows)) {
    lateEvents += late;
    if (Number.isFinite(window.nextMs)) oldestWindowEndMs = Math.min(oldestWindowEndMs, window.nextMs);
  }
  return Number.isFinite(oldestWindowEndMs) ? { lateEvents, oldestWindowEndMs } : { lateEvents };
}

/** No verdict on less than a whole span: half a day beside a reference of whole days would be drift of nothing but the hour. */
export function isWarmingUp({ window, firstPane }: TimeWindowState, minValues: number): boolean {
  return firstPane === null || window.closed - firstPane < PANES - 1 || window.windowSize < minValues;
}

function closePanes(
  model: ModelState,
  column: ColumnState,
  state: TimeWindowState,
  index: number,
  context: StepContext,
): void {
  const { config } = model;
  state.window.close(watermarkMs(state.watermark, config), (endMs) => {
    state.firstPane ??= state.window.closed;
    if (isWarmingUp(state, config.minValues)) return;
    const finding = timeFinding(column, state, endMs, config);
    // Named by the end of its window: which event or tick happened to close it is no part of what was found.
    const cause = { id: `${finding.rule} until ${new Date(endMs).toISOString()}`, eventTimeMs: endMs };
    const from: StepContext = { ...context, topic: state.topic };
    const { open } = state;
    if (open === null) {
      if (state.isRetiring || finding.statistic < finding.threshold) return;
      state.open = openAlert(model.model, column, finding, cause);
      context.emit(index, raisedAlert(model.model, column, finding, state.open, cause, from));
      return;
    }
    if (finding.statistic >= finding.threshold * config.resolveShare) {
      state.calmSinceMs = null;
      return;
    }
    state.calmSinceMs ??= endMs;
    if (endMs - state.calmSinceMs < state.window.spanMs) return;
    context.emit(index, resolvedAlert(model.model, column, finding, open, cause, from));
    state.open = null;
    state.calmSinceMs = null;
  });
}
