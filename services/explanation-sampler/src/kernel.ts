/** The sampler key by key: registrations, references and commands in, predictions and outcomes in, explanations and alerts out. */

import { causeOf } from '@weir/alerts/finding';
import { layoutFor, lengthFault } from '@weir/catalogue/layout';
import { missingForReference, missingRegistrations } from '@weir/catalogue/missing-registrations';
import { isRejection, unknownModel } from '@weir/catalogue/outcome';
import { decode } from '@weir/events/codec';
import type { OutcomeObserved, PredictionLogged } from '@weir/events/generated/events';
import type { PredictionReader } from '@weir/events/prediction-reader';
import type { Kernel, Output, Rejection, StepContext } from '@weir/service-kit/processor';
import type { SamplerConfig } from './config.ts';
import { request } from './explain-command.ts';
import { effectOf, takeAnswers } from './explaining.ts';
import { mustExplain, observeDecision, observeLabel, protectedSegments } from './fairness.ts';
import { evaluate } from './fairness-alerts.ts';
import { loadEffect, retryLoad, takeLoad } from './loading.ts';
import type { PredictionRow, SamplerEvent } from './processor.ts';
import { register, takeReference } from './registrations.ts';
import { loadModel, saveModel } from './saved-state.ts';
import { select } from './select.ts';
import { type ModelState, newModel } from './state.ts';
import { modelViews } from './views.ts';

/** @param reader whose `values` the rows of a run point into */
export function samplerKernel(config: SamplerConfig, reader: PredictionReader): Kernel<ModelState, SamplerEvent> {
  return {
    steps: 'runs',
    // Inclusion follows the order of the log, not event time: late events are as good as others.
    lateness: { allowedLatenessMs: 60_000, idleAfterMs: 60_000 },
    initial: (key) => newModel(key, config),
    isEmpty: ({ catalogue }) => catalogue.versions.size === 0,
    missingRegistrations: (model, events) => {
      const first = events[0] as SamplerEvent;
      if (first.name === 'PredictionLogged')
        return missingRegistrations(model?.catalogue, events as readonly PredictionRow[]);
      return events.flatMap((each) =>
        each.name === 'ReferenceSet' ? missingForReference(model?.catalogue, each.event) : [],
      );
    },
    step: (model, events, context) => {
      for (const [index, event] of events.entries()) {
        const refused = stepOne(model, event, reader.values, context, (output) => context.emit(index, output));
        if (refused !== undefined) context.reject(index, refused);
      }
    },
    nextTimer: (model) => {
      const times = [...model.versions.values()].flatMap(({ load }) =>
        load.status === 'failed' ? load.retryAtMs : [],
      );
      return times.length === 0 ? undefined : { domain: 'clock', atMs: Math.min(...times) };
    },
    onTimer: (model, { clockMs }) => retryLoad(model, clockMs),
    pendingEffects: (model) =>
      [...model.versions.values()].flatMap((version) => [
        ...(version.load.status === 'asked' ? [loadEffect(model, version)] : []),
        ...(version.batch === null ? [] : [effectOf(model, version, version.batch)]),
      ]),
    onEffectAnswer: (model, answer, context) => {
      for (const version of model.versions.values()) {
        if (version.batch?.id === answer.effectId) takeAnswers(model, version, answer, context);
        else if (loadEffect(model, version).id === answer.effectId) takeLoad(model, version, answer, context);
      }
    },
    save: saveModel,
    load: (_, bytes, stateVersion) => loadModel(bytes, stateVersion, config),
    views: (_, model) => modelViews(model),
  };
}

function stepOne(
  model: ModelState,
  event: SamplerEvent,
  values: Float64Array,
  context: StepContext,
  emit: (output: Output) => void,
): Rejection | undefined {
  if (event.name === 'PolicySet') return undefined;
  const placeOf = (eventId: string, eventTimeMs: number) => ({
    cause: causeOf(context, eventId, eventTimeMs),
    emit,
  });
  if (event.name === 'ModelVersionRegistered')
    return register(model, event.event, placeOf(event.event.id, event.eventTimeMs));
  if (model.catalogue.versions.size === 0) return unknownModel(event.key);
  if (event.name === 'ReferenceSet')
    return takeReference(model, event.event, placeOf(event.event.id, event.eventTimeMs));
  if (event.name === 'CommandIssued') return event.event.action === 'explain' ? request(model, event.event) : undefined;
  if (event.name === 'OutcomeObserved')
    return outcome(model, event.event, placeOf(event.event.predictionId, event.eventTimeMs));
  return prediction(model, event, values, placeOf);
}

type PlaceOf = (eventId: string, eventTimeMs: number) => Parameters<typeof evaluate>[3];

function outcome(model: ModelState, event: OutcomeObserved, to: ReturnType<PlaceOf>): undefined {
  for (const version of observeLabel(model, event)) evaluate(model, version, 'labels', to);
}

function prediction(
  model: ModelState,
  row: PredictionRow,
  values: Float64Array,
  placeOf: PlaceOf,
): Rejection | undefined {
  const layout = layoutFor(model.catalogue, row.head.featureSet, row.head.version);
  if (isRejection(layout)) return layout;
  const fault = lengthFault(layout, row);
  if (fault !== undefined) return fault;
  const version = model.versions.get(row.head.version);
  if (version === undefined) return undefined;
  if (row.head.featureSet !== version.featureSet)
    return {
      code: 'UNKNOWN_FEATURE_SET',
      message: `featureSet is ${JSON.stringify(row.head.featureSet)}; version ${version.version} was registered with ${version.featureSet}. Send that, or register another version`,
    };
  model.lastEventMs = Math.max(model.lastEventMs, row.eventTimeMs);
  let decoded: PredictionLogged | undefined;
  const whole = (): PredictionLogged => (decoded ??= decode(row.value).event as PredictionLogged);
  const id = row.id.toString();
  const outputAt = (index: number): number =>
    index < row.outputs ? (values[row.at + row.numeric + index] as number) : Number.NaN;
  select(model, version, {
    id,
    eventTimeMs: row.eventTimeMs,
    output: outputAt(0),
    mandatory: mustExplain(model, version, outputAt),
    arrays: () => ({
      numeric: [...values.subarray(row.at, row.at + row.numeric)],
      categorical: row.categorical === 0 ? [] : whole().categorical,
      segment: protectedSegments(version, () => whole().segment),
    }),
  });
  if (version.fairness.monitor !== null && observeDecision(model, version, whole()))
    evaluate(model, version, 'decisions', placeOf(id, row.eventTimeMs));
  return undefined;
}
