/** Protected attributes of a version, and the group of an event under each. */
import type { ModelCatalogue, NumericReference } from '@weir/catalogue/model-catalogue';

/** One protected attribute. Its groups are known before the first event, so that the number of tested cells is, too. */
export interface Attribute {
  readonly name: string;
  readonly source: 'numeric' | 'categorical' | 'segment';
  /** Index in the array of the event; of a segment −1. */
  readonly at: number;
  readonly groups: readonly string[];
  /** Of a numeric column: group i begins at bound i − 1. */
  readonly bounds: readonly number[];
}

export interface Attributes {
  readonly attributes: readonly Attribute[];
  readonly unwatched: readonly { readonly column: string; readonly reason: string }[];
}

interface Values {
  readonly numeric: readonly number[];
  readonly categorical: readonly (string | null)[];
  readonly segment: Readonly<Record<string, string>>;
}

/** Categories that become groups, the most frequent ones; others are unknown. */
const MAX_CATEGORIES = 30;
/** A numeric column becomes thirds of its reference. */
const THIRDS = [1 / 3, 2 / 3];

/** @param segments like `sex=F|M` */
export function attributesOf(
  { featureSets, references }: ModelCatalogue,
  featureSet: string,
  segments: readonly string[],
): Attributes {
  const attributes: Attribute[] = [];
  const unwatched: { column: string; reason: string }[] = [];
  const used = { numeric: 0, categorical: 0 };
  for (const { name, type, protected: isProtected } of featureSets.get(featureSet)?.features ?? []) {
    const at = used[type]++;
    if (!isProtected) continue;
    const reference = references.get(name);
    if (reference?.type !== type)
      unwatched.push({ column: name, reason: 'it has no reference, which names its groups' });
    else if (reference.type === 'categorical') {
      const order = [...reference.categories.keys()].sort(
        (a, b) => (reference.counts[b] as number) - (reference.counts[a] as number),
      );
      const groups = order.slice(0, MAX_CATEGORIES).map((index) => reference.categories[index] as string);
      attributes.push({ name, source: 'categorical', at, groups, bounds: [] });
    } else {
      const bounds = [...new Set(THIRDS.map((share) => quantile(reference, share)))];
      const groups = [
        `<${bounds[0]}`,
        ...bounds.map((bound, index) => (index + 1 < bounds.length ? `${bound}–${bounds[index + 1]}` : `≥${bound}`)),
      ];
      attributes.push({ name, source: 'numeric', at, groups, bounds });
    }
  }
  for (const each of segments) {
    const equals = each.indexOf('=');
    attributes.push({
      name: each.slice(0, equals),
      source: 'segment',
      at: -1,
      groups: [...new Set(each.slice(equals + 1).split('|'))],
      bounds: [],
    });
  }
  return { attributes, unwatched };
}

/** Undefined: missing. Values that are no group of the attribute are counted as unknown by the monitor. */
export function groupOf(
  { name, source, at, groups, bounds }: Attribute,
  { numeric, categorical, segment }: Values,
): string | undefined {
  if (source === 'segment') return segment[name];
  if (source === 'categorical') return categorical[at] ?? undefined;
  const value = numeric[at] as number;
  if (Number.isNaN(value)) return undefined;
  return groups[bounds.filter((bound) => value >= bound).length];
}

function quantile({ values, counts, size }: NumericReference, share: number): number {
  let seen = 0;
  for (const [index, count] of counts.entries()) {
    seen += count;
    if (seen >= share * size) return values[index] as number;
  }
  return values.at(-1) as number;
}
