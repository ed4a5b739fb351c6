/** Drift detection as a fold: references and registrations in, predictions through sliding KS windows, alerts out. */
import { createHash } from 'node:crypto';
import { binOf, createReference, DriftError } from '@weir/drift/reference';
import { decode, encode } from '@weir/events/codec';
import type {
  FeaturesLogged,
  ModelVersionRegistered,
  PredictionLogged,
  ReferenceSet,
} from '@weir/events/generated/events';
import { referenceHash } from '@weir/events/reference-hash';
import { BadRecord } from '@weir/service-kit/fates';
import type { DecodedEvent, Output, Processor, StepContext, View } from '@weir/service-kit/processor';
import { kolmogorovTail } from '@weir/stats/kolmogorov';
import type { DriftConfig } from './config.ts';
import {
  type ColumnState,
  type DriftState,
  type FeatureSetState,
  fromSnapshot,
  type ModelState,
  newColumn,
  newModel,
  STATE_VERSION,
  toSnapshot,
  type WindowState,
} from './state.ts';
import { effectSize, ruleName } from './verdict.ts';
import { alertViews, modelViews } from './views.ts';

export type DriftEvent = DecodedEvent &
  (
    | { readonly kind: 'model'; readonly event: ModelVersionRegistered }
    | { readonly kind: 'reference'; readonly event: ReferenceSet }
    | { readonly kind: 'prediction'; readonly event: PredictionLogged }
    | { readonly kind: 'features'; readonly event: FeaturesLogged }
  );

const TOPIC_EVENTS: Readonly<Record<string, string>> = {
  models: 'ModelVersionRegistered',
  references: 'ReferenceSet',
  predictions: 'PredictionLogged',
  features: 'FeaturesLogged',
};
/** Identifies the kernels below; a change that can alter a verdict changes it. */
export const BUILD = 'drift-detector/1';

export function createDriftProcessor(config: DriftConfig): Processor<DriftState, DriftEvent> {
  return {
    service: 'drift-detector',
    controlTopics: ['models', 'references'],
    dataTopics: ['features', 'predictions'],
    build: BUILD,
    config: JSON.stringify(config),
    stateVersion: STATE_VERSION,
    initialState: () => ({ models: new Map() }),
    beginBatch: () => {},
    decode: (topic, record) => decodeFor(topic, record.value),
    stepRun: (state, events, context) => {
      for (const [index, event] of events.entries()) step(state, event, index, context, config);
    },
    tick: () => {},
    awaitsTick: () => false,
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
    outputViews: alertViews,
  };
}

function decodeFor(topic: string, value: Uint8Array | null): DriftEvent {
  if (value === null)
    throw new BadRecord('TOMBSTONE', `a record of ${topic} has no value; send a ${TOPIC_EVENTS[topic]}`);
  const decoded = decode(value);
  if (decoded.name !== TOPIC_EVENTS[topic])
    throw new BadRecord('WRONG_EVENT', `a ${decoded.name} came in on ${topic}, which carries ${TOPIC_EVENTS[topic]}`);
  const { model: key, eventTimeMs } = decoded.event as PredictionLogged;
  switch (decoded.name) {
    case 'ModelVersionRegistered':
      return { key, eventTimeMs, kind: 'model', event: decoded.event };
    case 'ReferenceSet':
      return { key, eventTimeMs, kind: 'reference', event: decoded.event };
    case 'PredictionLogged':
      return { key, eventTimeMs, kind: 'prediction', event: decoded.event };
    default:
      return { key, eventTimeMs, kind: 'features', event: decoded.event as FeaturesLogged };
  }
}

function step(
  state: DriftState,
  { kind, event }: DriftEvent,
  index: number,
  context: StepContext,
  config: DriftConfig,
): void {
  if (kind === 'model') return register(state, event);
  const model = state.models.get(event.model);
  if (model === undefined) {
    const message = `model ${JSON.stringify(event.model)} is not registered; send its ModelVersionRegistered to the models topic first`;
    return context.reject(index, { code: 'UNKNOWN_MODEL', message });
  }
  model.changed = true;
  if (kind === 'reference') return setReference(model, event, index, context, config);
  observe(model, kind, event, index, context, config);
}

function register(state: DriftState, event: ModelVersionRegistered): void {
  let model = state.models.get(event.model);
  if (model === undefined) {
    model = newModel(event.model);
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
  model.changed = true;
}

function setReference(
  model: ModelState,
  event: ReferenceSet,
  index: number,
  context: StepContext,
  config: DriftConfig,
): void {
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
    model.columns.set(event.column, newColumn(event.column, hash, createReference(event.values, event.counts), config));
  } catch (error) {
    if (!(error instanceof DriftError || error instanceof RangeError)) throw error;
    context.reject(index, {
      code: error instanceof DriftError ? error.code : 'REFERENCE_TOO_LARGE',
      message: `reference of ${event.column}: ${error.message}`,
    });
  }
}

function observe(
  model: ModelState,
  kind: 'prediction' | 'features',
  event: PredictionLogged | FeaturesLogged,
  index: number,
  context: StepContext,
  config: DriftConfig,
): void {
  const featureSet = model.featureSets.get(event.featureSet);
  const refusal = shapeFault(model, featureSet, event);
  if (refusal !== undefined || featureSet === undefined)
    return context.reject(index, refusal ?? { code: 'UNKNOWN_FEATURE_SET', message: '' });
  model.events += 1;
  model.lastEventMs = Math.max(model.lastEventMs, event.eventTimeMs);
  for (const [at, name] of featureSet.numeric.entries())
    push(model, name, event.numeric[at] as number, kind, event, index, context, config);
  if (kind !== 'prediction') return;
  const { outputs, version } = event as PredictionLogged;
  for (const [at, name] of (model.versions.get(version)?.outputs ?? []).entries())
    push(model, name, outputs[at] as number, kind, event, index, context, config);
}

