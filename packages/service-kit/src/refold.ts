/**
 * Recorded inputs folded again, entry by entry: what a restore and `weir replay` have in common. Each entry is folded under the
 * configuration of the owner that wrote it, so that a changed setting does not look like a changed kernel.
 */
import { LogError } from '@weir/event-log/errors';
import type { Reader } from '@weir/event-log/port';
import type { JournalEntry } from '@weir/events/generated/events';
import { topicName } from '@weir/events/topics';
import { Fold, type FoldSink } from './fold.ts';
import { InputCursor } from './input-cursor.ts';
import type { DecodedEvent, Processor } from './processor.ts';
import type { Owner, RecordedConfig } from './recorded.ts';
import type { SavedState } from './saved-state.ts';

export interface RefoldOptions<State, Event extends DecodedEvent> {
  readonly reader: Reader;
  readonly topicPrefix: string;
  readonly partition: number;
  /** The processor for what a take-over recorded of it. */
  readonly processorFor: (config: unknown) => Processor<State, Event>;
  /** Called when an input has something at hand: a live task goes on with these inputs. */
  readonly notify: () => void;
}

export class Refold<State, Event extends DecodedEvent> {
  readonly cursors: Map<string, InputCursor> = new Map();
  readonly #options: RefoldOptions<State, Event>;
  #owner: Owner | undefined;
  #processor: Processor<State, Event> | undefined;
  #fold: Fold<State, Event> | undefined;

  constructor(options: RefoldOptions<State, Event>) {
    this.#options = options;
  }

  get build(): string {
    return this.#owner?.build ?? '';
  }

  /** @throws {LogError} FATAL before the first owner is known. */
  get fold(): Fold<State, Event> {
    if (this.#fold === undefined)
      throw new LogError('FATAL', 'the journal begins without a take-over; its first records are gone');
    return this.#fold;
  }

  /** An empty state. */
  begin(owner: Owner, clockMs: number): void {
    this.#adopt(owner, (processor) => processor.initialState(this.#options.partition), clockMs);
  }

  /** The state of a snapshot. */
  async resume({ owner, state, clockMs, positions }: SavedState): Promise<void> {
    this.#adopt(owner, (processor) => processor.fromSnapshot(state), clockMs);
    for (const [topic, offset] of Object.entries(positions)) await this.open(topic, BigInt(offset));
  }

  /** From here on entries are those of `owner`: the state goes on under its configuration. */
  takeOver(owner: Owner): void {
    const [before, fold] = [this.#processor, this.#fold];
    if (before === undefined || fold === undefined) this.begin(owner, 0);
    else if (owner.config === this.#owner?.config) this.#owner = owner;
    else this.#adopt(owner, (processor) => processor.fromSnapshot(before.toSnapshot(fold.state)), fold.clockMs);
  }

  /** Folds an entry again. Returns the records that it took. @throws {LogError} GONE when they are no longer kept. */
  async apply(entry: JournalEntry, sink: FoldSink, onSlice?: (records: number) => void): Promise<number> {
    if (entry.startsOver) {
      await this.close();
      this.begin(this.#owner as Owner, this.fold.clockMs);
    }
    let folded = 0;
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
          folded += slice.records.length;
          onSlice?.(slice.records.length);
        }
      }
    }
    return folded;
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
  }

  #adopt(owner: Owner, stateOf: (processor: Processor<State, Event>) => State, clockMs: number): void {
    const { partition, processorFor } = this.#options;
    const { seed, futureBoundMs, processor: config } = JSON.parse(owner.config) as RecordedConfig;
    const processor = processorFor(config);
    this.#owner = owner;
    this.#processor = processor;
    this.#fold = new Fold(processor, { partition, seed, futureBoundMs }, stateOf(processor), clockMs);
  }
}
