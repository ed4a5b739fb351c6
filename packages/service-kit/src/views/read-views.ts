/** What routes answer from: the runner publishes after each commit, so that no route ever touches a kernel's state. */
import type { View } from '../processor.ts';

/** Whose entries: each partition of a service replaces its own. */
export interface ViewScope {
  readonly service: string;
  readonly partition: number;
}

export interface ViewEntry {
  readonly key: string;
  readonly json: string;
}

export interface ListOptions {
  readonly prefix: string;
  /** Go on after this key. */
  readonly after?: string;
  readonly limit: number;
  readonly newestFirst?: boolean;
}

export interface ReadViews {
  /** `lost`: the store came back without what was put before; call `replace`, and put the histories again. */
  put(scope: ViewScope, views: readonly View[]): Promise<'kept' | 'lost'>;
  /** All entries of the scope but histories: what is not in `views` is removed. */
  replace(scope: ViewScope, views: Iterable<View>): Promise<void>;
  /**
   * Removes all entries of the scope, histories too: its partition is another process's from here on.
   * Only where each process has a store of its own; others go on showing what the next owner puts.
   */
  release?(scope: ViewScope): Promise<void>;
  get(service: string, key: string): Promise<string | undefined>;
  /** Entries whose key starts with `prefix`, ordered by key, after `after`, at most `limit`. */
  list(service: string, options: ListOptions): Promise<readonly ViewEntry[]>;
}

/**
 * Entries under these prefixes are histories that all partitions share: of each the newest `MAX_HISTORY` by key are kept; the log has the
 * rest.
 */
export const HISTORY_PREFIXES: readonly string[] = ['alert/', 'resolution/'];
export const MAX_HISTORY = 10_000;

export function isHistory(key: string): boolean {
  return HISTORY_PREFIXES.some((prefix) => key.startsWith(prefix));
}
