/**
 * A model that falls silent, by the clock: quiet for its expected interval, then for another one. The second begins with a tick of the
 * clock that this process has seen, so that the time during which no process ran is not taken for silence of the model.
 */
import { causeOf } from '@weir/alerts/finding';
import type { StepContext, Timer } from '@weir/service-kit/processor';
import { absenceFinding } from './findings.ts';
import { expectedIntervalMs, isWarmingUp, type ModelState } from './state.ts';
import { type Place, raise, resolve } from './tell.ts';

const LEVELS = { warning: 0, critical: 1 };

/** An event has come. */
export function observeArrival(model: ModelState, place: Place): void {
  const { clockMs } = place.context;
  if (model.absence !== null) {
    resolve(model, model.absence, absenceFinding(model, 'recovered'), 'recovered', place);
    model.absence = null;
  } else if (model.arrivedAtMs !== null && [...model.monitors.values()].some(isWarmingUp))
    model.longestGapMs = Math.max(model.longestGapMs, clockMs - model.arrivedAtMs);
  model.arrivedAtMs = clockMs;
  model.quietSinceMs = null;
}

export function absenceTimer(model: ModelState): Timer | undefined {
  const { arrivedAtMs, quietSinceMs, absence, monitors } = model;
  if (arrivedAtMs === null || absence !== null || monitors.size === 0) return undefined;
  return { domain: 'clock', atMs: (quietSinceMs ?? arrivedAtMs) + expectedIntervalMs(model) };
}

export function onAbsenceTimer(model: ModelState, context: StepContext): void {
  if (model.quietSinceMs === null) {
    model.quietSinceMs = context.clockMs;
    return;
  }
  const { topic, lastEventMs } = model;
  const eventId = `absence since ${new Date(lastEventMs).toISOString()}`;
  const eventTimeMs = lastEventMs + Math.round(2 * expectedIntervalMs(model));
  const cause = causeOf({ topic, partition: context.partition }, eventId, eventTimeMs);
  model.absence = raise(absenceFinding(model, 'raised'), LEVELS, {
    context,
    index: 0,
    eventTimeMs,
    cause: () => cause,
  });
}
