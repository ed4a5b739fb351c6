/**
 * One task: one service on one partition, from take-over to the last commit.
 *
 * The order matters, and this is what a crash between any two steps leaves behind:
 *   1. fence      the old owner can commit nothing any more; nothing else has changed
 *   2. barrier    a take-over record with a nonce is in the journal; everything that was ever committed lies before it
 *   3. restore    snapshot, then the journal up to the nonce, inputs folded again with outputs muted; nothing was written
 *   4. step       memory is ahead of the log; a crash throws that away
 *   5. commit     outputs, dead letters and the journal record become visible together, or none of them
 *   6. views      stale until the next owner's restore publishes them again
 *   7. snapshot   missing: the next restore replays a little more
 * The commit of one batch overlaps the folding of the next; nothing of the next is sent before the first is committed.
 */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { LogError } from '@weir/event-log/errors';
import type { EventLog, LogRecord, NewRecord, Producer, Reader, TopicPartition } from '@weir/event-log/port';
import type { JournalEntry, JournalStep } from '@weir/events/generated/events';
import { deadLetterTopic, journalTopic, topicName } from '@weir/events/topics';
import { deadLetter } from './dead-letter.ts';
import { fateOf } from './fates.ts';
import type { Fold, FoldSink } from './fold.ts';
import type { InputCursor } from './input-cursor.ts';
import { journalRecord, OutputsDigest, segment, taskName, tick } from './journal.ts';
import type { DecodedEvent, Meters, Output, Processor, Rejection } from './processor.ts';
import type { ReadViews } from './read-views.ts';
import { type Owner, outputHeaders, recordedConfig } from './recorded.ts';
import { RegistrationSearch } from './registration-search.ts';
import { type Divergence, type LostInputs, restore } from './restore.ts';
import { type SavedState, toBytes } from './saved-state.ts';
import type { SnapshotStore } from './snapshot-store.ts';
import { Wake } from './wake.ts';

export interface TaskOptions {
  readonly topicPrefix: string;
  readonly seed: string;
  readonly futureBoundMs: number;
  /** Records folded between two looks at the event loop. */
  readonly sliceRecords: number;
  /** Records in one transaction at the most. */
  readonly batchRecords: number;
  readonly snapshotEveryRecords: number;
  readonly viewsEveryMs: number;
  readonly tickEveryMs: number;
  readonly stateDigestEveryMs: number;
  readonly lostInputs: LostInputs;
  readonly now: () => number;
}

export const TASK_DEFAULTS: Omit<TaskOptions, 'topicPrefix' | 'seed'> = {
  futureBoundMs: 3_600_000,
  sliceRecords: 2_000,
  batchRecords: 20_000,
  snapshotEveryRecords: 500_000,
  viewsEveryMs: 500,
  tickEveryMs: 1_000,
  stateDigestEveryMs: 10_000,
  lostInputs: 'refuse',
  now: Date.now,
};

/** `topic` is the logical name. */
export interface Lag {
  readonly topic: string;
  readonly partition: number;
  readonly records: number;
  /** Age of the oldest of them, where it is at hand already, s. */
  readonly seconds: number;
}

export interface TaskEvents {
  committed(batch: {
    readonly records: number;
    readonly outputs: readonly Output[];
    readonly rejections: readonly Rejection[];
    /** From the end of the batch to its visible commit. */
    readonly millis: number;
    /** Folding alone. */
    readonly foldMillis: number;
    /** Size of the snapshot, when one was taken. */
    readonly stateBytes: number | undefined;
    /** Newest event time of the batch, ms; -Infinity when no event was folded. */
    readonly newestEventMs: number;
  }): void;
  /** A transaction came to nothing; the task is rebuilt from its last commit. */
  aborted?(): void;
  restored(replay: {
    readonly records: number;
    readonly millis: number;
    /** The state was lost with its inputs, and begins empty. */
    readonly startsOver: boolean;
    readonly divergence: Divergence | undefined;
  }): void;
}

export interface TaskPorts {
  readonly log: EventLog;
  readonly snapshots: SnapshotStore;
  readonly views: ReadViews;
}

/** Between two looks at inputs of which the log has said nothing yet, ms. */
const UNANSWERED_MS = 20;

/** What one transaction will hold. */
interface Batch {
  readonly steps: JournalStep[];
  readonly outputs: Output[];
  readonly deadLetters: NewRecord[];
  readonly rejections: Rejection[];
  readonly digest: OutputsDigest;
  records: number;
}

