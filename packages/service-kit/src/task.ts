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
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { NewRecord, Producer, Reader, TopicPartition } from '@weir/event-log/port';
import type { JournalEntry } from '@weir/events/generated/events';
import { deadLetterTopic, journalTopic, resultsTopic, topicName } from '@weir/events/topics';
import { Checkpointer, type PendingCheckpoint } from './checkpoints/checkpointer.ts';
import { EffectDispatcher } from './effects/dispatcher.ts';
import { fateOf } from './fates.ts';
import { CommitLog } from './journal/commit-log.ts';
import { taskName } from './journal/entries.ts';
import { type Owner, outputHeaders, recordedConfig } from './journal/recorded.ts';
import type { AnyFold } from './journal/replayer.ts';
import { ownerNumber, restore } from './journal/restore.ts';
import { Batch } from './processing/batch.ts';
import type { InputCursor } from './processing/input-cursor.ts';
import { InputMerge } from './processing/input-merge.ts';
import { RegistrationSearch } from './processing/registration-search.ts';
import { isTickDue, TickClock } from './processing/tick-clock.ts';
import { Wake } from './processing/wake.ts';
import type { AnyProcessor, Output, View } from './processor.ts';
import type { Lag, TaskEvents, TaskFigures, TaskOptions, TaskPorts } from './task-contract.ts';
import { figuresOf, lagsOf } from './task-figures.ts';
import { readHistories } from './views/histories.ts';
import { ViewPublisher } from './views/publisher.ts';

/** Between two looks at inputs of which the log has said nothing yet, ms. */
const UNANSWERED_MS = 20;

const NOTHING = { steps: [], startsOver: false, divergedSeq: null } as const;

