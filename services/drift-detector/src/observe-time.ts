/** Windows over event time: their panes close by the column's own events, or by the clock when it has none. */
import { PANES } from '@weir/drift/paned-window';
import type { Row } from '@weir/events/prediction-reader';
import type { Meters, StepContext } from '@weir/service-kit/processor';
import { observe, observeIdle, watermarkMs } from '@weir/service-kit/watermark';
import { openAlert, raisedAlert, resolvedAlert, timeFinding } from './alerts.ts';
import type { ColumnState, DriftState, ModelState, TimeWindowState } from './state.ts';

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
      model.changed = true;
      closePanes(model, column, state, 0, context);
    }
  }
}

/** Panes that only the clock may have to close. */
export function awaitsClock(model: ModelState): boolean {
  return [...model.columns.values()].some(({ timeWindows }) =>
    timeWindows.some(({ window }) => Number.isFinite(window.nextMs)),
  );
}

export function metersOf({ models }: DriftState): Meters {
  let lateEvents = 0;
  let oldestMs: number | undefined;
  let oldestPaneEndMs: number | undefined;
  for (const { columns, config } of models.values()) {
    for (const { watermark, late, window } of [...columns.values()].flatMap(({ timeWindows }) => timeWindows)) {
      lateEvents += late;
      const mark = watermarkMs(watermark, config);
      if (Number.isFinite(mark)) oldestMs = Math.min(oldestMs ?? mark, mark);
      if (Number.isFinite(window.nextMs)) oldestPaneEndMs = Math.min(oldestPaneEndMs ?? window.nextMs, window.nextMs);
    }
  }
  return { lateEvents, watermarkMs: oldestMs, oldestPaneEndMs };
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
