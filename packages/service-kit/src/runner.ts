/**
 * Runs a processor on every partition it is given: creates its topics, joins its group, starts a task per partition gained and stops
 * those of partitions lost. A task that was fenced or met a passing fault is rebuilt from its last commit; anything else stops the service.
 */
import { LogError } from '@weir/event-log/errors';
import type { Group, TopicSpec } from '@weir/event-log/port';
import { deadLetterTopic, journalTopic, TOPICS, type TopicDefinition, topicName } from '@weir/events/topics';
import { fateOf } from './fates.ts';
import type { DecodedEvent, Meters, Processor } from './processor.ts';
import { STOPPED } from './restore.ts';
import {
  isRecoverable,
  type Lag,
  TASK_DEFAULTS,
  Task,
  type TaskEvents,
  type TaskOptions,
  type TaskPorts,
} from './task.ts';

export interface Runner {
  /** Resolves after `stop`; rejects with what stopped the service. */
  readonly done: Promise<void>;
  /** Records waiting, per input and owned partition. */
  readonly lags: readonly Lag[];
  /** Their sum. */
  readonly lagRecords: number;
  /** What the processor says of the owned partitions. */
  readonly meters: readonly Meters[];
  /** True once every assigned partition was restored. */
  readonly ready: boolean;
  /** Finish the batch in hand, write a snapshot, leave the group. */
  stop(): Promise<void>;
}

export interface RunnerOptions extends TaskOptions {
  readonly partitions: number;
  /** First wait before a failed task is rebuilt, ms; doubles up to 8 times as long: a broker that is back is not kept waiting. */
  readonly retryMs: number;
  /** Wait before a fenced task takes its partition back, ms; longer than the group needs to name another owner. */
  readonly fencedRetryMs: number;
}

export interface RunnerEvents extends TaskEvents {
  /** `retryInMs` 0: the service stops. */
  failed(partition: number, error: unknown, retryInMs: number): void;
  rebalanced?(partitions: readonly number[]): void;
}

export const RUNNER_DEFAULTS: Omit<RunnerOptions, 'topicPrefix' | 'seed' | 'partitions'> = {
  ...TASK_DEFAULTS,
  retryMs: 200,
  fencedRetryMs: 3_000,
};

/** Committed offsets are a courtesy to lag tools; nothing reads them back. */
const OFFSETS_EVERY_MS = 5_000;

interface Running<State, Event extends DecodedEvent> {
  stopping: boolean;
  restored: boolean;
  task: Task<State, Event> | undefined;
  ended: Promise<void>;
}

/** Topics of a service: its inputs and outputs from the contract, its journal and its dead letters. */
export function topicSpecs(service: string, prefix: string, partitions: number): readonly TopicSpec[] {
  return [...TOPICS, journalTopic(service), deadLetterTopic(service)].map((topic) => specOf(topic, prefix, partitions));
}

function specOf(topic: TopicDefinition, prefix: string, partitions: number): TopicSpec {
  const { name, cleanup, retentionMs, maxRecordBytes } = topic;
  return {
    topic: topicName(prefix, name),
    partitions,
    cleanup,
    maxRecordBytes,
    ...(retentionMs === undefined ? {} : { retentionMs }),
  };
}

