/** Checkpoints for one process and its lifetime: a restart of the process folds the journal from its beginning. */
import type { CheckpointHead, CheckpointStore, KeyRecord } from './store.ts';

interface TaskCheckpoints {
  readonly heads: CheckpointHead[];
  /** By key: its records by generation, ascending. */
  readonly keys: Map<string, { readonly generation: bigint; readonly record: KeyRecord }[]>;
}

export function createMemoryCheckpoints(): CheckpointStore {
  const tasks = new Map<string, TaskCheckpoints>();
  const of = (task: string): TaskCheckpoints => {
    let found = tasks.get(task);
    if (found === undefined) {
      found = { heads: [], keys: new Map() };
      tasks.set(task, found);
    }
    return found;
  };
  return {
    generations: async (task) => [...of(task).heads],
    async *keys(task, generation) {
      for (const records of of(task).keys.values()) {
        const record = records.findLast((each) => each.generation <= generation)?.record;
        if (record !== undefined && record.bytes !== null) yield record;
      }
    },
    save: async (task, head, changed) => {
      const { heads, keys } = of(task);
      const newest = heads.at(-1)?.generation;
      if (newest !== undefined && newest > head.generation) return 'stale';
      for (const record of changed) {
        const records = keys.get(record.key) ?? [];
        keys.set(record.key, [
          ...records.filter(({ generation }) => generation !== head.generation),
          { generation: head.generation, record },
        ]);
      }
      if (newest === head.generation) heads.pop();
      heads.push(head);
      return 'saved';
    },
    prune: async (task, keep) => {
      const { heads, keys } = of(task);
      heads.splice(0, heads.length, ...heads.filter(({ generation }) => keep.includes(generation)));
      for (const [key, records] of keys) {
        const needed = new Set(keep.map((generation) => records.findLast((each) => each.generation <= generation)));
        keys.set(
          key,
          records.filter((each) => needed.has(each)),
        );
      }
    },
    wholeSnapshot: async () => undefined,
  };
}