function shapeFault(
  model: ModelState,
  featureSet: FeatureSetState | undefined,
  event: PredictionLogged | FeaturesLogged,
): { code: string; message: string } | undefined {
  if (featureSet === undefined) {
    const known = [...model.featureSets.keys()].join(', ');
    return {
      code: 'UNKNOWN_FEATURE_SET',
      message: `featureSet is ${JSON.stringify(event.featureSet)}; model ${model.model} has ${known}. Register the version that uses it`,
    };
  }
  for (const [field, expected] of [
    ['numeric', featureSet.numeric.length],
    ['categorical', featureSet.categorical.length],
  ] as const) {
    if (event[field].length !== expected)
      return {
        code: 'WRONG_LENGTH',
        message: `${field} has ${event[field].length} values, feature set ${featureSet.id} names ${expected}; send one value per feature, NaN or null for missing ones`,
      };
  }
  if (!('outputs' in event)) return undefined;
  const version = model.versions.get(event.version);
  if (version === undefined)
    return {
      code: 'UNKNOWN_VERSION',
      message: `version is ${JSON.stringify(event.version)}; model ${model.model} has ${[...model.versions.keys()].join(', ')}. Register it first`,
    };
  if (event.outputs.length !== version.outputs.length)
    return {
      code: 'WRONG_LENGTH',
      message: `outputs has ${event.outputs.length} values, version ${event.version} names ${version.outputs.length}`,
    };
  return undefined;
}

function push(
  model: ModelState,
  name: string,
  value: number,
  topic: string,
  event: { readonly id: string; readonly eventTimeMs: number },
  index: number,
  context: StepContext,
  config: DriftConfig,
): void {
  const column = model.columns.get(name);
  if (column === undefined) return;
  if (!Number.isFinite(value)) {
    column.missing += 1;
    return;
  }
  column.present += 1;
  const bin = binOf(column.reference, value);
  for (const window of column.windows) {
    window.times[window.timesNext] = event.eventTimeMs;
    window.timesNext = window.timesNext + 1 === window.ks.capacity ? 0 : window.timesNext + 1;
    window.ks.pushBin(bin);
    if (window.ks.full) judge(model, column, window, topic, event, index, context, config);
  }
}

function judge(
  model: ModelState,
  column: ColumnState,
  window: WindowState,
  topic: string,
  event: { readonly id: string; readonly eventTimeMs: number },
  index: number,
  context: StepContext,
  config: DriftConfig,
): void {
  const { ks } = window;
  const { limit } = window;
  const statistic = ks.statisticOf(ks.height);
  if (window.open === null) {
    if (statistic < limit) return;
    const rule = ruleName(window);
    const fingerprint = digest('fingerprint', model.model, rule, column.name);
    const id = digest('raised', fingerprint, event.id);
    window.open = { id, fingerprint, raisedAtMs: event.eventTimeMs, calm: 0 };
    context.emit(index, alert('AlertRaised', id, model, column, window, limit, topic, event, context));
    return;
  }
  window.open.calm = statistic < limit * config.resolveShare ? window.open.calm + 1 : 0;
  if (window.open.calm < ks.capacity) return;
  const id = digest('resolved', window.open.fingerprint, event.id);
  context.emit(index, alert('AlertResolved', id, model, column, window, limit, topic, event, context));
  window.open = null;
}

function alert(
  name: 'AlertRaised' | 'AlertResolved',
  id: string,
  model: ModelState,
  column: ColumnState,
  window: WindowState,
  limit: number,
  topic: string,
  event: { readonly id: string; readonly eventTimeMs: number },
  context: StepContext,
): Output {
  const { statistic, at, direction, windowSize } = window.ks.read();
  const { m } = column.reference;
  const open = window.open as NonNullable<WindowState['open']>;
  const fromMs = window.times[window.timesNext] as number;
  const said =
    name === 'AlertRaised'
      ? `has moved ${direction > 0 ? 'up' : 'down'} against its reference`
      : 'is back at its reference';
  const common = {
    id,
    fingerprint: open.fingerprint,
    model: model.model,
    column: column.name,
    rule: ruleName(window),
    severity: 'warning' as const,
    summary: `${model.model}: ${column.name} ${said}: D = ${statistic.toFixed(3)} near ${at} over ${windowSize} values`,
    statistic,
    threshold: limit,
    at,
    direction,
    pValueSingleLook: kolmogorovTail(statistic * Math.sqrt((m * windowSize) / (m + windowSize))),
    effectSize: effectSize(column, window),
    windowSize,
    referenceSize: m,
    referenceHash: column.referenceHash,
    sinceMs: fromMs,
    eventTimeMs: event.eventTimeMs,
    evidence: {
      topic: topic === 'prediction' ? 'predictions' : 'features',
      partition: context.partition,
      eventId: event.id,
      fromMs,
      toMs: event.eventTimeMs,
    },
  };
  const value =
    name === 'AlertRaised'
      ? encode(name, common)
      : encode(name, { ...common, raisedId: open.id, raisedAtMs: open.raisedAtMs });
  return { topic: 'alerts', key: model.model, value, id, eventTimeMs: event.eventTimeMs };
}

function digest(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
