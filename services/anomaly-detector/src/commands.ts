/** What people tell the detector over the commands topic. Commands that are another service's business change nothing here. */
import type { CommandIssued } from '@weir/events/generated/events';
import { endOutliers } from './observe-outliers.ts';
import { endQuality } from './observe-quality.ts';
import { type ModelState, newMonitor } from './state.ts';
import type { Place } from './tell.ts';

export function command(model: ModelState, event: CommandIssued, place: Place): void {
  if (event.action === 'acknowledge') acknowledge(model, event);
  if (event.action === 'reanchor') reanchor(model, event, place);
}

/** The alert may be another service's, or resolved by now. */
function acknowledge(model: ModelState, { subject, principal, reason, issuedMs }: CommandIssued): void {
  const id = subject['alert'];
  if (id !== undefined && openAlertIds(model).includes(id))
    model.acknowledged.set(id, { by: principal.id, reason, atMs: issuedMs });
}

function openAlertIds({ monitors, absence }: ModelState): string[] {
  const open = [...monitors.values()].flatMap(({ quality, episode, left }) => [
    ...[...quality.open.values()].map(({ alert }) => alert),
    episode?.alert,
    left,
  ]);
  return [...open, absence].flatMap((alert) => (alert === null || alert === undefined ? [] : [alert.id]));
}

/** Forests, their calibration and the order of values begin anew with the next clean events; references stay. */
function reanchor(model: ModelState, { id }: CommandIssued, place: Place): void {
  if (model.reanchoredBy === id) return;
  model.reanchoredBy = id;
  for (const [key, monitor] of model.monitors) {
    endQuality(model, monitor, 'reanchored', place);
    endOutliers(model, monitor, place);
    model.monitors.set(key, { ...newMonitor(model, monitor.columns), events: monitor.events });
  }
  model.byLayout.clear();
  model.longestGapMs = 0;
}
