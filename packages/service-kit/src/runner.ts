/**
 * Runs a processor on every partition it is given: creates its topics, joins its group, starts a task per partition gained and stops
 * those of partitions lost. A task that was fenced or met a passing fault is rebuilt from its last commit; anything else stops the service.
 */
import { LogError } from '@weir/event-log/errors';
import type { Assignment, Group, TopicPartition, TopicSpec } from '@weir/event-log/port';
import {
  deadLetterTopic,
  journalTopic,
  resultsTopic,
  TOPICS,
  type TopicDefinition,
  topicName,
} from '@weir/events/topics';
import { fateOf } from './fates.ts';
import { STOPPED } from './journal/restore.ts';
import type { AnyProcessor } from './processor.ts';
import { isRecoverable, Task } from './task.ts';
import {
  type Lag,
  TASK_DEFAULTS,
  type TaskEvents,
  type TaskFigures,
  type TaskOptions,
  type TaskPorts,
} from './task-contract.ts';

export interface Runner {
  /** Resolves after `stop`; rejects with what stopped the service. */
  readonly done: Promise<void>;
  /** Records waiting, per input and owned partition. */
  readonly lags: readonly Lag[];
  /** Their sum. */
  readonly lagRecords: number;
  /** Of the owned partitions. */
  readonly figures: readonly TaskFigures[];
  /** True once every assigned partition was restored. */
  readonly ready: boolean;
  /** Partitions that this process owns. */
  readonly partitions: readonly number[];
  /** Why the read views do not show what is true; undefined when they do. */
  readonly viewsBehind: string | undefined;
  /** Offset up to which an owned input was committed; undefined when it is not owned here. */
  committedOffset(place: TopicPartition): bigint | undefined;
  /** Who answers for a partition. */
  ownerOf(partition: number): Owner;
  /** Finish the batch in hand, write a checkpoint, leave the group. */
  stop(): Promise<void>;
}

/** `restoring`: this process, once it has restored the state. `elsewhere` without an address: who it is, is not known yet. */
export type Owner =
  | { readonly is: 'here' | 'restoring' }
  | { readonly is: 'elsewhere'; readonly address: string | undefined };

export interface RunnerOptions extends TaskOptions {
  /** First wait before a failed task is rebuilt, ms; doubles up to 8 times as long: a broker that is back is not kept waiting. */
  readonly retryMs: number;
  /** Wait before a fenced task takes its partition back, ms; longer than the group needs to name another owner. */
  readonly fencedRetryMs: number;
  /** Where other instances and clients reach the read views of this one. */
  readonly address?: string;
}

export interface RunnerEvents extends TaskEvents {
  /** `retryInMs` 0: the service stops. */
  failed(partition: number, error: unknown, retryInMs: number): void;
  rebalanced?(partitions: readonly number[]): void;
  /** Offsets for lag tools could not be committed; nothing else depends on them. */
  offsetsNotCommitted?(): void;
}

export const RUNNER_DEFAULTS: Omit<RunnerOptions, 'topicPrefix' | 'partitions' | 'config'> = {
  ...TASK_DEFAULTS,
  retryMs: 200,
  fencedRetryMs: 3_000,
};

/** Committed offsets serve lag tools; nothing reads them back. */
const OFFSETS_EVERY_MS = 5_000;
const POLL_MS = 50;

interface Running {
  stopping: boolean;
  restored: boolean;
  task: Task | undefined;
  ended: Promise<void>;
}

