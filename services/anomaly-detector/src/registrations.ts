/** Versions and references of a model. */
import { isRejection, type Rejection } from '@weir/catalogue/outcome';
import { registerVersion } from '@weir/catalogue/register-version';
import { setReference } from '@weir/catalogue/set-reference';
import type { ModelVersionRegistered, ReferenceSet } from '@weir/events/generated/events';
import { newSerial, referencedIn } from './monitored-columns.ts';
import { endQuality } from './observe-quality.ts';
import { Quality } from './quality.ts';
import { isWarmingUp, type ModelState, type Monitor, newMonitor } from './state.ts';
import type { Place } from './tell.ts';

export function register(model: ModelState, event: ModelVersionRegistered): Rejection | undefined {
  const outcome = registerVersion(model.catalogue, event);
  if (isRejection(outcome)) return outcome;
  model.catalogue = outcome.catalogue;
  model.byLayout.clear();
  return undefined;
}

export function takeReference(model: ModelState, event: ReferenceSet, place: Place): Rejection | undefined {
  const outcome = setReference(model.catalogue, event);
  if (isRejection(outcome)) return outcome;
  if (outcome.change === 'none') return undefined;
  model.catalogue = outcome.catalogue;
  model.byLayout.clear();
  for (const [key, monitor] of model.monitors) {
    const { columns } = monitor;
    if (![...columns.numbers, ...columns.texts].includes(event.column)) continue;
    endQuality(model, monitor, 'reference-replaced', place);
    if (isWarmingUp(monitor)) model.monitors.set(key, { ...newMonitor(model, columns), events: monitor.events });
    else replaceQuality(model, monitor);
  }
  return undefined;
}

/** Rules and tests of the new references; the forest stays, and the order of values is learnt anew only by re-anchoring. */
function replaceQuality(model: ModelState, monitor: Monitor): void {
  const before = monitor.quality.referenced;
  const referenced = referencedIn(monitor.columns, model.catalogue);
  const isSame =
    before.numbers.map(({ at }) => at).join() === referenced.numbers.map(({ at }) => at).join() &&
    before.texts.map(({ at }) => at).join() === referenced.texts.map(({ at }) => at).join();
  monitor.quality = new Quality(referenced, undefined, model.config.eventsBetweenFalseAlarms);
  if (!isSame) monitor.serial = newSerial(monitor.quality.profile);
  monitor.quality.takeOrder(monitor.serial);
  monitor.leftSince = 0;
}
