/** The inputs of one task: what is taken next, and how far each has come. */
import type { AnyFold } from '../journal/replayer.ts';
import type { TaskTopics } from '../task-topics.ts';
import type { Batch } from './batch.ts';
import type { InputCursor } from './input-cursor.ts';
import { InputMerge } from './input-merge.ts';
import { RegistrationSearch } from './registration-search.ts';

export class TaskInputs {
  readonly cursors: readonly InputCursor[];
  readonly #merge: InputMerge;
  readonly #registrations: RegistrationSearch;

  /** @param onFailed called when the end of a control input could not be asked */
  constructor(
    { control, data }: TaskTopics,
    cursors: ReadonlyMap<string, InputCursor>,
    monotonic: () => number,
    onFailed: (error: unknown) => void,
  ) {
    const of = (topics: readonly string[]): readonly InputCursor[] =>
      topics.map((topic) => cursors.get(topic) as InputCursor);
    this.cursors = [...cursors.values()];
    this.#merge = new InputMerge(of(control), of(data), monotonic);
    this.#registrations = new RegistrationSearch(onFailed);
  }

  fill(): void {
    for (const cursor of this.cursors) cursor.fill();
  }

  /** Records are at hand. */
  get isWaiting(): boolean {
    return this.cursors.some(({ available }) => available > 0);
  }

  /** The log has said of each how much there is. */
  get isAnswered(): boolean {
    return this.cursors.every(({ lag }) => lag !== undefined);
  }

  /** Offset of the next record by logical topic, decimal. */
  get offsets(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.cursors.map(({ topic, position }) => [topic, String(position)]));
  }

  /** Processes the slice whose turn it is into the batch. False when there is none, or it waits for a registration. */
  takeSlice(fold: AnyFold, batch: Batch, records: number): boolean {
    const choice = this.#merge.next(records);
    if (choice === undefined) return false;
    const { cursor, slice, before } = choice;
    const { topic } = cursor;
    const isAwaited = (names: readonly string[]): boolean => this.#registrations.isAwaited(names, topic, before);
    if (!fold.records(topic, slice.records, batch, isAwaited)) return false;
    this.#registrations.processed(topic);
    cursor.advance(slice);
    batch.took(topic, slice.records.length, slice.nextOffset);
    return true;
  }

  async close(): Promise<void> {
    await Promise.all(this.cursors.map((cursor) => cursor.close()));
  }
}
