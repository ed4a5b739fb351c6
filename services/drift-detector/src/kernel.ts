/** Drift detection key by key: registrations, references and commands in, predictions through sliding windows, alerts out. */
import { causeOf } from '@weir/alerts/finding';
import { missingForReference, missingRegistrations } from '@weir/catalogue/missing-registrations';
import { unknownModel } from '@weir/catalogue/outcome';
import type { PredictionReader, Row } from '@weir/events/prediction-reader';
import type { Kernel, Output, Rejection, StepContext } from '@weir/service-kit/processor';
import { command } from './commands.ts';
import type { DriftConfig } from './config.ts';
import { memoryBytesOf } from './memory-bytes.ts';
import { observe } from './observe.ts';
import { figuresOf, nextCloseMs, observeClock } from './observe-time.ts';
import { observeOutcome } from './performance.ts';
import type { ControlEvent, DriftEvent, OutcomeEvent } from './processor.ts';
import { register, takeReference } from './registrations.ts';
import { loadModel, saveModel } from './saved-state.ts';
import { type ModelState, newModel } from './state.ts';
import { modelViews } from './views.ts';

/** @param reader whose `values` the rows of a run point into */
export function driftKernel(config: DriftConfig, reader: PredictionReader): Kernel<ModelState, DriftEvent> {
  return {
    steps: 'runs',
    lateness: config,
    initial: (key) => newModel(key, config),
    isEmpty: ({ catalogue }) => catalogue.versions.size === 0,
    missingRegistrations: (model, events) => {
      const first = events[0] as DriftEvent;
      if (!('event' in first)) return missingRegistrations(model?.catalogue, events as readonly Row[]);
      if (first.name === 'OutcomeObserved') return model === undefined ? ['model'] : [];
      if (first.name !== 'ReferenceSet') return [];
      return events.flatMap((each) =>
        'event' in each && each.name === 'ReferenceSet' ? missingForReference(model?.catalogue, each.event) : [],
      );
    },
    step: (model, events, context) => {
      if (events[0]?.name === 'OutcomeObserved') outcomes(model, events as readonly OutcomeEvent[], context);
      else if ('event' in (events[0] as DriftEvent)) control(model, events as readonly ControlEvent[], context);
      else if (model.catalogue.versions.size > 0) observe(model, events as readonly Row[], reader.values, context);
      else for (const [index, { key }] of events.entries()) context.reject(index, unknownModel(key));
    },
    nextTimer: (model) => {
      const atMs = nextCloseMs(model);
      return atMs === undefined ? undefined : { domain: 'clock', atMs };
    },
    onTimer: observeClock,
    save: saveModel,
    load: (_, bytes, stateVersion) => loadModel(bytes, stateVersion, config),
    memoryBytes: memoryBytesOf,
    views: (_, model) => modelViews(model),
    figures: figuresOf,
  };
}

function control(model: ModelState, events: readonly ControlEvent[], context: StepContext): void {
  for (const [index, event] of events.entries()) {
    const refused = controlled(model, event, context, (output) => context.emit(index, output));
    if (refused !== undefined) context.reject(index, refused);
  }
}

function outcomes(model: ModelState, events: readonly OutcomeEvent[], context: StepContext): void {
  for (const [index, { key, event }] of events.entries()) {
    const isKnown = model.catalogue.versions.size > 0;
    const refused = isKnown ? observeOutcome(model, event, index, context) : unknownModel(key);
    if (refused !== undefined) context.reject(index, refused);
  }
}

function controlled(
  model: ModelState,
  { name, event }: ControlEvent,
  context: StepContext,
  emit: (output: Output) => void,
): Rejection | undefined {
  if (name === 'PolicySet') return undefined;
  if (name === 'ModelVersionRegistered') return register(model, event);
  if (model.catalogue.versions.size === 0) {
    // Models that this service is not told of may be commanded all the same.
    return name === 'CommandIssued' && event.action !== 'rebase' ? undefined : unknownModel(event.model);
  }
  if (name === 'CommandIssued') return command(model, event, context, emit);
  const cause = causeOf(context, event.id, event.eventTimeMs);
  return takeReference(model, event, { reason: 'reference-replaced', cause, emit });
}
