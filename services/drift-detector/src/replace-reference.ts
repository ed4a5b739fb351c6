/** A column that gets another reference begins anew, and the alerts that it had with the old one are over: nobody else would resolve them. */
import type { Reference } from '@weir/drift/reference';
import type { ReferenceSet } from '@weir/events/generated/events';
import type { StepContext } from '@weir/service-kit/processor';
import { type Finding, ksFinding, missingFinding, resolvedAlert, timeFinding } from './alerts.ts';
import { type ColumnState, type ModelState, newColumn, type OpenAlert } from './state.ts';

/** @throws {RangeError} when the reference is too large for a window of the configuration; then nothing has changed */
export function replaceReference(
  model: ModelState,
  { id, column: name, hash, missing, eventTimeMs }: ReferenceSet,
  reference: Reference,
  index: number,
  context: StepContext,
): void {
  const before = model.columns.get(name);
  const column = newColumn(name, hash, reference, missing, model.config);
  if (before !== undefined) {
    const cause = { id, eventTimeMs: Math.max(eventTimeMs, model.lastEventMs) };
    for (const [open, finding] of openFindings(model, before, cause.eventTimeMs)) {
      const last = { ...finding, resolved: 'has a new reference, which ends this alert; with the old one' };
      context.emit(index, resolvedAlert(model.model, before, last, open, cause, context));
    }
  }
  model.columns.set(name, column);
  model.plans.clear();
}

function openFindings(
  { config }: ModelState,
  column: ColumnState,
  nowMs: number,
): readonly (readonly [OpenAlert, Finding])[] {
  const openOf = <Window extends { readonly open: OpenAlert | null }>(
    windows: readonly Window[],
    findingOf: (window: Window) => Finding,
  ): readonly (readonly [OpenAlert, Finding])[] =>
    windows.flatMap((window) => (window.open === null ? [] : [[window.open, findingOf(window)] as const]));
  return [
    ...openOf(column.windows, (window) => ksFinding(column, window)),
    ...openOf(column.timeWindows, (state) => timeFinding(column, state, state.window.endMs, config)),
    ...openOf(column.missingWindows, (state) => missingFinding(column, state, nowMs)),
  ];
}
