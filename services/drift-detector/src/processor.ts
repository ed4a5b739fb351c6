/** Drift detection as a fold: references and registrations in, predictions through sliding KS windows, alerts out. */
import { createReference, DriftError } from '@weir/drift/reference';
import type { LogRecord } from '@weir/event-log/port';
import { decode } from '@weir/events/codec';
import type { ModelVersionRegistered, ReferenceSet } from '@weir/events/generated/events';
import { PredictionReader, type Row } from '@weir/events/prediction-reader';
import { referenceHash } from '@weir/events/reference-hash';
import { BadRecord } from '@weir/service-kit/fates';
import type { DecodedEvent, Processor, StepContext, View } from '@weir/service-kit/processor';
import { DRIFT_DEFAULTS, type DriftConfig } from './config.ts';
import { observe, unplanned } from './observe.ts';
import { awaitsClock, metersOf, observeClock } from './observe-time.ts';
import { replaceReference } from './replace-reference.ts';
import { fromSnapshot, STATE_VERSION, toSnapshot } from './snapshot.ts';
import { type DriftState, type ModelState, newModel } from './state.ts';
import { alertViews, modelViews } from './views.ts';

/** What a data topic carries is a row; control events keep their whole content. */
export type DriftEvent = DecodedEvent &
  (
    | Row
    | { readonly name: 'ModelVersionRegistered'; readonly event: ModelVersionRegistered }
    | { readonly name: 'ReferenceSet'; readonly event: ReferenceSet }
  );

const TOPIC_EVENTS: Readonly<Record<string, string>> = {
  models: 'ModelVersionRegistered',
  references: 'ReferenceSet',
  predictions: 'PredictionLogged',
  features: 'FeaturesLogged',
};
/** Identifies the kernels below; a change that can alter a verdict changes it. */
export const BUILD = 'drift-detector/5';

export function createDriftProcessor(config: DriftConfig): Processor<DriftState, DriftEvent> {
  // The rows of one batch: emptied before its first decode, so nothing of it outlives a fold.
  const reader = new PredictionReader();
  return {
    configured: (recorded) => createDriftProcessor({ ...DRIFT_DEFAULTS, ...(recorded as Partial<DriftConfig>) }),
    service: 'drift-detector',
    controlTopics: ['models', 'references'],
    dataTopics: ['features', 'predictions'],
    build: BUILD,
    config: JSON.stringify(config),
    stateVersion: STATE_VERSION,
    initialState: () => ({ models: new Map() }),
    unannounced: (state, events) => {
      const { key, name } = events[0] as DriftEvent;
      if (name === 'ModelVersionRegistered') return [];
      const model = state.models.get(key);
      if (model === undefined) return [key];
      return name === 'ReferenceSet' ? [] : unplanned(model, events as readonly Row[]);
    },
    beginBatch: () => reader.reset(),
    decode: (topic, record) => decodeFor(topic, record, reader),
    stepRun: (state, events, context) => {
      if (context.topic === 'models' || context.topic === 'references') {
        for (const [index, event] of events.entries()) control(state, event, index, context, config);
        return;
      }
      const model = state.models.get((events[0] as DriftEvent).key);
      if (model !== undefined) return observe(model, events as readonly Row[], reader.values, context);
      for (const [index, { key }] of events.entries()) context.reject(index, unknownModel(key));
    },
    tick: (state, context) => {
      for (const model of state.models.values()) observeClock(model, context);
    },
    awaitsTick: (state) => [...state.models.values()].some(awaitsClock),
    toSnapshot,
    fromSnapshot: (bytes) => fromSnapshot(bytes, config),
    views: (state, scope) => {
      const views: View[] = [];
      for (const model of state.models.values()) {
        if (scope === 'changed' && !model.changed) continue;
        model.changed = false;
        views.push(...modelViews(model));
      }
      return views;
    },
    meters: metersOf,
    outputViews: alertViews,
  };
}

function decodeFor(topic: string, { value }: LogRecord, reader: PredictionReader): DriftEvent {
  const expected = TOPIC_EVENTS[topic];
  if (value === null) throw new BadRecord('TOMBSTONE', `a record of ${topic} has no value; send a ${expected}`);
  if (topic === 'predictions' || topic === 'features') {
    const row = reader.read(value);
    if (row !== undefined && row.name === expected) return row;
  }
  const { name, event } = decode(value);
  if (name === expected && name === 'ModelVersionRegistered')
    return { name, key: event.model, eventTimeMs: event.eventTimeMs, event };
  if (name === expected && name === 'ReferenceSet')
    return { name, key: event.model, eventTimeMs: event.eventTimeMs, event };
  throw new BadRecord(
    'WRONG_EVENT',
    `a ${name} came in on ${topic}, which carries ${expected}; send it to its own topic`,
  );
}

function control(state: DriftState, event: DriftEvent, index: number, context: StepContext, config: DriftConfig): void {
  if (event.name === 'ModelVersionRegistered') return register(state, event.event, config);
  const model = state.models.get(event.key);
  if (model === undefined) return context.reject(index, unknownModel(event.key));
  if (event.name === 'ReferenceSet') setReference(model, event.event, index, context);
}

function unknownModel(model: string): { code: string; message: string } {
  const message = `model ${JSON.stringify(model)} is not registered; send its ModelVersionRegistered to the models topic first`;
  return { code: 'UNKNOWN_MODEL', message };
}

function register(state: DriftState, event: ModelVersionRegistered, config: DriftConfig): void {
  let model = state.models.get(event.model);
  if (model === undefined) {
    model = newModel(event.model, config);
    state.models.set(event.model, model);
  }
  const named = (type: 'numeric' | 'categorical'): string[] =>
    event.featureSet.features.filter((feature) => feature.type === type).map(({ name }) => name);
  model.featureSets.set(event.featureSet.id, {
    id: event.featureSet.id,
    numeric: named('numeric'),
    categorical: named('categorical'),
  });
  model.versions.set(event.version, {
    featureSet: event.featureSet.id,
    outputs: event.outputs.map(({ name }) => name),
  });
  model.plans.clear();
  model.changed = true;
}

function setReference(model: ModelState, event: ReferenceSet, index: number, context: StepContext): void {
  const known = model.columns.get(event.column);
  if (known?.referenceHash === event.hash) return;
  const hash = referenceHash(event.values, event.counts, event.missing);
  if (hash !== event.hash) {
    return context.reject(index, {
      code: 'HASH_MISMATCH',
      message: `reference of ${event.column}: hash is ${event.hash}, its content gives ${hash}; send it unchanged`,
    });
  }
  try {
    replaceReference(model, event, createReference(event.values, event.counts), index, context);
  } catch (error) {
    if (!(error instanceof DriftError || error instanceof RangeError)) throw error;
    context.reject(index, {
      code: error instanceof DriftError ? error.code : 'REFERENCE_TOO_LARGE',
      message: `reference of ${event.column}: ${error.message}`,
    });
  }
}
