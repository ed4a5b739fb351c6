/**
 * From a take-over to the state at the last commit: the newest snapshot, then the journal up to the owner's own nonce, inputs folded again
 * with outputs muted. A result that differs from what was committed stops the task, unless another build had committed it.
 */
import { LogError } from '@weir/event-log/errors';
import type { Reader } from '@weir/event-log/port';
import type { JournalEntry, JournalStep } from '@weir/events/generated/events';
import type { Fold, FoldSink } from './fold.ts';
import type { InputCursor } from './input-cursor.ts';
import { OutputsDigest, readJournalRecord, segment } from './journal.ts';
import type { DecodedEvent, Processor, View } from './processor.ts';
import type { ReadViews } from './read-views.ts';
import type { Owner } from './recorded.ts';
import { Refold } from './refold.ts';
import { fromBytes, type SavedState } from './saved-state.ts';
import type { SnapshotStore } from './snapshot-store.ts';

/** When records that the state is made of are no longer kept: tell a person, or go on from the last commit with an empty state. */
export type LostInputs = 'refuse' | 'start-over';

/** The first entry of another build that this one folds to something else. */
export interface Divergence {
  readonly seq: number;
  /** Who had committed it. */
  readonly build: string;
  readonly difference: string;
}

export interface RestoreOptions<State, Event extends DecodedEvent> {
  /** Name of the task in the snapshot store. */
  readonly task: string;
  /** Topic of the journal. */
  readonly journal: string;
  readonly partition: number;
  readonly topicPrefix: string;
  readonly processor: Processor<State, Event>;
  readonly reader: Reader;
  readonly snapshots: SnapshotStore;
  readonly views: ReadViews;
  /** This owner, and the nonce of its take-over, which is in the journal already. */
  readonly owner: Owner;
  readonly nonce: string;
  readonly lostInputs: LostInputs;
  /** Called when an input has something at hand. */
  readonly notify: () => void;
  readonly isStopping: () => boolean;
}

export interface Restored<State, Event extends DecodedEvent> {
  readonly fold: Fold<State, Event>;
  /** Every input, where the journal stands. */
  readonly cursors: Map<string, InputCursor>;
  /** Positions that the journal does not hold yet. */
  readonly steps: JournalStep[];
  /** Of the next entry. */
  readonly seq: number;
  /** Journal offset of this owner's take-over. */
  readonly epoch: bigint;
  /** Records folded again. */
  readonly records: number;
  /** The state was given up; the next entry says so. */
  readonly startsOver: boolean;
  readonly divergence: Divergence | undefined;
}

/** What a restore ends with when it is told to stop. */
export const STOPPED: LogError = new LogError('CLOSED', 'stopped while it was being restored; nothing was written');

/** @throws {LogError} GONE naming what is lost and the cure, FATAL when a fold gives something else than what was committed. */
export async function restore<State, Event extends DecodedEvent>(
  options: RestoreOptions<State, Event>,
): Promise<Restored<State, Event>> {
  const restoring = new Restore(options);
  try {
    return await restoring.fromSnapshot();
  } catch (error) {
    if (!(error instanceof LogError && error.code === 'GONE')) throw error;
    return await restoring.fromWhatIsKept(error);
  }
}

/** What the journal says without folding its inputs. */
interface Survey {
  seq: number;
  clockMs: number;
  epoch: bigint;
  readonly positions: Map<string, bigint>;
  /** The newest entry that began from an empty state. */
  start: { readonly owner: Owner; readonly clockMs: number; readonly offset: bigint } | undefined;
}

class Restore<State, Event extends DecodedEvent> {
  readonly #options: RestoreOptions<State, Event>;
  #records = 0;
  #divergence: Divergence | undefined;

  constructor(options: RestoreOptions<State, Event>) {
    this.#options = options;
  }

  async fromSnapshot(): Promise<Restored<State, Event>> {
    const { snapshots, task, processor } = this.#options;
    const saved = await snapshots.load(task);
    if (saved?.stateVersion !== processor.stateVersion) return await this.#from(0n, async () => {});
    const content: SavedState = fromBytes(saved.bytes);
    return await this.#from(saved.journalNext, (refold) => refold.resume(content), content.seq);
  }

  /** Records that the newest snapshot, or the beginning, would need are gone: begin later, or with nothing. */
  async fromWhatIsKept(gone: LogError): Promise<Restored<State, Event>> {
    const survey = await this.#survey();
    const { start } = survey;
    if (start !== undefined) {
      try {
        return await this.#from(start.offset, async (refold) => refold.begin(start.owner, start.clockMs));
      } catch (error) {
        if (!(error instanceof LogError && error.code === 'GONE')) throw error;
      }
    }
    if (this.#options.lostInputs === 'refuse') {
      throw new LogError(
        'GONE',
        `${this.#options.task} cannot be restored: ${gone.message}. Bring its snapshot back, or set WEIR_LOST_INPUTS=start-over ` +
          'to go on after the last committed record with empty windows; alerts that are open then stay open until they are raised anew',
        { cause: gone },
      );
    }
    return await this.#startOver(survey);
  }