/** Topics of a service: its inputs and outputs, its journal, its dead letters and the answers to its effects. */
export function topicSpecs(processor: AnyProcessor, prefix: string, partitions: number): readonly TopicSpec[] {
  const { service, inputs, outputs } = processor;
  const named = new Set([...inputs.map(({ topic }) => topic), ...outputs]);
  const unknown = [...named].filter((topic) => !TOPICS.some(({ name }) => name === topic));
  if (unknown.length > 0)
    throw new Error(`${service} names topics that packages/events/src/topics.ts does not have: ${unknown.join(', ')}`);
  const shared = TOPICS.filter(({ name }) => named.has(name));
  return [...shared, journalTopic(service), deadLetterTopic(service), resultsTopic(service)].map((topic) =>
    specOf(topic, prefix, partitions),
  );
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

/** @throws {LogError} with nothing left behind: the topics could not be created, or the group not be joined */
export async function startRunner(
  processor: AnyProcessor,
  ports: TaskPorts,
  options: RunnerOptions,
  events: RunnerEvents,
): Promise<Runner> {
  const { compaction } = ports.log.features;
  const specs = topicSpecs(processor, options.topicPrefix, options.partitions);
  const admin = await ports.log.admin();
  try {
    // Kept whole, a topic has the newest record of each key too: such topics are small.
    await admin.createTopics(
      specs.map((spec) => (spec.cleanup === 'compact' && !compaction ? { ...spec, cleanup: 'delete' } : spec)),
    );
  } finally {
    await admin.close();
  }
  const running = new TaskRunner(processor, ports, options, events);
  await running.join();
  return running;
}

class TaskRunner implements Runner {
  readonly done: Promise<void>;
  readonly #processor: AnyProcessor;
  readonly #ports: TaskPorts;
  readonly #options: RunnerOptions;
  readonly #events: RunnerEvents;
  readonly #running = new Map<number, Running>();
  readonly #end: PromiseWithResolvers<void> = Promise.withResolvers<void>();
  #group: Group | undefined;
  #offsetTimer: NodeJS.Timeout | undefined;
  #assigned = false;
  #addresses: ReadonlyMap<number, string> = new Map();
  #stopping = false;
  /** Tasks that end after their partition was lost: a successor in this process waits for them. */
  #ending: Promise<unknown> = Promise.resolve();

  constructor(processor: AnyProcessor, ports: TaskPorts, options: RunnerOptions, events: RunnerEvents) {
    this.#processor = processor;
    this.#ports = ports;
    this.#options = options;
    this.#events = events;
    this.done = this.#end.promise;
  }

  async join(): Promise<void> {
    const { service, inputs } = this.#processor;
    const { topicPrefix, address } = this.#options;
    const topics = [...inputs.map(({ topic }) => topic), journalTopic(service).name];
    this.#group = await this.#ports.log.joinGroup({
      groupId: `${topicPrefix}${service}`,
      topics: topics.map((name) => topicName(topicPrefix, name)),
      ...(address === undefined ? {} : { address }),
      onAssignment: (assignment) => this.#assign(assignment),
      onLost: () => {
        this.#assigned = false;
        this.#addresses = new Map();
        this.#ending = this.#stopAll();
      },
    });
    this.#offsetTimer = setInterval(() => void this.#commitOffsets(), OFFSETS_EVERY_MS);
  }

  get lags(): readonly Lag[] {
    return this.#tasks.flatMap(({ lags }) => lags);
  }

  get lagRecords(): number {
    return this.lags.reduce((sum, { records }) => sum + records, 0);
  }

  get figures(): readonly TaskFigures[] {
    return this.#tasks.flatMap(({ figures }) => figures ?? []);
  }

  get ready(): boolean {
    return this.#assigned && [...this.#running.values()].every(({ restored }) => restored);
  }

  get partitions(): readonly number[] {
    return [...this.#running.keys()];
  }

  get viewsBehind(): string | undefined {
    return this.#tasks.map(({ viewsBehind }) => viewsBehind).find((reason) => reason !== undefined);
  }

  committedOffset({ topic, partition }: TopicPartition): bigint | undefined {
    const positions = this.#running.get(partition)?.task?.committedPositions;
    return positions?.find((each) => each.topic === topic)?.offset;
  }

  ownerOf(partition: number): Owner {
    const entry = this.#running.get(partition);
    if (entry !== undefined) return { is: entry.restored && !entry.stopping ? 'here' : 'restoring' };
    const address = this.#addresses.get(partition);
    // Assigned a moment ago, or stopping.
    if (address !== undefined && address === this.#options.address) return { is: 'restoring' };
    return { is: 'elsewhere', address };
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#offsetTimer);
    await this.#stopAll();
    await this.#ending;
    await this.#group?.leave();
    this.#end.resolve();
  }

  get #tasks(): readonly Task[] {
    return [...this.#running.values()].flatMap(({ task }) => task ?? []);
  }

  async #assign({ partitions, addresses = new Map() }: Assignment): Promise<void> {
    this.#addresses = addresses;
    await this.#ending;
    // What is named between the last task's end and our leaving is for those who stay.
    if (this.#stopping) return;
    const gone = [...this.#running.keys()].filter((partition) => !partitions.includes(partition));
    await Promise.all(gone.map((partition) => this.#stopTask(partition)));
    for (const partition of partitions) if (!this.#running.has(partition)) this.#startTask(partition);
    this.#assigned = true;
    this.#events.rebalanced?.(partitions);
  }

  #startTask(partition: number): void {
    const entry: Running = { stopping: false, restored: false, task: undefined, ended: Promise.resolve() };
    this.#running.set(partition, entry);
    entry.ended = this.#keepRunning(partition, entry).catch((error: unknown) => {
      this.#events.failed(partition, error, 0);
      this.#end.reject(error);
    });
  }

  async #keepRunning(partition: number, entry: Running): Promise<void> {
    for (let attempt = 0; !entry.stopping; attempt += 1) {
      const restored: RunnerEvents['restored'] = (replay) => {
        entry.restored = true;
        attempt = 0;
        this.#events.restored(replay);
      };
      const task = new Task(partition, this.#processor, this.#ports, this.#options, { ...this.#events, restored });
      entry.task = task;
      entry.restored = false;
      try {
        return await task.run();
      } catch (error) {
        if (entry.stopping && (isRecoverable(error) || error === STOPPED)) return;
        if (!isRecoverable(error)) throw error;
        const retryInMs = this.#retryInMs(error, attempt);
        this.#events.failed(partition, error, retryInMs);
        await this.#pause(retryInMs, entry);
      }
    }
  }

  /**
   * Fenced: another owner took over, and the group will say so; until it had time to, that owner is not fenced in turn. Without such an
   * owner (the broker fences after a transaction time-out) the partition is still this task's: it takes it back.
   */
  #retryInMs(error: unknown, attempt: number): number {
    const { fencedRetryMs, retryMs } = this.#options;
    return fateOf(error).fate === 'rejoin' ? fencedRetryMs : retryMs * 2 ** Math.min(attempt, 3);
  }

  async #pause(ms: number, entry: Running): Promise<void> {
    const { monotonic } = this.#options;
    for (const until = monotonic() + ms; monotonic() < until && !entry.stopping; )
      await new Promise((resolve) => setTimeout(resolve, Math.min(POLL_MS, ms)));
  }

  #stopTask(partition: number): Promise<void> {
    const entry = this.#running.get(partition);
    if (entry === undefined) return Promise.resolve();
    this.#running.delete(partition);
    entry.stopping = true;
    entry.task?.stop();
    return entry.ended.then(() => this.#release(partition));
  }

  /** Another process may change what this one has shown: a store of its own must not show it any more. */
  async #release(partition: number): Promise<void> {
    await this.#ports.views.release?.({ service: this.#processor.service, partition });
  }

  async #stopAll(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((partition) => this.#stopTask(partition)));
  }

  async #commitOffsets(): Promise<void> {
    const positions = this.#tasks.flatMap(({ committedPositions }) => committedPositions);
    if (positions.length === 0 || this.#group === undefined) return;
    if (!(await this.#group.commitOffsets(positions))) this.#events.offsetsNotCommitted?.();
  }
}

/** One line for people: what failed and what to do. */
export function explain(error: unknown): string {
  if (error instanceof LogError) return `${error.code}: ${error.message}`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