export async function startRunner<State, Event extends DecodedEvent>(
  processor: Processor<State, Event>,
  ports: TaskPorts,
  options: RunnerOptions,
  events: RunnerEvents,
): Promise<Runner> {
  const admin = await ports.log.admin();
  const specs = topicSpecs(processor.service, options.topicPrefix, options.partitions);
  await admin.createTopics(specs);
  await admin.close();
  const counts = new Map(specs.map(({ topic, partitions }) => [topic, partitions]));

  const running = new Map<number, Running<State, Event>>();
  const { promise: done, resolve, reject } = Promise.withResolvers<void>();
  let assigned = false;
  let stopping = false;

  const startTask = (partition: number): void => {
    const entry: Running<State, Event> = {
      stopping: false,
      restored: false,
      task: undefined,
      ended: Promise.resolve(),
    };
    const live = async (): Promise<void> => {
      for (let attempt = 0; !entry.stopping; attempt += 1) {
        const task = new Task(
          partition,
          processor,
          ports,
          (topic) => counts.get(topic) ?? options.partitions,
          options,
          {
            ...events,
            restored: (replay) => {
              entry.restored = true;
              attempt = 0;
              events.restored(replay);
            },
          },
        );
        entry.task = task;
        entry.restored = false;
        try {
          return await task.run();
        } catch (error) {
          if (entry.stopping && (isRecoverable(error) || error === STOPPED)) return;
          if (!isRecoverable(error)) throw error;
          // Fenced: somebody else took over, and the group will say so; until it had time to, do not fence that owner in turn.
          // Without such an owner (the broker fences after a transaction time-out) the partition is still ours: take it back.
          const isFenced = fateOf(error).fate === 'rejoin';
          const retryInMs = isFenced ? options.fencedRetryMs : options.retryMs * 2 ** Math.min(attempt, 3);
          events.failed(partition, error, retryInMs);
          for (const until = Date.now() + retryInMs; Date.now() < until && !entry.stopping; )
            await new Promise((wait) => setTimeout(wait, Math.min(50, retryInMs)));
        }
      }
    };
    running.set(partition, entry);
    entry.ended = live().catch((error: unknown) => {
      events.failed(partition, error, 0);
      reject(error);
    });
  };
  const stopTask = (partition: number): Promise<void> => {
    const entry = running.get(partition);
    if (entry === undefined) return Promise.resolve();
    running.delete(partition);
    entry.stopping = true;
    entry.task?.stop();
    return entry.ended;
  };
  /** Tasks that end after their partition was lost: a successor in this process waits for them. */
  let ending: Promise<unknown> = Promise.resolve();

  const group: Group = await ports.log.joinGroup({
    groupId: `${options.topicPrefix}${processor.service}`,
    topics: [...processor.controlTopics, ...processor.dataTopics, journalTopic(processor.service).name].map((name) =>
      topicName(options.topicPrefix, name),
    ),
    onAssignment: async ({ partitions }) => {
      await ending;
      // What is named between the last task's end and our leaving is for those who stay.
      if (stopping) return;
      const gone = [...running.keys()].filter((partition) => !partitions.includes(partition));
      await Promise.all(gone.map(stopTask));
      for (const partition of partitions) if (!running.has(partition)) startTask(partition);
      assigned = true;
      events.rebalanced?.(partitions);
    },
    onLost: () => {
      assigned = false;
      ending = Promise.all([...running.keys()].map(stopTask));
    },
  });
  const courtesy = setInterval(() => {
    const positions = [...running.values()].flatMap(({ task }) => task?.committedPositions ?? []);
    if (positions.length > 0) void group.commitOffsets(positions);
  }, OFFSETS_EVERY_MS);

  return {
    done,
    get lags() {
      return lagsOf(running.values());
    },
    get lagRecords() {
      return lagsOf(running.values()).reduce((sum, { records }) => sum + records, 0);
    },
    get meters() {
      return [...running.values()].flatMap(({ task }) => task?.meters ?? []);
    },
    get ready() {
      return assigned && [...running.values()].every(({ restored }) => restored);
    },
    stop: async () => {
      stopping = true;
      clearInterval(courtesy);
      await Promise.all([...running.keys()].map(stopTask));
      await ending;
      await group.leave();
      resolve();
    },
  };
}

function lagsOf(tasks: Iterable<{ readonly task: { readonly lags: readonly Lag[] } | undefined }>): readonly Lag[] {
  return [...tasks].flatMap(({ task }) => task?.lags ?? []);
}

/** One line for people: what failed and what to do. */
export function explain(error: unknown): string {
  return error instanceof LogError
    ? `${error.code}: ${error.message}`
    : error instanceof Error
      ? (error.stack ?? error.message)
      : String(error);
}