export class Task<State, Event extends DecodedEvent> {
  readonly partition: number;
  readonly #processor: Processor<State, Event>;
  readonly #ports: TaskPorts;
  readonly #options: TaskOptions;
  readonly #events: TaskEvents;
  readonly #wake = new Wake();
  readonly #owner: Owner;
  readonly #names: { readonly task: string; readonly journal: string; readonly dlq: string };
  readonly #partitionCount: (topic: string) => number;
  #producer!: Producer;
  #reader!: Reader;
  #fold!: Fold<State, Event>;
  #cursors: ReadonlyMap<string, InputCursor> = new Map();
  #epoch = 0n;
  #journalNext = 0n;
  #seq = 0;
  #stopping = false;
  #commit: Promise<void> | undefined;
  #failure: unknown;
  #viewsAt = 0;
  #digestAt = 0;
  #sinceSnapshot = 0;
  /** What the first entry after a restore says besides its inputs; NOTHING once it has. */
  #starting: Pick<JournalEntry, 'steps' | 'startsOver' | 'divergedSeq'> = NOTHING;
  readonly #registrations = new RegistrationSearch((error) => {
    this.#failure ??= error;
    this.#wake.signal();
  });
  #committed: readonly (TopicPartition & { readonly offset: bigint })[] = [];

  constructor(
    partition: number,
    processor: Processor<State, Event>,
    ports: TaskPorts,
    partitionCount: (topic: string) => number,
    options: TaskOptions,
    events: TaskEvents,
  ) {
    this.partition = partition;
    this.#processor = processor;
    this.#ports = ports;
    this.#options = options;
    this.#events = events;
    this.#partitionCount = partitionCount;
    const { topicPrefix: prefix } = options;
    this.#owner = { build: processor.build, config: recordedConfig(processor.config, options) };
    this.#names = {
      task: taskName(prefix, processor.service, partition),
      journal: topicName(prefix, journalTopic(processor.service).name),
      dlq: topicName(prefix, deadLetterTopic(processor.service).name),
    };
  }

  /** Take the partition over, restore and run until `stop`. Rejects when another owner fenced this one, or on what must stop the service. */
  async run(): Promise<void> {
    try {
      await this.#restore();
      while (!this.#stopping) await this.#turn(newBatch(this.#starting.steps));
      await this.#settle();
      // A snapshot may not be ahead of the journal: what the first entry has to tell must be told before.
      if (this.#starting === NOTHING) await this.#saveSnapshot(this.#savedState(), this.#journalNext);
    } finally {
      await Promise.all([...this.#cursors.values()].map((cursor) => cursor.close()));
      await this.#reader?.close();
      await this.#producer?.close();
    }
  }

  stop(): void {
    this.#stopping = true;
    this.#wake.signal();
  }

  /** Records committed to each input and not yet folded. */
  get lags(): readonly Lag[] {
    const { partition } = this;
    const now = this.#options.now();
    return [...this.#cursors.values()].map(({ topic, lag, headTimestampMs }) => {
      const seconds = headTimestampMs === undefined ? 0 : Math.max(0, now - headTimestampMs) / 1_000;
      return { topic, partition, records: Number(lag ?? 0n), seconds };
    });
  }

  /** What the processor says of its state; undefined before there is one. */
  get meters(): Meters | undefined {
    // Before the restore there is no fold, whatever its type says.
    const fold = this.#fold as Fold<State, Event> | undefined;
    return fold === undefined ? undefined : this.#processor.meters(fold.state);
  }

  /** Where the last commit left the inputs. */
  get committedPositions(): readonly (TopicPartition & { readonly offset: bigint })[] {
    return this.#committed;
  }

  async #restore(): Promise<void> {
    const { log, snapshots, views } = this.#ports;
    const started = this.#options.now();
    this.#producer = await log.producer({ fenceId: this.#names.task });
    const nonce = randomUUID();
    this.#journalNext = await this.#write([], {
      ...NOTHING,
      kind: 'takeover',
      seq: 0,
      outputs: 0,
      outputsDigest: null,
      stateDigest: null,
      nonce,
      owner: `${hostname()}/${process.pid}`,
      ...this.#owner,
      processingTimeMs: started,
    });
    this.#reader = await log.reader();
    const { fold, cursors, steps, seq, epoch, records, startsOver, divergence } = await restore({
      task: this.#names.task,
      journal: this.#names.journal,
      partition: this.partition,
      topicPrefix: this.#options.topicPrefix,
      processor: this.#processor,
      reader: this.#reader,
      snapshots,
      views,
      owner: this.#owner,
      nonce,
      lostInputs: this.#options.lostInputs,
      notify: this.#wake.signal,
      isStopping: () => this.#stopping,
    });
    this.#fold = fold;
    this.#cursors = cursors;
    this.#seq = seq;
    this.#epoch = epoch;
    if (steps.length > 0 || startsOver || divergence !== undefined)
      this.#starting = { steps, startsOver, divergedSeq: divergence?.seq ?? null };
    await views.put(this.#processor.service, this.#processor.views(fold.state, 'all'));
    this.#events.restored({ records, millis: this.#options.now() - started, startsOver, divergence });
  }

  /** Fold what is at hand into one batch, then hand it to the commit. */
  async #turn(batch: Batch): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    for (const cursor of this.#cursors.values()) cursor.fill();
    const sink = this.#sinkOf(batch);
    const started = performance.now();
    const now = this.#options.now();
    if (this.#due(now)) this.#tick(batch, now, sink);
    // Control topics stand first: a model registered before its first event is known when the event is folded.
    while (batch.records < this.#options.batchRecords && this.#takeSlice(batch, sink)) {
      for (const cursor of this.#cursors.values()) cursor.fill();
      await new Promise(setImmediate);
      if (this.#commit === undefined) break;
    }
    if (batch.steps.length > 0) {
      const foldMillis = performance.now() - started;
      await this.#settle();
      this.#startCommit(batch, foldMillis);
    } else {
      await this.#settle();
      await this.#publishViews();
      // That a topic has nothing more is no record that would wake us.
      const isAnswered = [...this.#cursors.values()].every(({ lag }) => lag !== undefined);
      await this.#wake.wait(isAnswered ? this.#options.tickEveryMs : UNANSWERED_MS);
    }
  }

  #due(now: number): boolean {
    if (now - this.#fold.clockMs < this.#options.tickEveryMs) return false;
    const waiting = [...this.#cursors.values()].some((cursor) => cursor.available > 0);
    return waiting || this.#processor.awaitsTick(this.#fold.state);
  }

  #tick(batch: Batch, now: number, sink: FoldSink): void {
    batch.steps.push(tick(now));
    this.#fold.tick(now, sink);
  }

  #takeSlice(batch: Batch, sink: FoldSink): boolean {
    const { controlTopics } = this.#processor;
    for (const [rank, topic] of this.#topics().entries()) {
      const cursor = this.#cursors.get(topic) as InputCursor;
      const slice = cursor.peek(this.#options.sliceRecords);
      if (slice === undefined) {
        // What follows a control topic waits until it was read to its end, as far as the log has said.
        if (controlTopics.includes(topic) && cursor.lag !== 0n) return false;
        continue;
      }
      const before = controlTopics.slice(0, rank).map((each) => this.#cursors.get(each) as InputCursor);
      const isAwaited = (names: readonly string[]): boolean => this.#registrations.isAwaited(names, topic, before);
      if (!this.#fold.records(topic, slice.records, sink, isAwaited)) return false;
      this.#registrations.folded(topic);
      cursor.advance(slice);
      const count = slice.records.length;
      const last = batch.steps.at(-1);
      // Slices of one topic that follow each other are one segment: a run may be cut anywhere.
      if (last?.topic === topic && last.count > 0)
        batch.steps[batch.steps.length - 1] = segment(topic, last.count + count, slice.nextOffset);
      else batch.steps.push(segment(topic, count, slice.nextOffset));
      batch.records += count;
      return true;
    }
    return false;
  }

  #sinkOf(batch: Batch): FoldSink {
    return {
      output: (output) => {
        batch.digest.add(output);
        batch.outputs.push(output);
      },
      reject: (topic: string, record: LogRecord, rejection: Rejection) => {
        const source = { topic: topicName(this.#options.topicPrefix, topic), partition: this.partition };
        batch.deadLetters.push(deadLetter(this.#names.dlq, source, record, rejection));
        batch.rejections.push(rejection);
      },
    };
  }

  /** Everything that must be read from the state is read here, before the next batch is folded. */
  #startCommit(batch: Batch, foldMillis: number): void {
    const started = this.#options.now();
    const takeDigest = started - this.#digestAt >= this.#options.stateDigestEveryMs;
    if (takeDigest) this.#digestAt = started;
    const entry: JournalEntry = {
      ...this.#starting,
      kind: 'batch',
      seq: this.#seq,
      steps: batch.steps,
      outputs: batch.outputs.length,
      outputsDigest: batch.digest.value(),
      stateDigest: takeDigest ? this.#fold.stateDigest() : null,
      nonce: null,
      owner: null,
      build: null,
      config: null,
      processingTimeMs: started,
    };
    this.#starting = NOTHING;
    this.#seq += 1;
    this.#sinceSnapshot += batch.records;
    const snapshot = this.#sinceSnapshot >= this.#options.snapshotEveryRecords ? this.#savedState() : undefined;
    if (snapshot !== undefined) this.#sinceSnapshot = 0;
    const views = batch.outputs.flatMap((output) => [...this.#processor.outputViews(output)]);
    if (batch.outputs.length > 0 || started - this.#viewsAt >= this.#options.viewsEveryMs) {
      this.#viewsAt = started;
      views.push(...this.#processor.views(this.#fold.state, 'changed'));
    }
    const positions = [...this.#cursors.values()].map(({ topic, position }) => ({
      topic: topicName(this.#options.topicPrefix, topic),
      partition: this.partition,
      offset: position,
    }));
    const { newestEventMs } = this.#fold;
    this.#fold.newestEventMs = Number.NEGATIVE_INFINITY;
    const send = async (): Promise<void> => {
      const next = await this.#write(
        [...batch.outputs.map((output) => this.#record(output)), ...batch.deadLetters],
        entry,
      );
      this.#journalNext = next;
      this.#committed = positions;
      await this.#ports.views.put(this.#processor.service, views);
      if (snapshot !== undefined) await this.#saveSnapshot(snapshot, next);
      this.#events.committed({
        records: batch.records,
        outputs: batch.outputs,
        rejections: batch.rejections,
        millis: this.#options.now() - started,
        foldMillis,
        stateBytes: snapshot?.state.length,
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

  async #settle(): Promise<void> {
    await this.#commit;
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #publishViews(): Promise<void> {
    const views = this.#processor.views(this.#fold.state, 'changed');
    if (views.length > 0) await this.#ports.views.put(this.#processor.service, views);
  }

  /** One transaction; returns the journal offset after it. */
  async #write(records: readonly NewRecord[], entry: JournalEntry): Promise<bigint> {
    const transaction = await this.#producer.begin();
    await transaction.send([...records, journalRecord(this.#names.journal, this.partition, entry)]);
    const acks = await transaction.commit();
    const ack = acks.findLast(({ topic }) => topic === this.#names.journal);
    if (ack === undefined)
      throw new LogError('FATAL', `the log did not say where the entry in ${this.#names.journal} went`);
    return ack.baseOffset + BigInt(ack.count);
  }

  #savedState(): SavedState {
    const positions = Object.fromEntries([...this.#cursors].map(([topic, { position }]) => [topic, String(position)]));
    const { state, clockMs } = this.#fold;
    return { clockMs, seq: this.#seq, positions, owner: this.#owner, state: this.#processor.toSnapshot(state) };
  }

  async #saveSnapshot(saved: SavedState, journalNext: bigint): Promise<void> {
    await this.#ports.snapshots.save(this.#names.task, {
      epoch: this.#epoch,
      journalNext,
      stateVersion: this.#processor.stateVersion,
      bytes: toBytes(saved),
    });
  }

  #record(output: Output): NewRecord {
    const topic = topicName(this.#options.topicPrefix, output.topic);
    return {
      topic,
      // Input and output topics are partitioned alike, so a key stays in its task's partition.
      partition: Math.min(this.partition, this.#partitionCount(topic) - 1),
      key: Buffer.from(output.key),
      value: output.value,
      // No timestamp: retention counts from when an output was written, not from the event that caused it.
      headers: outputHeaders(this.#processor.service, output),
    };
  }

  #topics(): readonly string[] {
    return [...this.#processor.controlTopics, ...this.#processor.dataTopics];
  }
}

const NOTHING = { steps: [], startsOver: false, divergedSeq: null } as const;

function newBatch(steps: readonly JournalStep[]): Batch {
  return { steps: [...steps], outputs: [], deadLetters: [], rejections: [], digest: new OutputsDigest(), records: 0 };
}

/** True when the task should be rebuilt from its last commit instead of stopping the service. */
export function isRecoverable(error: unknown): boolean {
  const { fate } = fateOf(error);
  return fate === 'rejoin' || fate === 'retry';
}
