/**
 * Runs a processor on every partition it is given: creates its topics, joins its group, starts a task per partition gained and stops
 * those of partitions lost. A task that was fenced or met a passing fault is rebuilt from its last commit; anything else stops the service.
 */
import { LogError } from '@weir/event-log/errors';
import type { Group, TopicSpec } from '@weir/event-log/port';
import { deadLetterTopic, journalTopic, TOPICS, type TopicDefinition, topicName } from '@weir/events/topics';
import { fateOf } from './fates.ts';
import type { DecodedEvent, Processor } from './processor.ts';
import { isRecoverable, Task, type TaskEvents, type TaskOptions, type TaskPorts } from './task.ts';

export interface Runner {
  /** Resolves after `stop`; rejects with what stopped the service. */
  readonly done: Promise<void>;
  /** Records waiting over all owned partitions. */
  readonly lagRecords: number;
  /** True once every assigned partition was restored. */
  readonly ready: boolean;
  /** Finish the batch in hand, write a snapshot, leave the group. */
  stop(): Promise<void>;
}

export interface RunnerOptions extends TaskOptions {
  readonly partitions: number;
  /** First wait before a failed task is rebuilt, ms; doubles up to 30 times. */
  readonly retryMs: number;
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
  events: TaskEvents & { failed(partition: number, error: unknown, retryInMs: number): void },
): Promise<Runner> {
  const admin = await ports.log.admin();
  const specs = topicSpecs(processor.service, options.topicPrefix, options.partitions);
  await admin.createTopics(specs);
  await admin.close();
  const counts = new Map(specs.map(({ topic, partitions }) => [topic, partitions]));

  const running = new Map<
    number,
    { readonly stop: () => void; readonly ended: Promise<void>; task?: Task<State, Event>; restored: boolean }
  >();
  const { promise: done, resolve, reject } = Promise.withResolvers<void>();
  let assigned = false;

  const startTask = (partition: number): void => {
    let stopping = false;
    const entry = { restored: false, stop: () => {}, ended: Promise.resolve() } as {
      stop: () => void;
      ended: Promise<void>;
      task?: Task<State, Event>;
      restored: boolean;
    };
    entry.stop = () => {
      stopping = true;
      entry.task?.stop();
    };
    const live = async (): Promise<void> => {
      for (let attempt = 0; !stopping; attempt += 1) {
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
          if (!isRecoverable(error)) throw error;
          // Fenced: the group says whose it is now; wait for the next assignment instead of fencing the new owner in turn.
          if (fateOf(error).fate === 'rejoin') return;
          const retryInMs = options.retryMs * 2 ** Math.min(attempt, 5);
          events.failed(partition, error, retryInMs);
          await new Promise((wait) => setTimeout(wait, retryInMs));
        }
      }
    };
    running.set(partition, entry);
    entry.ended = live().catch((error: unknown) => {
      events.failed(partition, error, 0);
      reject(error);
    });
  };

  const group: Group = await ports.log.joinGroup({
    groupId: `${options.topicPrefix}${processor.service}`,
    topics: [...processor.controlTopics, ...processor.dataTopics, journalTopic(processor.service).name].map((name) =>
      topicName(options.topicPrefix, name),
    ),
    onAssignment: async ({ partitions }) => {
      const gone = [...running].filter(([partition]) => !partitions.includes(partition));
      for (const [partition, entry] of gone) {
        entry.stop();
        running.delete(partition);
      }
      await Promise.all(gone.map(([, { ended }]) => ended));
      for (const partition of partitions) if (!running.has(partition)) startTask(partition);
      assigned = true;
    },
  });

  return {
    done,
    get lagRecords() {
      return [...running.values()].reduce((sum, { task }) => sum + (task?.lagRecords ?? 0), 0);
    },
    get ready() {
      return assigned && [...running.values()].every(({ restored }) => restored);
    },
    stop: async () => {
      for (const entry of running.values()) entry.stop();
      await Promise.all([...running.values()].map(({ ended }) => ended));
      await group.leave();
      resolve();
    },
  };
}

/** One line for people: what failed and what to do. */
export function explain(error: unknown): string {
  return error instanceof LogError
    ? `${error.code}: ${error.message}`
    : error instanceof Error
      ? (error.stack ?? error.message)
      : String(error);
}
