/** The hot path: a run of one model's events, one after another, each through the monitor of its layout. */
import { type ColumnLayout, layoutOfRow, lengthFault } from '@weir/catalogue/layout';
import { isRejection } from '@weir/catalogue/outcome';
import type { PredictionReader, Row, RowHead } from '@weir/events/prediction-reader';
import type { Rejection, StepContext } from '@weir/service-kit/processor';
import { observeArrival } from './absence.ts';
import { observeOutliers } from './observe-outliers.ts';
import { observeQuality } from './observe-quality.ts';
import { quarantined } from './quarantine.ts';
import { isWarmingUp, type ModelState, type Monitor, monitorOf } from './state.ts';
import { type Place, placeOf } from './tell.ts';

export function observe(model: ModelState, rows: readonly Row[], reader: PredictionReader, context: StepContext): void {
  let head: RowHead | undefined;
  let layout: ColumnLayout | Rejection | undefined;
  for (const [index, row] of rows.entries()) {
    if (row.head !== head || layout === undefined) {
      head = row.head;
      layout = layoutOfRow(model.catalogue, row);
    }
    const refused = isRejection(layout) ? layout : lengthFault(layout, row);
    if (refused !== undefined) {
      context.reject(index, refused);
      continue;
    }
    observeRow(model, layout as ColumnLayout, row, reader, placeOf(row, index, context));
  }
}

function observeRow(
  model: ModelState,
  layout: ColumnLayout,
  row: Row,
  { values, texts }: PredictionReader,
  place: Place,
): void {
  observeArrival(model, place);
  model.events += 1;
  model.topic = place.context.topic;
  if (row.eventTimeMs > model.lastEventMs) model.lastEventMs = row.eventTimeMs;
  const monitor = monitorOf(model, layout);
  if (monitor === null) {
    model.unmonitored += 1;
    return;
  }
  monitor.events += 1;
  monitor.quality.load(values, row.at, texts, row.textAt);
  const violations = observeQuality(model, monitor, place);
  let isOdd = false;
  if (isWarmingUp(monitor)) warm(model, monitor, violations === 0, row, values, texts);
  else if (monitor.outliers !== null) {
    const decision = monitor.outliers.decide(values, row.at, texts, row.textAt);
    isOdd = decision.isAlarm;
    observeOutliers(model, monitor, decision, place);
  }
  if (model.config.quarantine && (violations > 0 || isOdd))
    place.context.emit(place.index, quarantined(monitor, row, isOdd, place));
}

/** Only clean events become what later ones are compared with. */
function warm(
  { config }: ModelState,
  monitor: Monitor,
  isClean: boolean,
  row: Row,
  values: Float64Array,
  texts: readonly (string | null)[],
): void {
  const { quality, serial, outliers } = monitor;
  if (!isClean || quality.open.size > 0) {
    monitor.leftOut += 1;
    return;
  }
  if (!quality.hasOrder) serial.add(quality.event);
  outliers?.warm(values, row.at, texts, row.textAt);
  // The tests need no held-out events: they are ready before the forest is.
  const isKnown =
    outliers === null ? monitor.events - monitor.leftOut >= config.learnEvents : outliers.phase !== 'learning';
  if (isKnown && !quality.hasOrder) quality.takeOrder(serial);
}
