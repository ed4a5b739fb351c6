/**
 * One task: one service on one partition, from take-over to the last commit.
 *
 * The order matters, and this is what a crash between any two steps leaves behind:
 *   1. fence       the old owner can commit nothing any more, and its last transaction has ended in every partition
 *   2. barrier     a take-over record with a nonce is in the journal; everything that was ever committed lies before it
 *   3. restore     checkpoint, then the journal up to the nonce, inputs processed again with outputs muted; nothing was written
 *   4. step        memory is ahead of the log; a crash throws that away
 *   5. commit      outputs, dead letters and the journal record become visible together, or none of them
 *   6. views       stale until the next owner's restore publishes them again
 *   7. effects     asked again by the next owner: they are part of the state until their answer was processed
 *   8. checkpoint  missing: the next restore replays a little more
 * The commit of one batch overlaps the processing of the next; nothing of the next is sent before the first is committed.
 */
import type { Reader, TopicPartition } from '@weir/event-log/port';
import { Checkpointer, type PendingCheckpoint } from './checkpoints/checkpointer.ts';
import { TaskEffects } from './effects/task-effects.ts';
import { fateOf } from './fates.ts';
import { BatchEntries } from './journal/batch-entries.ts';
import type { CommitLog } from './journal/commit-log.ts';
import type { Owner } from './journal/recorded.ts';
import type { AnyFold } from './journal/replayer.ts';
import { takeOver } from './journal/take-over.ts';
import { Batch } from './processing/batch.ts';
import { TaskInputs } from './processing/task-inputs.ts';
import { isTickDue, TickClock } from './processing/tick-clock.ts';
import { Wake } from './processing/wake.ts';
import type { AnyProcessor } from './processor.ts';
import type { Lag, TaskEvents, TaskFigures, TaskOptions, TaskPorts } from './task-contract.ts';
import { figuresOf, lagsOf } from './task-figures.ts';
import { TaskTopics } from './task-topics.ts';
import { TaskViews } from './task-views.ts';

/** Between two looks at inputs of which the log has said nothing yet, ms. */
const UNANSWERED_MS = 20;

/** What a task has once it took its partition over. */
interface Live {
  readonly owner: Owner;
  readonly commits: CommitLog;
  readonly reader: Reader;
  readonly fold: AnyFold;
  readonly inputs: TaskInputs;
  readonly entries: BatchEntries;
  readonly effects: TaskEffects | undefined;
}

export class Task {
  readonly partition: number;
  readonly #processor: AnyProcessor;
  readonly #ports: TaskPorts;
  readonly #options: TaskOptions;
  readonly #events: TaskEvents;
  readonly #wake = new Wake();
  readonly #topics: TaskTopics;
  readonly #clock: TickClock;
  readonly #views: TaskViews;
  readonly #checkpointer: Checkpointer;
  /** Undefined before the restore. */
  #live: Live | undefined;
  #stopping = false;
  #commit: Promise<void> | undefined;
  #failure: unknown;
  #committed: readonly (TopicPartition & { readonly offset: bigint })[] = [];

