/**
 * Recorded inputs processed again, entry by entry: what a restore and `weir replay` have in common. Each entry is processed under the
 * configuration of the owner that wrote it, so that a changed setting does not look like a changed kernel.
 */
import { LogError } from '@weir/event-log/errors';
import type { Reader } from '@weir/event-log/port';
import type { JournalEntry } from '@weir/events/generated/events';
import { topicName } from '@weir/events/topics';
import type { CheckpointHead, KeyRecord, WholeSnapshot } from '../checkpoints/store.ts';
import { Fold, type FoldOptions, type FoldSink } from '../processing/fold.ts';
import { InputCursor } from '../processing/input-cursor.ts';
import type { StateMemory } from '../processing/state-memory.ts';
import type { AnyProcessor } from '../processor.ts';
import { encodeState } from '../state-codec.ts';
import type { Owner, RecordedConfig } from './recorded.ts';

// States and events are the processor's own business.
export type AnyFold = Fold<any, any>;

export interface ReplayerOptions {
  readonly reader: Reader;
  readonly topicPrefix: string;
  readonly partition: number;
  readonly processor: AnyProcessor;
  /** Replaces what an owner recorded of the processor: to see what other settings would have done. */
  readonly override?: (recorded: unknown) => unknown;
  readonly memory?: StateMemory;
  /** Called when an input has something at hand: a live task goes on with these inputs. */
  readonly notify: () => void;
}

export class JournalReplayer {
  readonly cursors: Map<string, InputCursor> = new Map();
  readonly #options: ReplayerOptions;
  #owner: Owner | undefined;
  #fold: AnyFold | undefined;

  constructor(options: ReplayerOptions) {
    this.#options = options;
  }

  get build(): string {
    return this.#owner?.build ?? '';
  }

  /** @throws {LogError} FATAL before the first owner is known. */
  get fold(): AnyFold {
    if (this.#fold === undefined)
      throw new LogError('FATAL', 'the journal begins without a take-over; its first records are gone');
    return this.#fold;
  }

  /** Whether the current owner's state digests can be compared with today's. */
  get hasComparableDigests(): boolean {
    return this.#owner !== undefined && recordedOf(this.#owner).digest === 'keyed';
  }

  /** No keys. */
  begin(owner: Owner, clockMs: number): void {
    this.#adopt(owner, clockMs);
  }

  /** The keys of a checkpoint, unchanged since they were saved. @throws when the kernel cannot read one. */
  async resume(
    { owner, clockMs, positions }: CheckpointHead,
    keys: Iterable<KeyRecord> | AsyncIterable<KeyRecord>,
  ): Promise<void> {
    const fold = this.#adopt(owner, clockMs);
    for await (const record of keys) fold.load(record);
    for (const [topic, offset] of Object.entries(positions)) await this.open(topic, BigInt(offset));
  }

  /** The keys of a snapshot of an earlier version. Returns the sequence number of the next entry. */
  async resumeWhole({ bytes, stateVersion }: WholeSnapshot): Promise<number> {
    const { processor } = this.#options;
    const size = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
    const head = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + size))) as CheckpointHead;
    const states = processor.unpack?.(bytes.subarray(4 + size), stateVersion);
    if (states === undefined)
      throw new Error(`${processor.service} reads no snapshot of all keys of version ${stateVersion}`);
    const noWatermarks = { watermarks: [] };
    const keys = [...states].map(([key, state]) => ({ key, stateVersion, bytes: encodeState(noWatermarks, [state]) }));
    await this.resume(head, keys);
    return head.seq;
  }

  /** From here on entries are those of `owner`: the states go on under its configuration. */
  takeOver(owner: Owner): void {
    const before = this.#fold;
    if (before === undefined) this.begin(owner, 0);
    else if (owner.config === this.#owner?.config) this.#owner = owner;
    else {
      const fold = this.#adopt(owner, before.clockMs);
      for (const record of before.keys.records()) fold.load(record);
      fold.keys.markUnsaved();
      before.keys.close();
    }
  }

  /** Processes an entry again. Returns the records that it took. @throws {LogError} GONE when they are no longer kept. */
  async apply(entry: JournalEntry, sink: FoldSink, onSlice?: (records: number) => void): Promise<number> {
    if (entry.startsOver) {
      await this.close();
      this.begin(this.#owner as Owner, this.fold.clockMs);
    }
    this.fold.commit = { seq: entry.seq, owner: this.#owner?.number ?? 0 };
    let taken = 0;
    for (const step of entry.steps) {
      if (step.topic === null) this.fold.tick(step.tickMs ?? 0, sink);
      else if (step.count === 0) await this.open(step.topic, BigInt(step.nextOffset));
      else {
        const cursor = this.cursors.get(step.topic);
        if (cursor === undefined)
          throw new LogError(
            'FATAL',
            `journal entry ${entry.seq} takes from ${step.topic}, whose start was never recorded; the journal is torn`,
          );
        for await (const slice of cursor.takeExactly(step.count)) {
          this.fold.records(step.topic, slice.records, sink);
          taken += slice.records.length;
          onSlice?.(slice.records.length);
        }
      }
    }
    return taken;
  }

  async open(topic: string, from: bigint | 'earliest'): Promise<InputCursor> {
    const { reader, topicPrefix, partition, notify } = this.#options;
    await this.cursors.get(topic)?.close();
    const stream = await reader.open({ topic: topicName(topicPrefix, topic), partition }, from);
    const cursor = new InputCursor(topic, stream, notify);
    this.cursors.set(topic, cursor);
    return cursor;
  }

  async close(): Promise<void> {
    await Promise.all([...this.cursors.values()].map((cursor) => cursor.close()));
    this.cursors.clear();
    this.#fold?.keys.close();
  }

  #adopt(owner: Owner, clockMs: number): AnyFold {
    const { partition, processor, override, memory } = this.#options;
    const { futureBoundMs, partitions = 1, processor: recorded } = recordedOf(owner);
    const config = processor.configOf(override === undefined ? recorded : override(recorded));
    const options: FoldOptions = { partition, partitions, futureBoundMs, ...(memory === undefined ? {} : { memory }) };
    const fold = new Fold(processor, config, options, clockMs);
    this.#owner = owner;
    this.#fold = fold;
    return fold;
  }
}

function recordedOf({ config }: Owner): RecordedConfig {
  return JSON.parse(config) as RecordedConfig;
}
