/** Writes a task's checkpoints: when one is due, what changed since the one before, and which stay. Failures cost a longer replay. */
import type { AnyFold } from '../journal/replayer.ts';
import { generationsToKeep } from './retention.ts';
import type { CheckpointHead, CheckpointStore, KeyRecord } from './store.ts';

export interface CheckpointerOptions {
  readonly store: CheckpointStore;
  readonly task: string;
  readonly everyRecords: number;
  readonly everyMs: number;
  /** That inputs are kept: so long a replay can begin at an anchor. */
  readonly anchorDays: number;
  readonly monotonic: () => number;
  /** Called for each checkpoint that could not be written. */
  readonly onFailed: (error: unknown) => void;
}

/** Generations beyond those to keep that may gather before they are removed together. */
const MAX_SURPLUS = 8;

/** Known once the commit that a checkpoint stands for is done. */
export type CheckpointPlace = Pick<CheckpointHead, 'generation' | 'outputs'>;

export interface PendingCheckpoint {
  readonly head: Omit<CheckpointHead, keyof CheckpointPlace>;
  readonly changed: readonly KeyRecord[];
  readonly bytes: number;
}

export class Checkpointer {
  readonly #options: CheckpointerOptions;
  #records = 0;
  #savedAtMs: number;

  constructor(options: CheckpointerOptions) {
    this.#options = options;
    this.#savedAtMs = options.monotonic();
  }

  /** Records were committed. */
  count(records: number): void {
    this.#records += records;
  }

  get isDue(): boolean {
    const { everyRecords, everyMs, monotonic } = this.#options;
    return this.#records >= everyRecords || (this.#records > 0 && monotonic() - this.#savedAtMs >= everyMs);
  }

  /** What changed, read at a commit boundary, before the next batch is processed. */
  take(fold: AnyFold, head: PendingCheckpoint['head']): PendingCheckpoint {
    this.#records = 0;
    this.#savedAtMs = this.#options.monotonic();
    const changed = fold.keys.takeUnsaved();
    return { head, changed, bytes: changed.reduce((sum, { bytes }) => sum + (bytes?.length ?? 0), 0) };
  }

  /** @param place of the commit that it stands for */
  async save(fold: AnyFold, { head, changed }: PendingCheckpoint, place: CheckpointPlace): Promise<void> {
    const { store, task, onFailed, anchorDays } = this.#options;
    try {
      await store.save(task, { ...head, ...place }, changed);
      const heads = await store.generations(task);
      const keep = generationsToKeep(heads, head.writtenMs, anchorDays);
      if (heads.length > keep.length + MAX_SURPLUS) await store.prune(task, keep);
    } catch (error) {
      fold.keys.markUnsaved(changed.map(({ key }) => key));
      onFailed(error);
    }
  }
}
