/** What routes answer from: the runner publishes after each commit, so that no route ever touches a processor's state. */
import type { View } from './processor.ts';

export interface ReadViews {
  put(service: string, views: readonly View[]): Promise<void>;
  get(service: string, key: string): Promise<string | undefined>;
  /** Entries whose key starts with `prefix`, ordered by key, after `after`, at most `limit`. */
  list(
    service: string,
    options: {
      readonly prefix: string;
      readonly after?: string;
      readonly limit: number;
      readonly newestFirst?: boolean;
    },
  ): Promise<readonly { readonly key: string; readonly json: string }[]>;
}

/** Entries under this prefix are a history: the newest `MAX_HISTORY` are kept, the rest is in the log. */
export const HISTORY_PREFIX = 'alert/';
export const MAX_HISTORY = 10_000;

/** Views in memory, for one process: a restore publishes them again. */
export function createMemoryViews(maxHistory: number = MAX_HISTORY): ReadViews {
  const services = new Map<string, Map<string, string>>();
  const viewsOf = (service: string): Map<string, string> => {
    let views = services.get(service);
    if (views === undefined) {
      views = new Map();
      services.set(service, views);
    }
    return views;
  };
  const sortedKeys = (views: ReadonlyMap<string, string>, prefix: string): string[] =>
    [...views.keys()].filter((key) => key.startsWith(prefix)).sort((a, b) => (a < b ? -1 : 1));
  return {
    put: async (service, changes) => {
      const views = viewsOf(service);
      let added = false;
      for (const { key, json } of changes) {
        if (json === null) views.delete(key);
        else views.set(key, json);
        added ||= key.startsWith(HISTORY_PREFIX);
      }
      if (!added) return;
      const history = sortedKeys(views, HISTORY_PREFIX);
      for (const key of history.slice(0, Math.max(0, history.length - maxHistory))) views.delete(key);
    },
    get: async (service, key) => viewsOf(service).get(key),
    list: async (service, { prefix, after, limit, newestFirst }) => {
      const views = viewsOf(service);
      const keys = sortedKeys(views, prefix);
      if (newestFirst) keys.reverse();
      const from = after === undefined ? 0 : keys.findIndex((key) => (newestFirst ? key < after : key > after));
      return from < 0 ? [] : keys.slice(from, from + limit).map((key) => ({ key, json: views.get(key) as string }));
    },
  };
}
