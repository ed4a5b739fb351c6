/** Drift detection as a fold: references and registrations in, predictions through sliding KS windows, alerts out. */
import { createReference, DriftError } from '@weir/drift/reference';
import type { LogRecord } from '@weir/event-log/port';
import { decode } from '@weir/events/codec';
import type { ModelVersionRegistered, ReferenceSet } from '@weir/events/generated/events';
import { PredictionReader, type Row } from '@weir/events/prediction-reader';
import { referenceHash } from '@weir/events/reference-hash';
import { BadRecord } from '@weir/service-kit/fates';
import type { Kernel, KeyedEvent, Processor, StepContext } from '@weir/service-kit/processor';
import { DRIFT_DEFAULTS, type DriftConfig } from './config.ts';
import { observe, unplanned } from './observe.ts';
import { figuresOf, nextCloseMs, observeClock } from './observe-time.ts';
import { replaceReference } from './replace-reference.ts';
import { loadModel, STATE_VERSION, saveModel, unpackModels } from './snapshot.ts';
import { type ModelState, newModel } from './state.ts';
import { modelViews } from './views.ts';

/** What a data topic carries is a row; control events keep their whole content. */
export type DriftEvent = KeyedEvent &
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
export const BUILD = 'drift-detector/6';

export type DriftProcessor = Processor<DriftConfig, ModelState, DriftEvent>;

export function createDriftProcessor(): DriftProcessor {
  // The rows of one slice: emptied before its first decode, so nothing of it outlives a step.
  const reader = new PredictionReader();
  const input = (topic: string, role: 'control' | 'data'): DriftProcessor['inputs'][number] => ({
    topic,
    role,
    decode: (record) => decodeFor(topic, record, reader),
  });
  return {
    service: 'drift-detector',
    inputs: [
      input('models', 'control'),
      input('references', 'control'),
      input('features', 'data'),
      input('predictions', 'data'),
    ],
    outputs: ['alerts'],
    build: BUILD,
    stateVersion: STATE_VERSION,
    configOf: (recorded) => ({ ...DRIFT_DEFAULTS, ...(recorded as Partial<DriftConfig>) }),
    kernel: (config) => driftKernel(config, reader),
    beginSlice: () => reader.reset(),
    unpack: unpackModels,
  };
}

function driftKernel(config: DriftConfig, reader: PredictionReader): Kernel<ModelState, DriftEvent> {
  return {
    steps: 'runs',
    lateness: config,
    initial: (key) => newModel(key, config),
    isEmpty: ({ versions }) => versions.size === 0,
    missingRegistrations: (model, events) => {
      const { key, name } = events[0] as DriftEvent;
      if (name === 'ModelVersionRegistered') return [];
      if (model === undefined) return [key];
      return name === 'ReferenceSet' ? [] : unplanned(model, events as readonly Row[]);
    },
    step: (model, events, context) => {
      const isControl = context.topic === 'models' || context.topic === 'references';
      if (isControl) for (const [index, event] of events.entries()) control(model, event, index, context);
      else if (model.versions.size > 0) observe(model, events as readonly Row[], reader.values, context);
      else for (const [index, { key }] of events.entries()) context.reject(index, unknownModel(key));
    },
    nextTimer: (model) => {
      const atMs = nextCloseMs(model);
      return atMs === undefined ? undefined : { domain: 'clock', atMs };
    },
    onTimer: observeClock,
    save: saveModel,
    load: (_, bytes, stateVersion) => loadModel(bytes, stateVersion, config),
    views: (_, model) => modelViews(model),
    figures: figuresOf,
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

function control(model: ModelState, event: DriftEvent, index: number, context: StepContext): void {
  if (event.name === 'ModelVersionRegistered') register(model, event.event);
  else if (model.versions.size === 0) context.reject(index, unknownModel(event.key));
  else if (event.name === 'ReferenceSet') setReference(model, event.event, index, context);
}

function unknownModel(model: string): { code: string; message: string } {
  const message = `model ${JSON.stringify(model)} is not registered; send its ModelVersionRegistered to the models topic first`;
  return { code: 'UNKNOWN_MODEL', message };
}

function register(model: ModelState, event: ModelVersionRegistered): void {
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
