import type { Feature, ModelVersionRegistered, OutputColumn } from '@weir/events/generated/events';
import {
  allColumns,
  type Column,
  emptyCatalogue,
  featureColumn,
  type ModelCatalogue,
  outputColumn,
  type VersionEntry,
} from './model-catalogue.ts';
import type { Accepted, Rejection, Warning } from './outcome.ts';

/**
 * A version with its feature set and outputs. Both are fixed once they are known, because events that were already sent are read by them;
 * access and digest may be set again.
 * @param catalogue undefined before the model's first version
 * @returns `added` a version, `updated` its access or digest, `none`; or DUPLICATE_NAME, FEATURE_SET_CONFLICT, VERSION_CONFLICT
 */
export function registerVersion(
  catalogue: ModelCatalogue | undefined,
  event: ModelVersionRegistered,
): Accepted<'added' | 'updated' | 'none'> | Rejection {
  const before = catalogue ?? emptyCatalogue(event.model);
  const refused = duplicateName(event) ?? featureSetConflict(before, event);
  if (refused !== undefined) return refused;
  const { version, featureSet, outputs, access, digest, eventTimeMs, id } = event;
  const known = before.versions.get(version);
  if (known !== undefined) {
    const conflict = versionConflict(before, known, event);
    if (conflict !== undefined) return conflict;
    if (sameAccess(known, event) && known.digest === digest) return { catalogue: before, change: 'none', warnings: [] };
  }
  const entry: VersionEntry = { version, featureSet: featureSet.id, outputs, access, digest, eventTimeMs, id };
  const after: ModelCatalogue = {
    ...before,
    versions: new Map(before.versions).set(version, entry),
    featureSets: before.featureSets.has(featureSet.id)
      ? before.featureSets
      : new Map(before.featureSets).set(featureSet.id, { id: featureSet.id, features: featureSet.features }),
  };
  return {
    catalogue: after,
    change: known === undefined ? 'added' : 'updated',
    warnings: known === undefined ? columnWarnings(before, event) : digestWarnings(known, event),
  };
}

function duplicateName({ version, featureSet, outputs }: ModelVersionRegistered): Rejection | undefined {
  const seen = new Set<string>();
  for (const { name } of [...featureSet.features, ...outputs]) {
    if (seen.has(name))
      return {
        code: 'DUPLICATE_NAME',
        message: `version ${version}: ${JSON.stringify(name)} names two columns of feature set ${featureSet.id} and the outputs; names must be unique among both, so rename one`,
      };
    seen.add(name);
  }
  return undefined;
}

function featureSetConflict(
  { model, featureSets }: ModelCatalogue,
  event: ModelVersionRegistered,
): Rejection | undefined {
  const { id, features } = event.featureSet;
  const known = featureSets.get(id);
  if (known === undefined) return undefined;
  const where = firstDifference(known.features, features, sameFeature);
  if (where === undefined) return undefined;
  return {
    code: 'FEATURE_SET_CONFLICT',
    message: `featureSet ${JSON.stringify(id)} of model ${model} is registered with other content: feature ${where} was ${shown(known.features[where])} and is ${shown(features[where])}. Events refer to it by its id, so give the new content a new id`,
  };
}

function versionConflict(
  { model }: ModelCatalogue,
  known: VersionEntry,
  { version, featureSet, outputs }: ModelVersionRegistered,
): Rejection | undefined {
  const isSame =
    known.featureSet === featureSet.id && firstDifference(known.outputs, outputs, sameOutput) === undefined;
  if (isSame) return undefined;
  const describe = (set: string, columns: readonly OutputColumn[]): string =>
    `feature set ${set} and outputs ${columns.map(({ name, unit }) => (unit === null ? name : `${name} (${unit})`)).join(', ')}`;
  return {
    code: 'VERSION_CONFLICT',
    message: `version ${JSON.stringify(version)} of model ${model} is registered with ${describe(known.featureSet, known.outputs)}, not with ${describe(featureSet.id, outputs)}; register another version`,
  };
}

/** Columns that other versions of the model describe otherwise: their references and windows do not fit both. */
function columnWarnings(before: ModelCatalogue, { featureSet, outputs }: ModelVersionRegistered): readonly Warning[] {
  // A feature set that is already known was compared when it was new.
  const features = before.featureSets.has(featureSet.id) ? [] : featureSet.features.map(featureColumn);
  const earlier = new Map<string, Column>();
  for (const column of allColumns(before)) earlier.set(column.name, column);
  return [...features, ...outputs.map(outputColumn)].flatMap(({ name, type, unit }): Warning[] => {
    const other = earlier.get(name);
    if (other === undefined) return [];
    if (other.type !== type)
      return [{ name: 'type-changed', message: `${name} is ${type} and was ${other.type} in an earlier registration` }];
    if (other.unit === unit) return [];
    const units = `its unit is ${unit ?? 'none'} and was ${other.unit ?? 'none'} in an earlier registration`;
    return [{ name: 'unit-changed', message: `${name}: ${units}; its reference fits one of them only` }];
  });
}

function digestWarnings(known: VersionEntry, { version, digest }: ModelVersionRegistered): readonly Warning[] {
  if (known.digest === null || known.digest === digest) return [];
  const message = `version ${version} had digest ${known.digest} and has ${digest ?? 'none'}: another artefact under the same version`;
  return [{ name: 'digest-changed', message }];
}

function sameAccess({ access: a }: VersionEntry, { access: b }: ModelVersionRegistered): boolean {
  return a === null || b === null ? a === b : a.kind === b.kind && a.location === b.location;
}

function sameFeature(a: Feature, b: Feature): boolean {
  return a.type === b.type && a.protected === b.protected && sameOutput(a, b);
}

function sameOutput(a: OutputColumn, b: OutputColumn): boolean {
  return a.name === b.name && a.unit === b.unit;
}

function firstDifference<Item>(
  a: readonly Item[],
  b: readonly Item[],
  isSame: (a: Item, b: Item) => boolean,
): number | undefined {
  for (let at = 0; at < Math.max(a.length, b.length); at += 1) {
    const [one, other] = [a[at], b[at]];
    if (one === undefined || other === undefined || !isSame(one, other)) return at;
  }
  return undefined;
}

function shown(feature: Feature | undefined): string {
  if (feature === undefined) return 'not there';
  const { name, type, unit, protected: isProtected } = feature;
  return `${name} (${type}${unit === null ? '' : `, ${unit}`}${isProtected ? ', protected' : ''})`;
}
