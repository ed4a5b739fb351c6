/** What was registered, as read views that the routes of versions and references answer from. */
import type { ModelCatalogue } from './model-catalogue.ts';

/** A key of a service's read views and its content. */
interface View {
  readonly key: string;
  readonly json: string;
}

/** A catalogue never changes, so its views do not either. */
const known = new WeakMap<ModelCatalogue, readonly View[]>();

export function catalogueViews(catalogue: ModelCatalogue): readonly View[] {
  const made = known.get(catalogue);
  if (made !== undefined) return made;
  const { model, versions, featureSets, references } = catalogue;
  const keyOf = (kind: string, name: string): string => `${kind}/${[model, name].map(encodeURIComponent).join('/')}`;
  const views = [
    ...[...versions.values()].map((entry) => {
      const content = { model, ...entry, featureSet: featureSets.get(entry.featureSet) };
      return { key: keyOf('version', entry.version), json: JSON.stringify(content) };
    }),
    ...[...references.values()].map(({ column, type, hash, size, missing, counts, source, eventTimeMs, id }) => {
      const content = { model, column, type, hash, size, distinct: counts.length, missing, source, eventTimeMs, id };
      return { key: keyOf('reference', column), json: JSON.stringify(content) };
    }),
  ];
  known.set(catalogue, views);
  return views;
}
