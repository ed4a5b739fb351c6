/** What an evaluation decided becomes an alert, and the state keeps what is open. */
import { escalateAlert, raiseAlert, resolveAlert } from '@weir/alerts/alert';
import type { Cause, Finding } from '@weir/alerts/finding';
import type { OpenAlert } from '@weir/alerts/open-alert';
import type { Transition } from '@weir/drift/evaluation';
import type { Output } from '@weir/service-kit/processor';
import type { Told } from './findings.ts';
import type { ModelState, Watch } from './state.ts';

type Emit = (output: Output) => void;
type FindingFor = (told: Told) => Finding;

export function announce(
  model: ModelState,
  watch: Watch<unknown>,
  transition: Transition,
  cause: Cause,
  emit: Emit,
  findingFor: FindingFor,
): void {
  if (transition === 'resolved') {
    endAlert(model, watch, 'recovered', cause, emit, findingFor);
    return;
  }
  const { warningEffect: warning, criticalEffect: critical } = model.config;
  const finding = findingFor(transition);
  const { open, output } =
    transition === 'raised'
      ? raiseAlert(finding, cause, { warning, critical })
      : escalateAlert(watch.alert as OpenAlert, finding, cause, { warning, critical });
  // It was acknowledged before it became another one.
  model.acknowledged.delete(open.id);
  watch.alert = open;
  emit(output);
}

/** Resolves the open alert of a window, if it has one. */
export function endAlert(
  model: ModelState,
  watch: Watch<unknown>,
  reason: Exclude<Told, 'raised' | 'escalated'>,
  cause: Cause,
  emit: Emit,
  findingFor: FindingFor,
): void {
  if (watch.alert === null) return;
  emit(resolveAlert(watch.alert, findingFor(reason), cause, reason));
  model.acknowledged.delete(watch.alert.id);
  watch.alert = null;
}
