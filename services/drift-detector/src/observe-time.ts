/** Windows over event time: their panes close by the column's own events, or by the clock when it has none. */
import type { Cause } from '@weir/alerts/finding';
import { timeFigures } from '@weir/drift/figures';
import type { Row } from '@weir/events/prediction-reader';
import { idleReachesMs, observe, observeIdle, watermarkMs } from '@weir/service-kit/processing/watermark';
import type { StateFigures, StepContext } from '@weir/service-kit/processor';
import { announce } from './announce.ts';
import { driftFinding } from './findings.ts';
import type { ColumnState, ModelState, TimeWatch } from './state.ts';

/** @param bin of the value; -1 for a missing one, which moves the time on and nothing else */
export function observeTime(
  model: ModelState,
  column: ColumnState,
  bin: number,
  { eventTimeMs }: Row,
  index: number,
  context: StepContext,
): void {
  observe(column.watermark, eventTimeMs, context.clockMs);
  column.topic = context.topic;
  for (const watch of column.times) {
    if (bin >= 0 && !watch.evaluation.add(bin, eventTimeMs)) watch.late += 1;
    if (isDue(model, column, watch)) closePanes(model, column, watch, index, context);
  }
}

/** The clock has moved. */
export function observeClock(model: ModelState, context: StepContext): void {
  for (const column of model.columns.values()) {
    if (!observeIdle(column.watermark, context.clockMs, model.config)) continue;
    for (const watch of column.times) if (isDue(model, column, watch)) closePanes(model, column, watch, 0, context);
  }
}

function isDue({ config }: ModelState, { watermark }: ColumnState, { evaluation }: TimeWatch): boolean {
  return watermarkMs(watermark, config) >= evaluation.window.nextMs;
}

function closePanes(
  model: ModelState,
  column: ColumnState,
  watch: TimeWatch,
  index: number,
  context: StepContext,
): void {
  const { evaluation, rule } = watch;
  const untilMs = watermarkMs(column.watermark, model.config);
  evaluation.close(untilMs, (transition, endMs) => {
    // Named by the end of its window: which event or tick happened to close it is no part of what was found.
    const eventId = `${rule} until ${new Date(endMs).toISOString()}`;
    const cause: Cause = { topic: column.topic, partition: context.partition, eventId, eventTimeMs: endMs };
    const figures = timeFigures(evaluation);
    announce(
      model,
      watch,
      transition,
      cause,
      (output) => context.emit(index, output),
      (told) => driftFinding(model, column, watch, told, figures),
    );
  });
}

/** Earliest clock time at which a pane would close for want of events; undefined when none is open. */
export function nextCloseMs({ columns, config }: ModelState): number | undefined {
  let nextMs: number | undefined;
  for (const { times, watermark } of columns.values()) {
    for (const { evaluation } of times) {
      if (!Number.isFinite(evaluation.window.nextMs)) continue;
      const atMs = idleReachesMs(watermark, evaluation.window.nextMs, config);
      if (atMs > (nextMs ?? Number.POSITIVE_INFINITY)) continue;
      nextMs = atMs;
    }
  }
  return nextMs;
}

export function figuresOf({ columns }: ModelState): StateFigures {
  let lateEvents = 0;
  let oldestWindowEndMs = Number.POSITIVE_INFINITY;
  for (const { late, evaluation } of [...columns.values()].flatMap(({ times }) => times)) {
    lateEvents += late;
    oldestWindowEndMs = Math.min(oldestWindowEndMs, evaluation.window.nextMs);
  }
  return Number.isFinite(oldestWindowEndMs) ? { lateEvents, oldestWindowEndMs } : { lateEvents };
}
