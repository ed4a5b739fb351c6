/** Groups and intersections of protected attributes. All are declared, so that the number of tested cells is known before the first event. */
import { ExplainError } from '../errors.ts';

export interface Grouping {
  readonly attributes: readonly string[];
  /** `sex=F` or `sex=F, race=B`, in the order of group indices. */
  readonly groups: readonly string[];
}

export const MAX_GROUPS = 4096;

/** Every single attribute and every combination of up to `depth` of them. @throws {ExplainError} BAD_ARGUMENT */
export function groupingsOf(attributes: Readonly<Record<string, readonly string[]>>, depth: number): Grouping[] {
  const names = Object.keys(attributes);
  const found: Grouping[] = [];
  for (let chosen = 1; chosen < 2 ** names.length; chosen += 1) {
    const members = names.filter((_, at) => ((chosen >> at) & 1) === 1);
    if (members.length > depth) continue;
    let groups = [''];
    for (const name of members) {
      groups = groups.flatMap((group) =>
        attributes[name]!.map((value) => `${group}${group === '' ? '' : ', '}${name}=${value}`),
      );
    }
    found.push({ attributes: members, groups });
  }
  found.sort((a, b) => a.attributes.length - b.attributes.length);
  const total = found.reduce((sum, { groups }) => sum + groups.length, 0);
  if (total < 2 || total > MAX_GROUPS) {
    throw new ExplainError(
      'BAD_ARGUMENT',
      `the attributes make ${total} groups; between 2 and ${MAX_GROUPS} can be watched, so list fewer values or intersections`,
    );
  }
  return found;
}

/** Finds the group of an event in each grouping; −1 where an attribute is missing or has a value that was not declared. */
export class GroupFinder {
  readonly #groupings: readonly {
    readonly at: readonly number[];
    readonly sizes: readonly number[];
    readonly first: number;
  }[];
  readonly #values: readonly ReadonlyMap<string, number>[];
  readonly #known = new Map<string, Int32Array>();

  constructor(attributes: Readonly<Record<string, readonly string[]>>, groupings: readonly Grouping[]) {
    const names = Object.keys(attributes);
    this.#values = names.map((name) => new Map(attributes[name]!.map((value, at) => [value, at])));
    let first = 0;
    this.#groupings = groupings.map((grouping) => {
      const at = grouping.attributes.map((name) => names.indexOf(name));
      const entry = { at, sizes: at.map((attribute) => this.#values[attribute]!.size), first };
      first += grouping.groups.length;
      return entry;
    });
  }

  /** @param values one per attribute, in the order of their declaration; undefined = unknown. O(attributes) when seen before. */
  find(values: readonly (string | undefined)[]): Int32Array {
    const key = values.length === 1 ? (values[0] ?? '\u0000') : values.map((value) => value ?? '\u0000').join('\u0001');
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const groups = Int32Array.from(this.#groupings, ({ at, sizes, first }) => {
      let index = 0;
      for (const [i, attribute] of at.entries()) {
        const value = this.#values[attribute]!.get(values[attribute] ?? '\u0000');
        if (value === undefined) return -1;
        index = index * sizes[i]! + value;
      }
      return first + index;
    });
    // Undeclared values are input: they must not fill the memory.
    if (this.#known.size < 4 * MAX_GROUPS) this.#known.set(key, groups);
    return groups;
  }
}