  /** Fold the journal from `offset` up to this owner's take-over, after `begin` has set the state up. */
  async #from(
    offset: bigint,
    begin: (refold: Refold<State, Event>) => Promise<void>,
    firstSeq = 0,
  ): Promise<Restored<State, Event>> {
    const { owner, nonce } = this.#options;
    const refold = this.#refold();
    let seq = firstSeq;
    this.#records = 0;
    this.#divergence = undefined;
    try {
      await begin(refold);
      for await (const [at, entry] of this.#journal(offset)) {
        if (entry.kind === 'batch') {
          await this.#again(refold, entry);
          seq = entry.seq + 1;
        } else if (entry.nonce !== nonce) refold.takeOver(ownerOf(entry));
        else {
          refold.takeOver(owner);
          return await this.#restored(refold, seq, at, false);
        }
      }
      throw STOPPED;
    } catch (error) {
      await refold.close();
      throw error;
    }
  }

  /** Everything after the last commit, with an empty state. Control topics are read from their beginning: they are kept for ever. */
  async #startOver({ seq, epoch, clockMs, positions }: Survey): Promise<Restored<State, Event>> {
    const refold = this.#refold();
    refold.begin(this.#options.owner, clockMs);
    for (const topic of this.#options.processor.dataTopics) {
      const earliest = (await refold.open(topic, 'earliest')).position;
      const position = positions.get(topic) ?? earliest;
      if (position > earliest) await refold.open(topic, position);
    }
    this.#records = 0;
    this.#divergence = undefined;
    return await this.#restored(refold, seq, epoch, true);
  }

  async #restored(
    refold: Refold<State, Event>,
    seq: number,
    epoch: bigint,
    startsOver: boolean,
  ): Promise<Restored<State, Event>> {
    const { controlTopics, dataTopics } = this.#options.processor;
    const steps: JournalStep[] = [];
    for (const topic of [...controlTopics, ...dataTopics]) {
      const known = refold.cursors.get(topic);
      const cursor = known ?? (await refold.open(topic, 'earliest'));
      if (known === undefined || startsOver) steps.push(segment(topic, 0, cursor.position));
    }
    const { fold, cursors } = refold;
    return { fold, cursors, steps, seq, epoch, startsOver, records: this.#records, divergence: this.#divergence };
  }

  /** Fold a committed entry again, outputs muted; its digests must come out the same. */
  async #again(refold: Refold<State, Event>, entry: JournalEntry): Promise<void> {
    const { processor, views } = this.#options;
    const digest = new OutputsDigest();
    const published: View[] = [];
    const sink: FoldSink = {
      output: (output) => {
        digest.add(output);
        published.push(...processor.outputViews(output));
      },
      reject: () => {},
    };
    this.#records += await refold.apply(entry, sink);
    const difference = differenceOf(entry, digest) ?? (hasOtherState(entry, refold.fold) ? 'another state' : undefined);
    if (difference === undefined) await views.put(processor.service, published);
    else this.#differs(entry, refold.build, difference);
  }

  /** A new build may decide otherwise from now on; what was committed stands, and its outputs are muted here anyway. */
  #differs({ seq }: JournalEntry, build: string, difference: string): void {
    const { processor, task } = this.#options;
    if (build === processor.build) {
      throw new LogError(
        'FATAL',
        `${task}: folding journal entry ${seq} again gave ${difference}, under the build that had committed it (${build}). ` +
          'The log was changed, or the build is not what it says; `weir replay` shows the first record that differs',
      );
    }
    this.#divergence ??= { seq, build, difference };
  }

  async #survey(): Promise<Survey> {
    const survey: Survey = { seq: 0, clockMs: 0, epoch: 0n, positions: new Map(), start: undefined };
    let owner: Owner | undefined;
    for await (const [offset, entry] of this.#journal(0n)) {
      survey.epoch = offset;
      if (entry.kind === 'takeover') {
        owner = ownerOf(entry);
        if (entry.nonce === this.#options.nonce) return survey;
        continue;
      }
      if (entry.startsOver && owner !== undefined) survey.start = { owner, clockMs: survey.clockMs, offset };
      survey.seq = entry.seq + 1;
      for (const { topic, nextOffset, tickMs } of entry.steps) {
        if (topic === null) survey.clockMs = tickMs ?? survey.clockMs;
        else survey.positions.set(topic, BigInt(nextOffset));
      }
    }
    throw STOPPED;
  }

  /** Entries from `from` on, with their offsets; the caller returns at its own take-over. Ends early when the task is told to stop. */
  async *#journal(from: bigint): AsyncGenerator<readonly [offset: bigint, entry: JournalEntry]> {
    const { reader, journal, partition, isStopping } = this.#options;
    const stream = await reader.open({ topic: journal, partition }, from);
    try {
      while (!isStopping()) {
        const batch = await stream.next(1_000);
        for (const record of batch?.records ?? []) {
          if (isStopping()) return;
          yield [record.offset, readJournalRecord(journal, partition, record)];
        }
      }
    } finally {
      stream.close();
    }
  }

  #refold(): Refold<State, Event> {
    const { reader, topicPrefix, partition, processor, notify } = this.#options;
    const processorFor = (config: unknown): Processor<State, Event> => processor.configured(config);
    return new Refold({ reader, topicPrefix, partition, processorFor, notify });
  }
}

function ownerOf({ build, config }: JournalEntry): Owner {
  return { build: build ?? '', config: config ?? '{}' };
}

function differenceOf(entry: JournalEntry, digest: OutputsDigest): string | undefined {
  const expected = entry.outputsDigest === null ? null : Buffer.from(entry.outputsDigest).toString('hex');
  const found = digest.value()?.toString('hex') ?? null;
  return expected === found
    ? undefined
    : `${digest.count} outputs (${found}) where ${entry.outputs} were committed (${expected})`;
}

function hasOtherState<State, Event extends DecodedEvent>(entry: JournalEntry, fold: Fold<State, Event>): boolean {
  return entry.stateDigest !== null && !fold.stateDigest().equals(entry.stateDigest);
}
