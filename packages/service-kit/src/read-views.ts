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

/** Views in memory, for one process: a restore publishes them again. */
export function createMemoryViews(): ReadViews {
  const services = new Map<string, Map<string, string>>();
  const viewsOf = (service: string): Map<string, string> => {
    let views = services.get(service);
    if (views === undefined) {
      views = new Map();
      services.set(service, views);
    }
    return views;
  };
  return {
    put: async (service, views) => {
      for (const { key, json } of views) {
        if (json === null) viewsOf(service).delete(key);
        else viewsOf(service).set(key, json);
      }
    },
    get: async (service, key) => viewsOf(service).get(key),
    list: async (service, { prefix, after, limit, newestFirst }) => {
      const keys = [...viewsOf(service).keys()]
        .filter((key) => key.startsWith(prefix))
        .sort((a, b) => (a < b ? -1 : 1));
      if (newestFirst) keys.reverse();
      const from = after === undefined ? 0 : keys.findIndex((key) => (newestFirst ? key < after : key > after));
      return from < 0
        ? []
        : keys.slice(from, from + limit).map((key) => ({ key, json: viewsOf(service).get(key) as string }));
    },
  };
}
