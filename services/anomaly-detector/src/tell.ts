/** Findings become alerts, and the state keeps what is open. */
import { escalateAlert, raiseAlert, resolveAlert } from '@weir/alerts/alert';
import { type Cause, causeOf, type Finding } from '@weir/alerts/finding';
import type { OpenAlert } from '@weir/alerts/open-alert';
import type { SeverityLevels } from '@weir/alerts/severity';
import type { Row } from '@weir/events/prediction-reader';
import type { StepContext } from '@weir/service-kit/processor';
import type { Told } from './findings.ts';
import type { ModelState } from './state.ts';

/** Where in the stream something was found: an event, a command or a timer. */
export interface Place {
  readonly context: StepContext;
  /** Of the event in its run. */
  readonly index: number;
  readonly eventTimeMs: number;
  readonly cause: () => Cause;
}

export function placeOf({ id, eventTimeMs }: Row, index: number, context: StepContext): Place {
  return { context, index, eventTimeMs, cause: () => causeOf(context, String(id), eventTimeMs) };
}

export function raise(finding: Finding, levels: SeverityLevels, { context, index, cause }: Place): OpenAlert {
  const { open, output } = raiseAlert(finding, cause(), levels);
  context.emit(index, output);
  return open;
}

export function escalate(
  model: ModelState,
  alert: OpenAlert,
  finding: Finding,
  levels: SeverityLevels,
  { context, index, cause }: Place,
): OpenAlert {
  const { open, output } = escalateAlert(alert, finding, cause(), levels);
  // It was acknowledged before it became another one.
  model.acknowledged.delete(open.id);
  context.emit(index, output);
  return open;
}

export function resolve(
  model: ModelState,
  alert: OpenAlert,
  finding: Finding,
  reason: Exclude<Told, 'raised' | 'escalated'>,
  { context, index, cause }: Place,
): void {
  const at = cause();
  // Nothing resolves before it was raised: events may come late.
  const eventTimeMs = Math.max(at.eventTimeMs, alert.raisedAtMs);
  context.emit(index, resolveAlert(alert, finding, { ...at, eventTimeMs }, reason));
  model.acknowledged.delete(alert.id);
}
