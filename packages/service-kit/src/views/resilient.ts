/**
 * Read views over a server that may be away: nothing waits for it. What could not be written is made good as soon as it answers, by telling
 * the task that its entries were lost.
 */
import type { ReadViews, ViewScope } from './read-views.ts';

export interface ResilientViews extends ReadViews {
  /** Partitions, over all services, whose entries are older than their last commit. */
  readonly behind: number;
}

export interface ViewServer {
  /** Whether a write has a chance. */
  readonly isUp: () => boolean;
  readonly onFault: (error: unknown) => void;
}

export function createResilientViews(views: ReadViews, { isUp, onFault }: ViewServer): ResilientViews {
  const behind = new Set<string>();
  const nameOf = ({ service, partition }: ViewScope): string => `${service}/${partition}`;
  return {
    get behind() {
      return behind.size;
    },
    put: async (scope, changes) => {
      if (behind.has(nameOf(scope))) return isUp() ? 'lost' : 'kept';
      try {
        return await views.put(scope, changes);
      } catch (error) {
        behind.add(nameOf(scope));
        onFault(error);
        return 'kept';
      }
    },
    replace: async (scope, all) => {
      try {
        await views.replace(scope, all);
        behind.delete(nameOf(scope));
      } catch (error) {
        behind.add(nameOf(scope));
        onFault(error);
      }
    },
    get: (service, key) => views.get(service, key),
    list: (service, options) => views.list(service, options),
  };
}
