/** Events of which a test names what it cares about; the rest is filled in. */
import { encode } from '@weir/events/codec';
import type { ModelVersionRegistered, PredictionLogged, ReferenceSet } from '@weir/events/generated/events';
import { referenceHash } from '@weir/events/reference-hash';

type Some<Event, Named extends keyof Event> = Pick<Event, Named> & Partial<Event>;

/** Feature set "fs", version "1". */
export function predictionOf(event: Some<PredictionLogged, 'model' | 'id' | 'eventTimeMs' | 'numeric'>): Buffer {
  const filled = { version: '1', featureSet: 'fs', categorical: [], outputs: [] };
  return encode('PredictionLogged', { ...filled, unit: null, segment: {}, routing: null, latencyMs: null, ...event });
}

/** @param features names of numeric features of the set "fs" */
export function registrationOf(features: readonly string[], event: Some<ModelVersionRegistered, 'model'>): Buffer {
  const { model, version = '1' } = event;
  const named = features.map((name) => ({ name, type: 'numeric' as const, unit: null, protected: false }));
  const featureSet = { id: 'fs', features: named };
  const filled = {
    version,
    featureSet,
    outputs: [],
    access: null,
    digest: null,
    eventTimeMs: 0,
    id: `${model}/${version}`,
  };
  return encode('ModelVersionRegistered', { ...filled, ...event });
}

/** With the hash of its content, unless another is named. */
export function referenceSetOf(event: Some<ReferenceSet, 'model' | 'column' | 'values' | 'counts'>): Buffer {
  const { model, column, values, counts, missing = 0 } = event;
  const hash = referenceHash(values, counts, missing);
  const filled = { categories: null, missing, hash, source: 'test', eventTimeMs: 0, id: `${model}/${column}` };
  return encode('ReferenceSet', { ...filled, ...event });
}
