/** Models, registrations and events of the tests. */
import type { NewRecord } from '@weir/event-log/port';
import { encode } from '@weir/events/codec';
import type { ModelAccess, ModelVersionRegistered, PredictionLogged } from '@weir/events/generated/events';
import { categoricalReferenceHash } from '@weir/events/reference-hash';
import { predictionOf, registrationOf } from '@weir/testkit/events';

export const NOW_MS: number = Date.parse('2026-11-24T00:00:00Z');

export function record(topic: string, model: string, value: Uint8Array): NewRecord {
  return { topic, partition: 0, key: Buffer.from(model), value };
}

interface Stump {
  readonly feature: number;
  readonly threshold: number;
  readonly value: number;
}

/** A sum of stumps: `value` right of the threshold, 0 left of it; missing goes left. */
export function stumps(features: readonly string[], each: readonly Stump[]): object {
  return {
    format: 'weir.sklearn-trees/1',
    features: features.length,
    feature_names: features,
    link: 'identity',
    outputs: 1,
    base: [0.25],
    precision: 'float64',
    trees: each.map(({ feature, threshold, value }) => ({
      output: 0,
      left: [1, -1, -1],
      right: [2, -1, -1],
      feature: [feature, -1, -1],
      threshold: [threshold, 0, 0],
      missing_left: [1, 0, 0],
      values: [[], [0], [value]],
      cover: [10, 5, 5],
    })),
  };
}

export function inline(model: object): ModelAccess {
  return { kind: 'inline', location: JSON.stringify(model) };
}

type Feature = ModelVersionRegistered['featureSet']['features'][number];

export function feature(name: string, type: Feature['type'], isProtected: boolean = false): Feature {
  return { name, type, unit: null, protected: isProtected };
}

export function registration(
  model: string,
  features: readonly Feature[],
  access: ModelAccess | null,
  more: Partial<ModelVersionRegistered> = {},
): NewRecord {
  const outputs = [{ name: 'score', unit: null }];
  const event = { model, featureSet: { id: 'fs', features }, outputs, access, eventTimeMs: NOW_MS - 1e9, ...more };
  return record('models', model, registrationOf([], event));
}

export function categories(model: string, column: string, names: readonly string[]): NewRecord {
  const counts = names.map(() => 50);
  const hash = categoricalReferenceHash(names, counts, 0);
  const event = {
    model,
    column,
    values: [],
    counts,
    missing: 0,
    hash,
    source: 'test',
    id: `${model}/${column}`,
    categories: names,
  };
  return record('references', model, encode('ReferenceSet', { ...event, eventTimeMs: NOW_MS - 1e9 }));
}

export function prediction(
  event: Partial<PredictionLogged> & Pick<PredictionLogged, 'model' | 'id' | 'numeric'>,
): NewRecord {
  return record('predictions', event.model, predictionOf({ eventTimeMs: NOW_MS - 1e6, ...event }));
}

export function outcome(
  model: string,
  predictionId: string,
  label: number,
  eventTimeMs: number,
  revision: number = 0,
): NewRecord {
  const event = { model, predictionId, eventTimeMs, label, reward: null, revision };
  return record('outcomes', model, encode('OutcomeObserved', event));
}

export function command(
  model: string,
  id: string,
  action: string,
  subject: Readonly<Record<string, string>>,
): NewRecord {
  const principal = { id: 'ada', roles: ['command'] };
  const event = { id, model, action, subject, reason: '', principal, issuedMs: NOW_MS };
  return record('commands', model, encode('CommandIssued', event));
}
