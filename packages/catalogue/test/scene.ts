/** Registrations and references as they come from the log: encoded and decoded. */
import { decode, encode } from '@weir/events/codec';
import type { Feature, ModelVersionRegistered, ReferenceSet } from '@weir/events/generated/events';
import { categoricalReferenceHash, referenceHash } from '@weir/events/reference-hash';
import type { ModelCatalogue } from '../src/model-catalogue.ts';
import { type Accepted, isRejection, type Rejection } from '../src/outcome.ts';
import { registerVersion } from '../src/register-version.ts';
import { saveCatalogue } from '../src/saved-catalogue.ts';
import { setReference } from '../src/set-reference.ts';

export const FEATURES: readonly Feature[] = [
  { name: 'distance', type: 'numeric', unit: 'mi', protected: false },
  { name: 'carrier', type: 'categorical', unit: null, protected: false },
  { name: 'age', type: 'numeric', unit: 'a', protected: true },
  { name: 'sex', type: 'categorical', unit: null, protected: true },
];

export function registration(changes: Partial<ModelVersionRegistered> = {}): ModelVersionRegistered {
  const event: ModelVersionRegistered = {
    model: 'delay',
    version: '1',
    featureSet: { id: 'fs', features: FEATURES },
    outputs: [{ name: 'minutes', unit: 'min' }],
    access: null,
    digest: 'sha256:1',
    eventTimeMs: 1,
    id: 'delay/1',
    ...changes,
  };
  return decode(encode('ModelVersionRegistered', event)).event as ModelVersionRegistered;
}

export function numeric(changes: Partial<ReferenceSet> = {}): ReferenceSet {
  const event = {
    ...HEAD,
    column: 'distance',
    values: [-1, 0, 2.5],
    counts: [500, 1_000, 2],
    categories: null,
    ...changes,
  };
  return sent({ ...event, hash: changes.hash ?? referenceHash(event.values, event.counts, event.missing) });
}

export function categorical(changes: Partial<ReferenceSet> = {}): ReferenceSet {
  const event = {
    ...HEAD,
    column: 'carrier',
    values: [],
    categories: ['AA', 'ÜB', '語'],
    counts: [900, 100, 1],
    ...changes,
  };
  const hash = categoricalReferenceHash(event.categories ?? [], event.counts, event.missing);
  return sent({ ...event, hash: changes.hash ?? hash });
}

const HEAD = { model: 'delay', missing: 4, hash: '', source: 'training', eventTimeMs: 2, id: 'r1' } as const;

function sent(event: ReferenceSet): ReferenceSet {
  return decode(encode('ReferenceSet', event)).event as ReferenceSet;
}

export function accepted<Change extends string>(outcome: Accepted<Change> | Rejection): Accepted<Change> {
  if (isRejection(outcome)) throw new Error(`${outcome.code}: ${outcome.message}`);
  return outcome;
}

export function registered(...events: readonly ModelVersionRegistered[]): ModelCatalogue {
  let catalogue: ModelCatalogue | undefined;
  for (const event of events) catalogue = accepted(registerVersion(catalogue, event)).catalogue;
  return catalogue as ModelCatalogue;
}

export function withReferences(catalogue: ModelCatalogue, ...events: readonly ReferenceSet[]): ModelCatalogue {
  return events.reduce((before, event) => accepted(setReference(before, event)).catalogue, catalogue);
}

export function bytesOf(catalogue: ModelCatalogue): string {
  return Buffer.from(saveCatalogue(catalogue)).toString('base64');
}