export class Task {
  readonly partition: number;
  readonly #processor: AnyProcessor;
  readonly #ports: TaskPorts;
  readonly #options: TaskOptions;
  readonly #events: TaskEvents;
  readonly #wake = new Wake();
  #owner: Owner;
  readonly #names: { readonly task: string; readonly journal: string; readonly dlq: string; readonly results: string };
  readonly #topics: { readonly control: readonly string[]; readonly data: readonly string[] };
  readonly #clock: TickClock;
  readonly #views: ViewPublisher;
  readonly #checkpointer: Checkpointer;
  #commits!: CommitLog;
  #answers: Producer | undefined;
  #reader!: Reader;
  #fold: AnyFold | undefined;
  #cursors: ReadonlyMap<string, InputCursor> = new Map();
  #merge!: InputMerge;
  #effects: EffectDispatcher | undefined;
  #seq = 0;
  #stopping = false;
  #commit: Promise<void> | undefined;
  #failure: unknown;
  #viewsAt = 0;
  #digestAt = 0;
  /** What the first entry after a restore says besides its inputs; NOTHING once it has. */
  #starting: Pick<JournalEntry, 'steps' | 'startsOver' | 'divergedSeq'> = NOTHING;
  readonly #registrations = new RegistrationSearch((error) => {
    this.#failure ??= error;
    this.#wake.signal();
  });
  #committed: readonly (TopicPartition & { readonly offset: bigint })[] = [];

  constructor(partition: number, processor: AnyProcessor, ports: TaskPorts, options: TaskOptions, events: TaskEvents) {
    this.partition = partition;
    this.#processor = processor;
    this.#ports = ports;
    this.#options = options;
    this.#events = events;
    const { topicPrefix: prefix } = options;
    const { service, inputs, build } = processor;
    this.#owner = { build, config: recordedConfig(options.config, options) };
    this.#names = {
      task: taskName(prefix, service, partition),
      journal: topicName(prefix, journalTopic(service).name),
      dlq: topicName(prefix, deadLetterTopic(service).name),
      results: topicName(prefix, resultsTopic(service).name),
    };
    const named = (role: string): string[] => inputs.filter((input) => input.role === role).map(({ topic }) => topic);
    this.#topics = { control: named('control'), data: [...named('data'), ...resultsOf(processor, options)] };
    this.#clock = new TickClock(options);
    this.#views = this.#publisher();
    this.#checkpointer = new Checkpointer({
      store: ports.checkpoints,
      task: this.#names.task,
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
      await this.#restore();
      while (!this.#stopping) await this.#turn();
      await this.#settle();
      // A checkpoint may not be ahead of the journal: what the first entry has to tell must be told before.
      if (this.#starting === NOTHING)
        await this.#checkpointer.save(this.#state, this.#takeCheckpoint(), this.#commits.place);
    } finally {
      await this.#effects?.stop();
      this.#fold?.keys.close();
      await Promise.all([...this.#cursors.values()].map((cursor) => cursor.close()));
      await this.#reader?.close();
      await this.#answers?.close();
      await this.#commits?.close();
    }
  }

  stop(): void {
    this.#stopping = true;
    this.#wake.signal();
  }

  /** Records committed to each input and not yet processed. */
  get lags(): readonly Lag[] {
    return lagsOf(this.#cursors.values(), this.partition, this.#options.now());
  }

  /** Undefined before the restore. O(keys). */
  get figures(): TaskFigures | undefined {
    return this.#fold === undefined ? undefined : figuresOf(this.#fold, this.#effects?.size ?? 0);
  }

  /** Why the read views do not show what is true; undefined when they do. */
  get viewsBehind(): string | undefined {
    return this.#views.behind;
  }

  /** Where the last commit left the inputs. */
  get committedPositions(): readonly (TopicPartition & { readonly offset: bigint })[] {
    return this.#committed;
  }

  get #state(): AnyFold {
    if (this.#fold === undefined) throw new Error(`${this.#names.task} was used before it was restored`);
    return this.#fold;
  }

  async #restore(): Promise<void> {
    const { log, checkpoints } = this.#ports;
    const { monotonic, topicPrefix, onDataLoss, stateMemory: memory } = this.#options;
    const started = monotonic();
    const { journal, dlq, task } = this.#names;
    const outputs = this.#processor.outputs.map((name) => topicName(topicPrefix, name));
    this.#commits = await CommitLog.open(log, { task, partition: this.partition, topicPrefix, journal, dlq, outputs });
    if (this.#commits.settled.length > 0) this.#events.settled?.(this.#commits.settled);
    const nonce = randomUUID();
    await this.#commits.write([], {
      ...NOTHING,
      kind: 'takeover',
      seq: 0,
      outputs: 0,
      outputsDigest: null,
      stateDigest: null,
      nonce,
      owner: `${hostname()}/${process.pid}`,
      ...this.#owner,
      processingTimeMs: this.#options.now(),
    });
    await this.#commits.findOutputEnds();
    this.#reader = await log.reader();
    const { fold, cursors, steps, seq, epoch, records, startsOver, divergence } = await restore({
      task: this.#names.task,
      journal: this.#names.journal,
      partition: this.partition,
      topicPrefix,
      processor: this.#processor,
      topics: this.#topics,
      reader: this.#reader,
      checkpoints,
      owner: this.#owner,
      nonce,
      onDataLoss,
      memory,
      notify: this.#wake.signal,
      isStopping: () => this.#stopping,
      onPassedOver: (reason) => this.#events.passedOver?.(reason),
    });
    this.#owner = { ...this.#owner, number: ownerNumber(epoch) };
    this.#fold = fold;
    this.#cursors = cursors;
    this.#merge = new InputMerge(this.#cursorsOf(this.#topics.control), this.#cursorsOf(this.#topics.data), monotonic);
    this.#seq = seq;
    this.#committed = this.#positions();
    if (steps.length > 0 || startsOver || divergence !== undefined)
      this.#starting = { steps, startsOver, divergedSeq: divergence?.seq ?? null };
    await this.#views.rebuild(fold.keys.allViews());
    this.#startEffects(epoch);
    this.#events.restored({ records, millis: monotonic() - started, startsOver, divergence });
  }

  #cursorsOf(topics: readonly string[]): readonly InputCursor[] {
    return topics.map((topic) => this.#cursors.get(topic) as InputCursor);
  }

  #startEffects(epoch: bigint): void {
    const { effects: handlers, now } = this.#options;
    if (handlers === undefined) return;
    this.#effects = new EffectDispatcher({
      handlers,
      topic: this.#names.results,
      partition: this.partition,
      epoch,
      now,
      append: async (record) => {
        this.#answers ??= await this.#ports.log.producer();
        await this.#answers.send([record]);
      },
      onAnswer: (kind, outcome) => this.#events.effectAnswered?.(kind, outcome),
      onFailedTry: (kind, error, retryInMs) => this.#events.effectFailed?.(kind, error, retryInMs),
    });
    this.#effects.offer(this.#state.keys.takeUnasked());
  }

  /** Process what is at hand into one batch, then hand it to the commit. */
  async #turn(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    const { topicPrefix, batchRecords } = this.#options;
    const batch = new Batch({ topicPrefix, dlq: this.#names.dlq, partition: this.partition }, this.#starting.steps);
    // The batch before has been given its number, so this one will be committed as the next, or never.
    this.#state.commit = { seq: this.#seq, owner: this.#owner.number ?? 0 };
    this.#fill();
    const started = performance.now();
    this.#tickIfDue(batch);
    while (batch.records < batchRecords && this.#takeSlice(batch)) {
      this.#fill();
      await new Promise(setImmediate);
      if (this.#commit === undefined) break;
    }
    if (batch.steps.length > 0) {
      const processMillis = performance.now() - started;
      await this.#settle();
      this.#startCommit(batch, processMillis);
    } else {
      await this.#settle();
      await this.#idle();
    }
  }

  async #idle(): Promise<void> {
    const { keys } = this.#state;
    // Its share may have become smaller.
    keys.shrink();
    if (this.#views.wantsAll) await this.#views.rebuild(keys.allViews());
    else await this.#views.put(keys.takeUnpublished());
    // That a topic has nothing more is no record that would wake us.
    const isAnswered = [...this.#cursors.values()].every(({ lag }) => lag !== undefined);
    await this.#wake.wait(isAnswered ? this.#options.tickEveryMs : UNANSWERED_MS);
  }

  #fill(): void {
    for (const cursor of this.#cursors.values()) cursor.fill();
  }

  #tickIfDue(batch: Batch): void {
    const nowMs = this.#clock.read();
    if (nowMs === undefined) {
      this.#events.clockJumped?.();
      return;
    }
    const fold = this.#state;
    if (!isTickDue(nowMs, fold.clockMs, this.#options.tickEveryMs)) return;
    const isWaiting = [...this.#cursors.values()].some((cursor) => cursor.available > 0);
    if (!isWaiting && (fold.nextTickMs ?? Number.POSITIVE_INFINITY) > nowMs) return;
    batch.ticked(nowMs);
    fold.tick(nowMs, batch);
  }

  #takeSlice(batch: Batch): boolean {
    const choice = this.#merge.next(this.#options.sliceRecords);
    if (choice === undefined) return false;
    const { cursor, slice, before } = choice;
    const { topic } = cursor;
    const isAwaited = (names: readonly string[]): boolean => this.#registrations.isAwaited(names, topic, before);
    if (!this.#state.records(topic, slice.records, batch, isAwaited)) return false;
    this.#registrations.processed(topic);
    cursor.advance(slice);
    batch.took(topic, slice.records.length, slice.nextOffset);
    return true;
  }

  /** Everything that must be read from the state is read here, before the next batch is processed. */
  #startCommit(batch: Batch, processMillis: number): void {
    const fold = this.#state;
    const started = this.#options.monotonic();
    const entry = this.#entryOf(batch, started);
    this.#checkpointer.count(batch.records);
    const checkpoint = this.#checkpointer.isDue ? this.#takeCheckpoint() : undefined;
    const publish = this.#publication(batch.outputs, started);
    const effects = fold.keys.takeUnasked();
    const positions = this.#positions();
    const { newestEventMs } = fold;
    fold.newestEventMs = Number.NEGATIVE_INFINITY;
    const send = async (): Promise<void> => {
      const outputs = batch.outputs.map((output) => this.#record(output));
      await this.#commits.write([...outputs, ...batch.deadLetters], entry);
      this.#committed = positions;
      this.#effects?.offer(effects);
      await publish();
      if (checkpoint !== undefined) await this.#checkpointer.save(fold, checkpoint, this.#commits.place);
      this.#events.committed({
        records: batch.records,
        outputs: batch.outputs,
        rejections: batch.rejections,
        millis: this.#options.monotonic() - started,
        processMillis,
        checkpointBytes: checkpoint?.bytes,
        newestEventMs,
      });
    };
    this.#commit = send()
      .catch((error: unknown) => {
        this.#events.aborted?.();
        this.#failure = error;
        this.#wake.signal();
      })
      .finally(() => {
        this.#commit = undefined;
      });
  }

  #entryOf(batch: Batch, startedMs: number): JournalEntry {
    const takeDigest = startedMs - this.#digestAt >= this.#options.stateDigestEveryMs;
    if (takeDigest) this.#digestAt = startedMs;
    const fold = this.#state;
    const entry: JournalEntry = {
      ...this.#starting,
      kind: 'batch',
      seq: this.#seq,
      steps: batch.steps,
      outputs: batch.outputs.length,
      outputsDigest: batch.digest.value(),
      stateDigest: takeDigest ? fold.keys.digest(fold.clockMs) : null,
      nonce: null,
      owner: null,
      build: null,
      config: null,
      processingTimeMs: this.#options.now(),
    };
    this.#starting = NOTHING;
    this.#seq += 1;
    return entry;
  }

  /** What the commit will show, read now. */
  #publication(outputs: readonly Output[], startedMs: number): () => Promise<void> {
    const { keys } = this.#state;
    if (this.#views.wantsAll) {
      const all = keys.allViews();
      return () => this.#views.rebuild(all);
    }
    const changes: View[] = outputs.flatMap((output) => [...this.#ports.outputViews(output)]);
    const isDue = startedMs - this.#viewsAt >= this.#options.viewsEveryMs;
    if (isDue) this.#viewsAt = startedMs;
    // An output is shown with the state that it came of. Views of the other keys cost more than their processing where there are many.
    const isAll = isDue || (this.#processor.isKeyless === true && outputs.length > 0);
    changes.push(...keys.takeUnpublished(isAll ? undefined : outputs.map(({ key }) => key)));
    return () => this.#views.put(changes);
  }

  #publisher(): ViewPublisher {
    const { views, log, outputViews } = this.#ports;
    const { topicPrefix, monotonic } = this.#options;
    const { service, outputs } = this.#processor;
    const { partition } = this;
    return new ViewPublisher({
      views,
      scope: { service, partition },
      monotonic,
      histories: () => readHistories({ log, topicPrefix, partition, service, outputs, outputViews }),
      onBehind: (reason) => this.#events.viewsBehind?.(reason),
    });
  }

  async #settle(): Promise<void> {
    await this.#commit;
    if (this.#failure !== undefined) throw this.#failure;
  }

  #takeCheckpoint(): PendingCheckpoint {
    const fold = this.#state;
    const positions = Object.fromEntries([...this.#cursors].map(([topic, { position }]) => [topic, String(position)]));
    const { clockMs } = fold;
    const writtenMs = this.#options.now();
    return this.#checkpointer.take(fold, { seq: this.#seq, clockMs, positions, owner: this.#owner, writtenMs });
  }

  #positions(): readonly (TopicPartition & { readonly offset: bigint })[] {
    const { partition } = this;
    return [...this.#cursors.values()].map(({ topic, position }) => ({
      topic: topicName(this.#options.topicPrefix, topic),
      partition,
      offset: position,
    }));
  }

  /** Input and output topics are partitioned alike, so a key stays in its task's partition. */
  #record(output: Output): NewRecord {
    return {
      topic: topicName(this.#options.topicPrefix, output.topic),
      partition: this.partition,
      key: Buffer.from(output.key),
      value: output.value,
      // No timestamp: retention counts from when an output was written, not from the event that caused it.
      headers: outputHeaders(this.#processor.service, output),
    };
  }
}

/** A service without effects reads no answers. */
function resultsOf({ service }: AnyProcessor, { effects }: TaskOptions): readonly string[] {
  return effects === undefined ? [] : [resultsTopic(service).name];
}

/** True when the task should be rebuilt from its last commit instead of stopping the service. */
export function isRecoverable(error: unknown): boolean {
  const { fate } = fateOf(error);
  return fate === 'rejoin' || fate === 'retry';
}
