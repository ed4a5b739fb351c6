/** What people tell the detector over the commands topic. Commands that are another service's business change nothing here. */
import { causeOf } from '@weir/alerts/finding';
import type { CommandIssued } from '@weir/events/generated/events';
import type { Output, Rejection, StepContext } from '@weir/service-kit/processor';
import { rebaseOutcomes } from './performance.ts';
import { referenceSetFrom, takeReference } from './registrations.ts';
import { longestWindow, type ModelState, type Note, watchesOf } from './state.ts';

export function command(
  model: ModelState,
  event: CommandIssued,
  context: StepContext,
  emit: (output: Output) => void,
): Rejection | undefined {
  if (event.action === 'rebase') return rebase(model, event, context, emit);
  if (event.action === 'acknowledge') return acknowledge(model, event);
  if (event.action === 'mute') return mute(model, event);
  return undefined;
}

function noteOf({ principal, reason, issuedMs }: CommandIssued): Note {
  return { by: principal.id, reason, atMs: issuedMs };
}

/** The alert may be another service's, or resolved by now. */
function acknowledge(model: ModelState, event: CommandIssued): undefined {
  const id = event.subject['alert'];
  const watched = [...model.columns.values()].flatMap(watchesOf).map(({ alert }) => alert);
  const isOpen = [...watched, ...(model.judged?.alerts.values() ?? [])].some((alert) => alert?.id === id);
  if (id !== undefined && isOpen) model.acknowledged.set(id, noteOf(event));
}

/** Subject: `until` as RFC 3339, and `column`; without one the whole model. A time that is over unmutes. */
function mute(model: ModelState, event: CommandIssued): Rejection | undefined {
  const { column = '', until = '' } = event.subject;
  const untilMs = Date.parse(until);
  if (Number.isNaN(untilMs))
    return badCommand(event, `subject.until is ${JSON.stringify(until)}; it must be a time like 2026-12-01T08:00:00Z`);
  if (column !== '' && !model.columns.has(column)) return noColumn(model, event);
  for (const [name, { untilMs: endMs }] of model.mutes) if (endMs <= event.issuedMs) model.mutes.delete(name);
  if (untilMs <= event.issuedMs) model.mutes.delete(column);
  else model.mutes.set(column, { ...noteOf(event), untilMs });
  return undefined;
}

/** Subject: `column`, or `alert`, an open one of the model: what it speaks of is rebased, a column or the outcomes. */
function rebase(
  model: ModelState,
  event: CommandIssued,
  context: StepContext,
  emit: (output: Output) => void,
): Rejection | undefined {
  const { alert, column = '' } = event.subject;
  // Sent twice it counts once.
  if (isRebasedBy(model, event.id)) return undefined;
  if (alert === undefined) return rebaseColumn(model, column, event, context, emit);
  const { judged } = model;
  if (judged !== null && [...judged.alerts.values()].some(({ id }) => id === alert)) {
    rebaseOutcomes(model, judged, causeOf(context, event.id, event.issuedMs), emit);
    return undefined;
  }
  const of = [...model.columns.values()].find((each) => watchesOf(each).some((watch) => watch.alert?.id === alert));
  if (of !== undefined) return rebaseColumn(model, of.name, event, context, emit);
  return badCommand(
    event,
    `subject.alert is ${JSON.stringify(alert)}; model ${model.model} has no open alert of this service with that id: /v1/alerts?state=open lists them`,
  );
}

function isRebasedBy({ judged, columns }: ModelState, id: string): boolean {
  return judged?.performance.reference.rebasedBy === id || [...columns.values()].some(({ entry }) => entry.id === id);
}

/** Its last values, as many as the longest count window holds, become its reference. */
function rebaseColumn(
  model: ModelState,
  name: string,
  event: CommandIssued,
  context: StepContext,
  emit: (output: Output) => void,
): Rejection | undefined {
  const column = model.columns.get(name);
  if (column === undefined) return noColumn(model, event);
  const { id, issuedMs: eventTimeMs } = event;
  const { capacity } = longestWindow(column);
  const sample = column.recent.last(capacity);
  if (sample === undefined)
    return badCommand(
      event,
      `the window of ${column.name} holds ${column.recent.size} of ${capacity} values; send it again when it is full`,
    );
  const missing = column.missing
    .map(({ evaluation }) => evaluation.missing)
    .find((window) => window.capacity === capacity)
    ?.countAt(column.present + column.absent);
  const from = { model: model.model, column: column.name, source: 'weir:rebase', eventTimeMs, id };
  const cause = causeOf(context, id, eventTimeMs);
  return takeReference(model, referenceSetFrom(sample, missing ?? 0, from), {
    reason: 'rebased',
    cause,
    emit,
  });
}

function noColumn({ model, columns }: ModelState, { action, subject }: CommandIssued): Rejection {
  const names = [...columns.keys()];
  const shown = `${names.slice(0, 10).join(', ')}${names.length > 10 ? ` and ${names.length - 10} more` : ''}`;
  return {
    code: 'UNKNOWN_COLUMN',
    message: `${action}: subject.column is ${JSON.stringify(subject['column'] ?? '')}; columns of model ${model} that have a reference: ${shown || 'none'}. Correct the name`,
  };
}

function badCommand({ action, id }: CommandIssued, fault: string): Rejection {
  return { code: 'BAD_COMMAND', message: `${action} ${id}: ${fault}` };
}
