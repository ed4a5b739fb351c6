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
import { Fold, type FoldOptions, type FoldSink } from './fold.ts';
import { InputCursor } from './input-cursor.ts';
import { journalRecord, OutputsDigest, readJournalRecord, segment, taskName, tick } from './journal.ts';
import type { DecodedEvent, Meters, Output, Processor, Rejection, View } from './processor.ts';
import type { ReadViews } from './read-views.ts';
import { outputHeaders, recordedConfig } from './recorded.ts';
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
  }): void;
  /** A transaction came to nothing; the task is rebuilt from its last commit. */
  aborted?(): void;
  restored(replay: { readonly records: number; readonly millis: number }): void;
}

/** What a restore ends with when it is told to stop. */
export const STOPPED: LogError = new LogError('CLOSED', 'stopped while it was being restored; nothing was written');

export interface TaskPorts {
  readonly log: EventLog;
  readonly snapshots: SnapshotStore;
  readonly views: ReadViews;
}

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
  readonly #cursors = new Map<string, InputCursor>();
  readonly #names: { readonly task: string; readonly journal: string; readonly dlq: string };
  readonly #partitionCount: (topic: string) => number;
  #producer!: Producer;
  #reader!: Reader;
  #fold!: Fold<State, Event>;
  #epoch = 0n;
  #journalNext = 0n;
  #seq = 0;
  #stopping = false;
  #commit: Promise<void> | undefined;
  #failure: unknown;
  #viewsAt = 0;
  #digestAt = 0;
  #sinceSnapshot = 0;
  #starting: JournalStep[] = [];
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
      while (!this.#stopping) await this.#turn(newBatch(this.#starting.splice(0)));
      await this.#settle();
      await this.#saveSnapshot(
        this.#processor.toSnapshot(this.#fold.state),
        this.#fold.clockMs,
        this.#journalNext,
        this.#positions(),
      );
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
    const { log, snapshots } = this.#ports;
    const started = this.#options.now();
    this.#producer = await log.producer({ fenceId: this.#names.task });
    const nonce = randomUUID();
    await this.#write([], {
      kind: 'takeover',
      seq: 0,
      steps: [],
      outputs: 0,
      outputsDigest: null,
      stateDigest: null,
      nonce,
      owner: `${hostname()}/${process.pid}`,
      build: this.#processor.build,
      config: recordedConfig(this.#processor.config, this.#options),
      processingTimeMs: started,
    });
    this.#reader = await log.reader();
    const saved = await snapshots.load(this.#names.task);
    const usable = saved?.stateVersion === this.#processor.stateVersion ? saved : undefined;
    const start = usable === undefined ? undefined : unwrapSnapshot(usable.bytes);
    const foldOptions: FoldOptions = {
      partition: this.partition,
      seed: this.#options.seed,
      futureBoundMs: this.#options.futureBoundMs,
    };
    const state =
      start === undefined ? this.#processor.initialState(this.partition) : this.#processor.fromSnapshot(start.state);
    this.#fold = new Fold(this.#processor, foldOptions, state, start?.clockMs ?? 0);
    this.#seq = start?.seq ?? 0;
    for (const [topic, offset] of Object.entries(start?.positions ?? {})) await this.#open(topic, BigInt(offset));

    let replayed = 0;
    for await (const entry of this.#journalUntil(nonce, usable?.journalNext ?? 0n))
      replayed += await this.#again(entry);
    for (const topic of this.#topics()) {
      if (this.#cursors.has(topic)) continue;
      const cursor = await this.#open(topic, 'earliest');
      this.#starting.push(segment(topic, 0, cursor.position));
    }
    await this.#ports.views.put(this.#processor.service, this.#processor.views(this.#fold.state, 'all'));
    this.#events.restored({ records: replayed, millis: this.#options.now() - started });
  }

  /** Journal entries from `from` up to this owner's own take-over; counts take-overs as the epoch. */
  async *#journalUntil(nonce: string, from: bigint): AsyncGenerator<JournalEntry> {
    const stream = await this.#reader.open({ topic: this.#names.journal, partition: this.partition }, from);
    try {
      for (;;) {
        if (this.#stopping) throw STOPPED;
        const batch = await stream.next(1_000);
        for (const record of batch?.records ?? []) {
          const entry = readJournalRecord(this.#names.journal, this.partition, record);
          this.#journalNext = record.offset + 1n;
          this.#epoch = record.offset;
          if (entry.kind === 'batch') yield entry;
          else if (entry.nonce === nonce) return;
        }
      }
    } finally {
      stream.close();
    }
  }

  /** Fold a committed entry again, outputs muted; its digests must come out the same. Returns the records folded. */
  async #again(entry: JournalEntry): Promise<number> {
    const digest = new OutputsDigest();
    const views: View[] = [];
    const sink: FoldSink = {
      output: (output) => {
        digest.add(output);
        views.push(...this.#processor.outputViews(output));
      },
      reject: () => {},
    };
    let folded = 0;
    for (const step of entry.steps) {
      if (step.topic === null) this.#fold.tick(step.tickMs ?? 0, sink);
      else if (step.count === 0) await this.#open(step.topic, BigInt(step.nextOffset));
      else {
        const cursor = this.#cursors.get(step.topic);
        if (cursor === undefined)
          throw new LogError(
            'FATAL',
            `journal entry ${entry.seq} takes from ${step.topic}, whose start was never recorded; the journal is torn`,
          );
        for await (const slice of cursor.takeExactly(step.count)) this.#fold.records(step.topic, slice.records, sink);
        folded += step.count;
      }
    }
    const expected = entry.outputsDigest === null ? null : Buffer.from(entry.outputsDigest).toString('hex');
    const found = digest.value()?.toString('hex') ?? null;
    if (expected !== found) {
      throw new LogError(
        'FATAL',
        `${this.#names.task}: folding journal entry ${entry.seq} again gave ${digest.count} outputs (${found}), ${entry.outputs} were committed (${expected}). ` +
          'The build, its configuration or the log has changed; run `weir replay` to see the first record that differs',
      );
    }
    if (entry.stateDigest !== null && !this.#fold.stateDigest().equals(entry.stateDigest)) {
      throw new LogError(
        'FATAL',
        `${this.#names.task}: the state after journal entry ${entry.seq} is not the one that was committed; the build, its configuration or the log has changed`,
      );
    }
    await this.#ports.views.put(this.#processor.service, views);
    this.#seq = entry.seq + 1;
    return folded;
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
      await this.#publishViews(false);
      await this.#wake.wait(this.#options.tickEveryMs);
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
    let caughtUp = true;
    for (const topic of this.#topics()) {
      const cursor = this.#cursors.get(topic) as InputCursor;
      const isControl = this.#processor.controlTopics.includes(topic);
      // Data waits until the control topics were read to their end.
      if (!isControl && !caughtUp) return false;
      const slice = cursor.take(this.#options.sliceRecords);
      if (slice === undefined) {
        if (isControl && cursor.lag !== 0n) caughtUp = false;
        continue;
      }
      this.#fold.records(topic, slice.records, sink);
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
    this.#seq += 1;
    this.#sinceSnapshot += batch.records;
    const snapshot =
      this.#sinceSnapshot >= this.#options.snapshotEveryRecords
        ? {
            state: this.#processor.toSnapshot(this.#fold.state),
            clockMs: this.#fold.clockMs,
            positions: this.#positions(),
          }
        : undefined;
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
    const send = async (): Promise<void> => {
      const next = await this.#write(
        [...batch.outputs.map((output) => this.#record(output)), ...batch.deadLetters],
        entry,
      );
      this.#journalNext = next;
      this.#committed = positions;
      await this.#ports.views.put(this.#processor.service, views);
      if (snapshot !== undefined) await this.#saveSnapshot(snapshot.state, snapshot.clockMs, next, snapshot.positions);
      this.#events.committed({
        records: batch.records,
        outputs: batch.outputs,
        rejections: batch.rejections,
        millis: this.#options.now() - started,
        foldMillis,
        stateBytes: snapshot?.state.length,
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

  async #publishViews(all: boolean): Promise<void> {
    const views = this.#processor.views(this.#fold.state, all ? 'all' : 'changed');
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

  async #saveSnapshot(
    state: Uint8Array,
    clockMs: number,
    journalNext: bigint,
    positions: Readonly<Record<string, string>>,
  ): Promise<void> {
    const bytes = wrapSnapshot({ clockMs, seq: this.#seq, positions, state });
    await this.#ports.snapshots.save(this.#names.task, {
      epoch: this.#epoch,
      journalNext,
      stateVersion: this.#processor.stateVersion,
      bytes,
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

  #positions(): Readonly<Record<string, string>> {
    return Object.fromEntries([...this.#cursors].map(([topic, cursor]) => [topic, String(cursor.position)]));
  }

  async #open(topic: string, from: bigint | 'earliest'): Promise<InputCursor> {
    await this.#cursors.get(topic)?.close();
    const stream = await this.#reader.open(
      { topic: topicName(this.#options.topicPrefix, topic), partition: this.partition },
      from,
    );
    const cursor = new InputCursor(topic, stream, this.#wake.signal);
    this.#cursors.set(topic, cursor);
    return cursor;
  }
}

function newBatch(steps: JournalStep[]): Batch {
  return { steps, outputs: [], deadLetters: [], rejections: [], digest: new OutputsDigest(), records: 0 };
}

interface SnapshotContent {
  readonly clockMs: number;
  readonly seq: number;
  readonly positions: Readonly<Record<string, string>>;
  readonly state: Uint8Array;
}

/** JSON head, its length in front, then the processor's own bytes. */
function wrapSnapshot({ state, ...head }: SnapshotContent): Buffer {
  const json = Buffer.from(JSON.stringify(head));
  const size = Buffer.alloc(4);
  size.writeUInt32BE(json.length);
  return Buffer.concat([size, json, state]);
}

function unwrapSnapshot(bytes: Uint8Array): SnapshotContent {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = buffer.readUInt32BE(0);
  const head = JSON.parse(buffer.toString('utf8', 4, 4 + size)) as Omit<SnapshotContent, 'state'>;
  return { ...head, state: buffer.subarray(4 + size) };
}

/** True when the task should be rebuilt from its last commit instead of stopping the service. */
export function isRecoverable(error: unknown): boolean {
  const { fate } = fateOf(error);
  return fate === 'rejoin' || fate === 'retry';
}
