/** Anomaly detection key by key: registrations, references and commands in, predictions and features through monitors, alerts out. */
import { causeOf } from '@weir/alerts/finding';
import { missingForReference, missingRegistrations } from '@weir/catalogue/missing-registrations';
import { unknownModel } from '@weir/catalogue/outcome';
import type { PredictionReader, Row } from '@weir/events/prediction-reader';
import type { Kernel, Rejection, StepContext } from '@weir/service-kit/processor';
import { absenceTimer, onAbsenceTimer } from './absence.ts';
import { command } from './commands.ts';
import type { AnomalyConfig } from './config.ts';
import { observe } from './observe.ts';
import type { AnomalyEvent, ControlEvent } from './processor.ts';
import { register, takeReference } from './registrations.ts';
import { loadModel, saveModel } from './saved-state.ts';
import { type ModelState, newModel } from './state.ts';
import type { Place } from './tell.ts';
import { modelViews } from './views.ts';

/** @param reader whose `values` and `texts` the rows of a run point into */
export function anomalyKernel(config: AnomalyConfig, reader: PredictionReader): Kernel<ModelState, AnomalyEvent> {
  return {
    steps: 'runs',
    // No timer by event time: nothing here waits for late events.
    lateness: { allowedLatenessMs: 0, idleAfterMs: Number.MAX_SAFE_INTEGER },
    initial: (key) => newModel(key, config),
    isEmpty: ({ catalogue }) => catalogue.versions.size === 0,
    missingRegistrations: (model, events) => {
      const first = events[0] as AnomalyEvent;
      if (!('event' in first)) return missingRegistrations(model?.catalogue, events as readonly Row[]);
      if (first.name !== 'ReferenceSet') return [];
      return events.flatMap((each) =>
        'event' in each && each.name === 'ReferenceSet' ? missingForReference(model?.catalogue, each.event) : [],
      );
    },
    step: (model, events, context) => {
      if ('event' in (events[0] as AnomalyEvent)) control(model, events as readonly ControlEvent[], context);
      else if (model.catalogue.versions.size > 0) observe(model, events as readonly Row[], reader, context);
      else for (const [index, { key }] of events.entries()) context.reject(index, unknownModel(key));
    },
    nextTimer: absenceTimer,
    onTimer: onAbsenceTimer,
    save: saveModel,
    load: (_, bytes, stateVersion) => loadModel(bytes, stateVersion, config),
    views: (_, model) => modelViews(model),
  };
}

function control(model: ModelState, events: readonly ControlEvent[], context: StepContext): void {
  for (const [index, event] of events.entries()) {
    const refused = controlled(model, event, index, context);
    if (refused !== undefined) context.reject(index, refused);
  }
}

function controlled(
  model: ModelState,
  { name, event }: ControlEvent,
  index: number,
  context: StepContext,
): Rejection | undefined {
  if (name === 'PolicySet') return undefined;
  if (name === 'ModelVersionRegistered') return register(model, event);
  if (model.catalogue.versions.size === 0) {
    // Models that this service is not told of may be commanded all the same.
    return name === 'CommandIssued' && event.action !== 'reanchor' ? undefined : unknownModel(event.model);
  }
  const atMs = 'issuedMs' in event ? event.issuedMs : event.eventTimeMs;
  // Brought up to the newest event: nothing resolves before it was raised.
  const eventTimeMs = Math.max(atMs, model.lastEventMs);
  const cause = causeOf(context, event.id, eventTimeMs);
  const place: Place = { context, index, eventTimeMs, cause: () => cause };
  if (name === 'ReferenceSet') return takeReference(model, event, place);
  command(model, event, place);
  return undefined;
}
