/**
 * From a take-over to the state at the last commit: a checkpoint, then the journal up to the owner's own nonce, inputs processed again with
 * outputs muted. Checkpoints are tried from the newest on; one that is torn, cannot be read, or leads to something else than what was
 * committed gives way to the one before it, and in the end to the beginning of the journal.
 */
import { LogError } from '@weir/event-log/errors';
import type { Reader } from '@weir/event-log/port';
import type { JournalEntry, JournalStep } from '@weir/events/generated/events';
import type { CheckpointStore } from '../checkpoints/store.ts';
import type { InputCursor } from '../processing/input-cursor.ts';
import type { StateMemory } from '../processing/state-memory.ts';
import type { AnyProcessor } from '../processor.ts';
import { OutputsDigest, readJournalRecord, segment } from './entries.ts';
import type { Owner } from './recorded.ts';
import { type AnyFold, JournalReplayer } from './replayer.ts';

/**
 * When the state of the last commit cannot be rebuilt: end and tell a person, or go on. Going on means the state that the journal gives now
 * where it gives another than was committed, and an empty state where its inputs are no longer kept.
 */
export type OnDataLoss = 'fail' | 'reset';

/** The first entry that is processed to something else than was committed. */
export interface Divergence {
  readonly seq: number;
  /** Who had committed it. */
  readonly build: string;
  readonly difference: string;
}

export interface RestoreOptions {
  /** Name of the task in the checkpoint store. */
  readonly task: string;
  /** Topic of the journal. */
  readonly journal: string;
  readonly partition: number;
  readonly topicPrefix: string;
  readonly processor: AnyProcessor;
  /** Control inputs, then data inputs, then results. */
  readonly topics: { readonly control: readonly string[]; readonly data: readonly string[] };
  readonly reader: Reader;
  readonly checkpoints: CheckpointStore;
  /** This owner, and the nonce of its take-over, which is in the journal already. */
  readonly owner: Owner;
  readonly nonce: string;
  readonly onDataLoss: OnDataLoss;
  readonly memory: StateMemory;
  /** Called when an input has something at hand. */
  readonly notify: () => void;
  readonly isStopping: () => boolean;
  /** A starting point that did not serve, and why. */
  readonly onPassedOver: (reason: string) => void;
}

export interface Restored {
  readonly fold: AnyFold;
  /** Every input, where the journal stands. */
  readonly cursors: Map<string, InputCursor>;
  /** Positions that the journal does not hold yet. */
  readonly steps: JournalStep[];
  /** Of the next entry. */
  readonly seq: number;
  /** Journal offset of this owner's take-over: grows with each owner. */
  readonly epoch: bigint;
  /** Records processed again. */
  readonly records: number;
  /** The state was given up; the next entry says so. */
  readonly startsOver: boolean;
  readonly divergence: Divergence | undefined;
}

/** What a restore ends with when it is told to stop. */
export const STOPPED: LogError = new LogError('CLOSED', 'stopped while it was being restored; nothing was written');

/** The build that had committed an entry now processes it to something else. */
class Differs extends Error {
  override readonly name = 'Differs';
  readonly divergence: Divergence;

  constructor(divergence: Divergence) {
    super(`journal entry ${divergence.seq} gives ${divergence.difference}`);
    this.divergence = divergence;
  }
}

/** A place of the journal to begin from. */
interface Start {
  readonly name: string;
  readonly offset: bigint;
  /** Sets the state up; gives the sequence number of the next entry. */
  readonly begin: (replayer: JournalReplayer) => Promise<number>;
}

/** @throws {LogError} GONE naming what is lost and the cure, FATAL when the journal gives something else than what was committed. */
export async function restore(options: RestoreOptions): Promise<Restored> {
  return await new Restore(options).run();
}

/** What the journal says without its inputs. */
interface Survey {
  seq: number;
  clockMs: number;
  epoch: bigint;
  readonly positions: Map<string, bigint>;
  /** The newest entry that began from an empty state. */
  start: { readonly owner: Owner; readonly clockMs: number; readonly offset: bigint } | undefined;
}