  constructor(partition: number, processor: AnyProcessor, ports: TaskPorts, options: TaskOptions, events: TaskEvents) {
    this.partition = partition;
    this.#processor = processor;
    this.#ports = ports;
    this.#options = options;
    this.#events = events;
    this.#topics = new TaskTopics(partition, processor, options);
    this.#clock = new TickClock(options);
    this.#views = new TaskViews(partition, processor, ports, options, events);
    this.#checkpointer = new Checkpointer({
      store: ports.checkpoints,
      task: this.#topics.task,
      everyRecords: options.checkpointEveryRecords,
      everyMs: options.checkpointEveryMs,
      anchorDays: options.anchorDays,
      monotonic: options.monotonic,
      onFailed: (error) => events.checkpointFailed?.(error),
    });
  }

  /** Take the partition over, restore and run until `stop`. Rejects when another owner fenced this one, or on what must stop the service. */
  async run(): Promise<void> {
    try {
      const live = await this.#restore();
      while (!this.#stopping) await this.#turn(live);
      await this.#settle();
      // A checkpoint may not be ahead of the journal: what the first entry has to tell must be told before.
      if (!live.entries.hasToTell)
        await this.#checkpointer.save(live.fold, this.#takeCheckpoint(live), live.commits.place);
    } finally {
      await this.#close();
    }
  }

  stop(): void {
    this.#stopping = true;
    this.#wake.signal();
  }

  /** Records committed to each input and not yet processed. */
  get lags(): readonly Lag[] {
    return lagsOf(this.#live?.inputs.cursors ?? [], this.partition, this.#options.now());
  }

  /** Undefined before the restore. O(keys). */
  get figures(): TaskFigures | undefined {
    return this.#live === undefined ? undefined : figuresOf(this.#live.fold, this.#live.effects?.size ?? 0);
  }

  /** Why the read views do not show what is true; undefined when they do. */
  get viewsBehind(): string | undefined {
    return this.#views.behind;
  }

  /** Where the last commit left the inputs. */
  get committedPositions(): readonly (TopicPartition & { readonly offset: bigint })[] {
    return this.#committed;
  }

  async #restore(): Promise<Live> {
    const { monotonic, stateDigestEveryMs } = this.#options;
    const started = monotonic();
    const { owner, commits, reader, restored } = await takeOver({
      processor: this.#processor,
      topics: this.#topics,
      ports: this.#ports,
      task: this.#options,
      events: this.#events,
      notify: this.#wake.signal,
      isStopping: () => this.#stopping,
    });
    const { fold, cursors, epoch, records, startsOver, divergence } = restored;
    const inputs = new TaskInputs(this.#topics, cursors, monotonic, (error) => this.#fail(this.#failure ?? error));
    const entries = new BatchEntries(restored, stateDigestEveryMs);
    const live: Live = { owner, commits, reader, fold, inputs, entries, effects: this.#taskEffects(epoch) };
    this.#live = live;
    this.#committed = this.#topics.positions(inputs.cursors);
    await this.#views.showAll(fold.keys);
    live.effects?.offer(fold.keys.takeUnasked(), fold.keys);
    this.#events.restored({ records, millis: monotonic() - started, startsOver, divergence });
    return live;
  }

  async #close(): Promise<void> {
    if (this.#live === undefined) return;
    const { effects, fold, inputs, reader, commits } = this.#live;
    await effects?.stop();
    fold.keys.close();
    await inputs.close();
    await reader.close();
    await commits.close();
  }

  /** Undefined for a service that asks nothing of the world. */
  #taskEffects(epoch: bigint): TaskEffects | undefined {
    const { effects: handlers, now } = this.#options;
    if (handlers === undefined) return undefined;
    return new TaskEffects(this.#ports.log, {
      handlers,
      topic: this.#topics.results,
      partition: this.partition,
      epoch,
      now,
      onAnswer: (kind, outcome) => this.#events.effectAnswered?.(kind, outcome),
      onFailedTry: (kind, error, retryInMs) => this.#events.effectFailed?.(kind, error, retryInMs),
    });
  }

  /** Process what is at hand into one batch, then hand it to the commit. */
  async #turn(live: Live): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    const { fold, inputs, entries, owner } = live;
    const { topicPrefix, batchRecords, sliceRecords } = this.#options;
    const batch = new Batch({ topicPrefix, dlq: this.#topics.dlq, partition: this.partition }, entries.firstSteps);
    // The batch before has been given its number, so this one will be committed as the next, or never.
    fold.commit = { seq: entries.seq, owner: owner.number ?? 0 };
    inputs.fill();
    const started = performance.now();
    this.#tickIfDue(batch, live);
    while (batch.records < batchRecords && inputs.takeSlice(fold, batch, sliceRecords)) {
      inputs.fill();
      await new Promise(setImmediate);
      if (this.#commit === undefined) break;
    }
    if (batch.steps.length > 0) {
      const processMillis = performance.now() - started;
      await this.#settle();
      this.#startCommit(batch, live, processMillis);
    } else {
      await this.#settle();
      await this.#idle(live);
    }
  }

  async #idle({ fold, inputs }: Live): Promise<void> {
    // Its share may have become smaller.
    fold.keys.shrink();
    await this.#views.catchUp(fold.keys);
    // That a topic has nothing more is no record that would wake us.
    await this.#wake.wait(inputs.isAnswered ? this.#options.tickEveryMs : UNANSWERED_MS);
  }

  #tickIfDue(batch: Batch, { fold, inputs }: Live): void {
    const nowMs = this.#clock.read();
    if (nowMs === undefined) {
      this.#events.clockJumped?.();
      return;
    }
    if (!isTickDue(nowMs, fold.clockMs, this.#options.tickEveryMs)) return;
    if (!inputs.isWaiting && (fold.nextTickMs ?? Number.POSITIVE_INFINITY) > nowMs) return;
    batch.ticked(nowMs);
    fold.tick(nowMs, batch);
  }

  /** Everything that must be read from the state is read here, before the next batch is processed. */
  #startCommit(batch: Batch, live: Live, processMillis: number): void {
    const { fold, inputs, entries, commits, effects } = live;
    const { monotonic, now } = this.#options;
    const started = monotonic();
    const entry = entries.next(batch, fold, started, now());
    this.#checkpointer.count(batch.records);
    const checkpoint = this.#checkpointer.isDue ? this.#takeCheckpoint(live) : undefined;
    const publish = this.#views.publication(fold.keys, batch.outputs, started);
    const asked = fold.keys.takeUnasked();
    const positions = this.#topics.positions(inputs.cursors);
    const { newestEventMs } = fold;
    fold.newestEventMs = Number.NEGATIVE_INFINITY;
    const send = async (): Promise<void> => {
      const outputs = batch.outputs.map((output) => this.#topics.record(output));
      await commits.write([...outputs, ...batch.deadLetters], entry);
      this.#committed = positions;
      effects?.offer(asked, fold.keys);
      await publish();
      if (checkpoint !== undefined) await this.#checkpointer.save(fold, checkpoint, commits.place);
      this.#events.committed({
        records: batch.records,
        outputs: batch.outputs,
        rejections: batch.rejections,
        millis: monotonic() - started,
        processMillis,
        checkpointBytes: checkpoint?.changed.bytes,
        newestEventMs,
      });
    };
    this.#commit = send()
      .catch((error: unknown) => {
        this.#events.aborted?.();
        this.#fail(error);
      })
      .finally(() => {
        this.#commit = undefined;
      });
  }

  #fail(error: unknown): void {
    this.#failure = error;
    this.#wake.signal();
  }

  async #settle(): Promise<void> {
    await this.#commit;
    if (this.#failure !== undefined) throw this.#failure;
  }

  #takeCheckpoint({ fold, inputs, entries, owner }: Live): PendingCheckpoint {
    const { clockMs } = fold;
    const writtenMs = this.#options.now();
    return this.#checkpointer.take(fold, { seq: entries.seq, clockMs, positions: inputs.offsets, owner, writtenMs });
  }
}

/** True when the task should be rebuilt from its last commit instead of stopping the service. */
export function isRecoverable(error: unknown): boolean {
  const { fate } = fateOf(error);
  return fate === 'rejoin' || fate === 'retry';
}
