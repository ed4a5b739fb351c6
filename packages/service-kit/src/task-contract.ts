/** What a task is given and what it tells. */
import type { EventLog, Settled } from '@weir/event-log/port';
import type { CheckpointStore } from './checkpoints/store.ts';
import type { EffectAnswer, EffectHandler } from './effects/effect.ts';
import type { Divergence, OnDataLoss } from './journal/restore.ts';
import type { DeadLettered } from './processing/batch.ts';
import { type StateMemory, UNBOUNDED } from './processing/state-memory.ts';
import type { Output, StateFigures, View } from './processor.ts';
import type { ReadViews } from './views/read-views.ts';

export interface TaskOptions {
  readonly topicPrefix: string;
  /** Of every topic. */
  readonly partitions: number;
  /** What the processor's kernel is given; recorded at each take-over. */
  readonly config: unknown;
  /** Handlers by kind; absent for a service that asks nothing of the world. */
  readonly effects?: Readonly<Record<string, EffectHandler>>;
  readonly futureBoundMs: number;
  /** Records processed between two looks at the event loop. */
  readonly sliceRecords: number;
  /** Records in one transaction at the most. */
  readonly batchRecords: number;
  readonly checkpointEveryRecords: number;
  readonly checkpointEveryMs: number;
  /** Days that inputs are kept, and so a generation of each day. */
  readonly anchorDays: number;
  readonly viewsEveryMs: number;
  readonly tickEveryMs: number;
  readonly stateDigestEveryMs: number;
  readonly onDataLoss: OnDataLoss;
  /** Shared by the tasks of a process. */
  readonly stateMemory: StateMemory;
  /** Wall clock, ms since 1970: recorded, never waited by. */
  readonly now: () => number;
  /** Never goes back, ms: waited by, never recorded. */
  readonly monotonic: () => number;
}

export const TASK_DEFAULTS: Omit<TaskOptions, 'topicPrefix' | 'partitions' | 'config'> = {
  futureBoundMs: 3_600_000,
  sliceRecords: 2_000,
  batchRecords: 20_000,
  checkpointEveryRecords: 500_000,
  checkpointEveryMs: 600_000,
  anchorDays: 7,
  viewsEveryMs: 500,
  tickEveryMs: 1_000,
  stateDigestEveryMs: 10_000,
  onDataLoss: 'fail',
  stateMemory: UNBOUNDED,
  now: Date.now,
  monotonic: () => performance.now(),
};

/** `topic` is the logical name. */
export interface Lag {
  readonly topic: string;
  readonly partition: number;
  readonly records: number;
  /** Age of the oldest of them, where it is at hand already, s. */
  readonly seconds: number;
}

/** Of one task, for the metrics. */
export interface TaskFigures {
  readonly keys: number;
  /** Of these, on disk. */
  readonly spilledKeys: number;
  readonly states: readonly StateFigures[];
  /** Effects that wait or run. */
  readonly pendingEffects: number;
  /** Oldest watermark of the keys that have one, ms. */
  readonly watermarkMs: number | undefined;
}

export interface CommittedBatch {
  readonly records: number;
  readonly outputs: readonly Output[];
  readonly rejections: readonly DeadLettered[];
  /** From the end of the batch to its visible commit. */
  readonly millis: number;
  /** Processing alone. */
  readonly processMillis: number;
  /** Bytes of the checkpoint, when one was taken. */
  readonly checkpointBytes: number | undefined;
  /** Newest event time of the batch, ms; −Infinity when it held no event. */
  readonly newestEventMs: number;
}

export interface TaskEvents {
  committed(batch: CommittedBatch): void;
  restored(replay: {
    readonly records: number;
    readonly millis: number;
    /** The state was lost with its inputs, and begins empty. */
    readonly startsOver: boolean;
    readonly divergence: Divergence | undefined;
  }): void;
  /** Partitions in which a transaction, of this owner or the one before, had no marker and was ended after the fact. */
  settled?(partitions: readonly Settled[]): void;
  /** A transaction was aborted; the task is rebuilt from its last commit. */
  aborted?(): void;
  /** A checkpoint did not serve for the restore, and why. */
  passedOver?(reason: string): void;
  checkpointFailed?(error: unknown): void;
  /** Undefined: the read views show what is true again. */
  viewsBehind?(reason: string | undefined): void;
  /** The wall clock jumped and is not shown to the kernel until it has stood for a while. */
  clockJumped?(): void;
  effectAnswered?(kind: string, outcome: EffectAnswer['outcome']): void;
  effectFailed?(kind: string, error: unknown, retryInMs: number): void;
}

export interface TaskPorts {
  readonly log: EventLog;
  readonly checkpoints: CheckpointStore;
  readonly views: ReadViews;
  /** What an output leaves in the histories of the read views. */
  readonly outputViews: (output: Output) => readonly View[];
}
