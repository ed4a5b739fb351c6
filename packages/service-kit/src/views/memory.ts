/** Read views in memory, for one process and its lifetime: a restore publishes them again. */
import type { View } from '../processor.ts';
import { HISTORY_PREFIXES, isHistory, MAX_HISTORY, type ReadViews, type ViewScope } from './read-views.ts';

/** Sorts after every key with the prefix: no key has this character. */
const LAST = '\u{10ffff}';

interface Entry {
  readonly partition: number;
  readonly json: string;
}

/** Entries of one service. Their keys are sorted when a list asks for them after a change of the set: O(n log n). */
class ServiceViews {
  readonly entries: Map<string, Entry> = new Map();
  #sorted: readonly string[] | undefined;

  set(key: string, entry: Entry): void {
    if (!this.entries.has(key)) this.#sorted = undefined;
    this.entries.set(key, entry);
  }

  delete(key: string): void {
    if (this.entries.delete(key)) this.#sorted = undefined;
  }

  /** Keys that start with the prefix, ascending. */
  keys(prefix: string): readonly string[] {
    this.#sorted ??= [...this.entries.keys()].sort((a, b) => (a < b ? -1 : 1));
    return this.#sorted.slice(this.firstAtLeast(this.#sorted, prefix), this.firstAtLeast(this.#sorted, prefix + LAST));
  }

  /** Index of the first key that is not below `key`. O(log n). */
  firstAtLeast(keys: readonly string[], key: string): number {
    let low = 0;
    let high = keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((keys[middle] as string) < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

export function createMemoryViews(maxHistory: number = MAX_HISTORY): ReadViews {
  const services = new Map<string, ServiceViews>();
  const of = (service: string): ServiceViews => {
    let found = services.get(service);
    if (found === undefined) {
      found = new ServiceViews();
      services.set(service, found);
    }
    return found;
  };
  const write = ({ service, partition }: ViewScope, views: readonly View[]): void => {
    const store = of(service);
    for (const { key, json } of views) {
      if (json === null) store.delete(key);
      else store.set(key, { partition, json });
    }
    for (const prefix of HISTORY_PREFIXES.filter((each) => views.some(({ key }) => key.startsWith(each)))) {
      const keys = store.keys(prefix);
      for (const key of keys.slice(0, Math.max(0, keys.length - maxHistory))) store.delete(key);
    }
  };
  return {
    put: async (scope, views) => {
      write(scope, views);
      return 'kept';
    },
    replace: async (scope, all) => {
      const views = [...all];
      const store = of(scope.service);
      const kept = new Set(views.map(({ key }) => key));
      for (const [key, { partition }] of store.entries)
        if (partition === scope.partition && !kept.has(key) && !isHistory(key)) store.delete(key);
      write(scope, views);
    },
    release: async (scope) => {
      const store = of(scope.service);
      for (const [key, { partition }] of store.entries) if (partition === scope.partition) store.delete(key);
    },
    get: async (service, key) => of(service).entries.get(key)?.json,
    list: async (service, { prefix, after, limit, newestFirst = false }) => {
      const store = of(service);
      const all = store.keys(prefix);
      const place = after === undefined ? undefined : store.firstAtLeast(all, after);
      const next = place === undefined ? 0 : all[place] === after ? place + 1 : place;
      const keys = newestFirst
        ? all.slice(Math.max(0, (place ?? all.length) - limit), place).toReversed()
        : all.slice(next, next + limit);
      return keys.map((key) => ({ key, json: store.entries.get(key)?.json ?? '' }));
    },
  };
}