class Restore {
  readonly #options: RestoreOptions;
  #records = 0;
  #divergence: Divergence | undefined;

  constructor(options: RestoreOptions) {
    this.#options = options;
  }

  async run(): Promise<Restored> {
    let first: { readonly start: Start; readonly error: Differs } | undefined;
    let gone: LogError | undefined;
    for (const start of await this.#starts()) {
      try {
        return await this.#from(start, 'same');
      } catch (error) {
        if (error instanceof Differs) first ??= { start, error };
        else if (error instanceof LogError && error.code === 'GONE') gone ??= error;
        else if (error instanceof LogError) throw error;
        this.#options.onPassedOver(`${start.name}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    if (first !== undefined) return await this.#fromOther(first.start, first.error);
    return await this.#fromWhatIsKept(gone ?? new LogError('GONE', 'no checkpoint can be read'));
  }

  /** Newest first; the beginning of the journal is always the last. */
  async #starts(): Promise<readonly Start[]> {
    const { checkpoints, task } = this.#options;
    const heads = (await checkpoints.generations(task)).toReversed();
    const whole = heads.length === 0 ? await checkpoints.wholeSnapshot(task) : undefined;
    return [
      ...heads.map(
        (head): Start => ({
          name: `checkpoint ${head.generation}`,
          offset: head.generation,
          begin: async (replayer) => {
            await replayer.resume(head, checkpoints.keys(task, head.generation));
            return head.seq;
          },
        }),
      ),
      ...(whole === undefined
        ? []
        : [
            {
              name: 'snapshot of an earlier version',
              offset: whole.journalNext,
              begin: (replayer: JournalReplayer) => replayer.resumeWhole(whole),
            },
          ]),
      { name: 'beginning of the journal', offset: 0n, begin: async () => 0 },
    ];
  }

  /** Every start led to another result under the build that had committed it. */
  async #fromOther(start: Start, { divergence }: Differs): Promise<Restored> {
    const { task, onDataLoss } = this.#options;
    if (onDataLoss === 'fail') {
      throw new LogError(
        'FATAL',
        `${task}: journal entry ${divergence.seq} gives ${divergence.difference}, under the build that had committed it ` +
          `(${divergence.build}), from every checkpoint. The log was changed, or the kernel is not deterministic; \`weir replay\` shows ` +
          'the first record that differs. Set WEIR_ON_DATA_LOSS=reset to go on with the state that the journal gives now',
      );
    }
    return await this.#from(start, 'any');
  }

