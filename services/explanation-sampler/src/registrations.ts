/** Versions and references as they become known. */
import { featureColumn } from '@weir/catalogue/model-catalogue';
import { isRejection, type Rejection } from '@weir/catalogue/outcome';
import { registerVersion } from '@weir/catalogue/register-version';
import { setReference } from '@weir/catalogue/set-reference';
import type { ModelVersionRegistered, ReferenceSet } from '@weir/events/generated/events';
import { newBackground } from './background.ts';
import { fairnessOf } from './fairness.ts';
import { type EmitAlert, endFairnessAlerts } from './fairness-alerts.ts';
import { newGapSums } from './gap-features.ts';
import { type ModelState, NO_FAIRNESS, newLoad, newSampler, type VersionState } from './state.ts';

export function register(model: ModelState, event: ModelVersionRegistered, emit: EmitAlert): Rejection | undefined {
  const outcome = registerVersion(model.catalogue, event);
  if (isRejection(outcome)) return outcome;
  model.catalogue = outcome.catalogue;
  if (outcome.change === 'none') return undefined;
  const known = model.versions.get(event.version);
  const version = known ?? newVersion(model, event);
  model.versions.set(event.version, version);
  version.access = event.access;
  if (event.access === null) version.load.status = 'none';
  else {
    if (!model.backgrounds.has(version.featureSet)) model.backgrounds.set(version.featureSet, newBackground());
    askToLoad(version);
  }
  if (known === undefined) version.fairness = fairnessOf(model, version);
  // Another artefact under the same version: what was seen of the other says nothing of it.
  else if (outcome.warnings.some(({ name }) => name === 'digest-changed')) restartFairness(model, version, emit);
  return undefined;
}

/** With another id than before, so that the answer to an earlier request is not taken for this one's. */
export function askToLoad({ load }: VersionState): void {
  load.status = 'asked';
  load.attempt += 1;
}

/** The values of a reference name the groups of a protected column. */
export function takeReference(model: ModelState, event: ReferenceSet, emit: EmitAlert): Rejection | undefined {
  const outcome = setReference(model.catalogue, event);
  if (isRejection(outcome)) return outcome;
  model.catalogue = outcome.catalogue;
  if (outcome.change === 'none') return undefined;
  for (const version of model.versions.values()) {
    const features = model.catalogue.featureSets.get(version.featureSet)?.features ?? [];
    if (features.some(({ name, protected: isProtected }) => isProtected && name === event.column))
      restartFairness(model, version, emit);
  }
  return undefined;
}

function restartFairness(model: ModelState, version: VersionState, emit: EmitAlert): void {
  endFairnessAlerts(model, version, 'groups-changed', emit);
  version.fairness = fairnessOf(model, version);
  if (version.importance !== null) version.importance.gaps = newGapSums(version.fairness, version.columns.length);
}

function newVersion(model: ModelState, { version, featureSet, outputs, access }: ModelVersionRegistered): VersionState {
  return {
    version,
    featureSet: featureSet.id,
    columns: featureSet.features.map(featureColumn).map(({ name, type }) => ({ name, type })),
    outputs: outputs.map(({ name }) => name),
    access,
    load: newLoad(),
    sampler: newSampler(model.config),
    level: { mean: 0, deviation: 0, count: 0 },
    queue: [],
    batch: null,
    batches: 0,
    importance: null,
    archives: [],
    requested: [],
    explained: 0,
    shed: 0,
    unexplained: 0,
    lastError: '',
    mismatched: 0,
    fairness: { ...NO_FAIRNESS, alerts: new Map() },
  };
}