  /** Records that every start would need are gone: begin later, or with nothing. */
  async #fromWhatIsKept(gone: LogError): Promise<Restored> {
    const survey = await this.#survey();
    const { start } = survey;
    if (start !== undefined) {
      const begin = async (replayer: JournalReplayer): Promise<number> => {
        replayer.begin(start.owner, start.clockMs);
        return 0;
      };
      try {
        return await this.#from({ name: 'last reset', offset: start.offset, begin }, 'any');
      } catch (error) {
        if (!(error instanceof LogError && error.code === 'GONE')) throw error;
      }
    }
    if (this.#options.onDataLoss === 'fail') {
      throw new LogError(
        'GONE',
        `${this.#options.task} cannot be restored: ${gone.message}. Bring its checkpoint back, or set WEIR_ON_DATA_LOSS=reset ` +
          'to go on after the last committed record with empty windows; alerts that are open then stay open until they are raised anew',
        { cause: gone },
      );
    }
    return await this.#reset(survey);
  }

  /** Process the journal from `start` up to this owner's take-over. @throws {Differs} with results: 'same' */
  async #from({ offset, begin }: Start, results: 'same' | 'any'): Promise<Restored> {
    const { owner, nonce } = this.#options;
    const replayer = this.#replayer();
    this.#records = 0;
    this.#divergence = undefined;
    try {
      let seq = await begin(replayer);
      for await (const [at, entry] of this.#journal(offset)) {
        if (entry.kind === 'batch') {
          await this.#again(replayer, entry, results);
          seq = entry.seq + 1;
        } else if (entry.nonce !== nonce) replayer.takeOver(ownerOf(entry, at));
        else {
          replayer.takeOver({ ...owner, number: ownerNumber(at) });
          return await this.#restored(replayer, seq, at, false);
        }
      }
      throw STOPPED;
    } catch (error) {
      await replayer.close();
      throw error;
    }
  }

  /** Everything after the last commit, with an empty state. Control topics are read from their beginning: they are kept for ever. */
  async #reset({ seq, epoch, clockMs, positions }: Survey): Promise<Restored> {
    const replayer = this.#replayer();
    replayer.begin({ ...this.#options.owner, number: ownerNumber(epoch) }, clockMs);
    for (const topic of this.#options.topics.data) {
      const earliest = (await replayer.open(topic, 'earliest')).position;
      const position = positions.get(topic) ?? earliest;
      if (position > earliest) await replayer.open(topic, position);
    }
    this.#records = 0;
    this.#divergence = undefined;
    return await this.#restored(replayer, seq, epoch, true);
  }

  async #restored(replayer: JournalReplayer, seq: number, epoch: bigint, startsOver: boolean): Promise<Restored> {
    const { control, data } = this.#options.topics;
    const steps: JournalStep[] = [];
    for (const topic of [...control, ...data]) {
      const known = replayer.cursors.get(topic);
      const cursor = known ?? (await replayer.open(topic, 'earliest'));
      if (known === undefined || startsOver) steps.push(segment(topic, 0, cursor.position));
    }
    const { fold, cursors } = replayer;
    return { fold, cursors, steps, seq, epoch, startsOver, records: this.#records, divergence: this.#divergence };
  }

  /** Process a committed entry again, outputs muted; its digests must come out the same. */
  async #again(replayer: JournalReplayer, entry: JournalEntry, results: 'same' | 'any'): Promise<void> {
    const digest = new OutputsDigest();
    this.#records += await replayer.apply(entry, { output: (output) => digest.add(output), reject: () => {} });
    const difference = differenceOf(entry, digest) ?? (hasOtherState(entry, replayer) ? 'another state' : undefined);
    if (difference === undefined) return;
    const divergence = { seq: entry.seq, build: replayer.build, difference };
    // A new build may decide otherwise from now on; what was committed stands, and its outputs are muted here anyway.
    if (results === 'same' && replayer.build === this.#options.processor.build) throw new Differs(divergence);
    this.#divergence ??= divergence;
  }

  async #survey(): Promise<Survey> {
    const survey: Survey = { seq: 0, clockMs: 0, epoch: 0n, positions: new Map(), start: undefined };
    let owner: Owner | undefined;
    for await (const [offset, entry] of this.#journal(0n)) {
      survey.epoch = offset;
      if (entry.kind === 'takeover') {
        owner = ownerOf(entry, offset);
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

  #replayer(): JournalReplayer {
    const { reader, topicPrefix, partition, processor, notify, memory } = this.#options;
    return new JournalReplayer({ reader, topicPrefix, partition, processor, notify, memory });
  }
}

/** @param offset of the take-over in the journal */
export function ownerOf({ build, config }: JournalEntry, offset: bigint): Owner {
  return { build: build ?? '', config: config ?? '{}', number: ownerNumber(offset) };
}

export function ownerNumber(takeOverOffset: bigint): number {
  return Number(takeOverOffset) + 1;
}

function differenceOf(entry: JournalEntry, digest: OutputsDigest): string | undefined {
  const expected = entry.outputsDigest === null ? null : Buffer.from(entry.outputsDigest).toString('hex');
  const found = digest.value()?.toString('hex') ?? null;
  return expected === found
    ? undefined
    : `${digest.count} outputs (${found}) where ${entry.outputs} were committed (${expected})`;
}

function hasOtherState({ stateDigest }: JournalEntry, { fold, hasComparableDigests }: JournalReplayer): boolean {
  return stateDigest !== null && hasComparableDigests && !fold.keys.digest(fold.clockMs).equals(stateDigest);
}
