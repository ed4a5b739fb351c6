/** The journal entries of one owner's batches, in order. */
import type { JournalEntry } from '@weir/events/generated/events';
import type { Batch } from '../processing/batch.ts';
import type { AnyFold } from './replayer.ts';
import type { Restored } from './restore.ts';

/** What the first entry after a restore says besides its batch. */
type Starting = Pick<JournalEntry, 'steps' | 'startsOver' | 'divergedSeq'>;

const NOTHING: Starting = { steps: [], startsOver: false, divergedSeq: null };

export class BatchEntries {
  readonly #digestEveryMs: number;
  #seq: number;
  #digestAtMs = 0;
  #starting: Starting = NOTHING;

  constructor({ seq, steps, startsOver, divergence }: Restored, digestEveryMs: number) {
    this.#digestEveryMs = digestEveryMs;
    this.#seq = seq;
    if (steps.length > 0 || startsOver || divergence !== undefined)
      this.#starting = { steps, startsOver, divergedSeq: divergence?.seq ?? null };
  }

  /** Of the next entry. */
  get seq(): number {
    return this.#seq;
  }

  /** What the next entry begins with, before what its batch took. */
  get firstSteps(): Starting['steps'] {
    return this.#starting.steps;
  }

  /** The journal does not say yet what the restore found. */
  get hasToTell(): boolean {
    return this.#starting !== NOTHING;
  }

  /** @param nowMs monotonic: decides whether the entry has a digest of the states @param processingTimeMs wall clock */
  next(batch: Batch, { keys, clockMs }: AnyFold, nowMs: number, processingTimeMs: number): JournalEntry {
    const takeDigest = nowMs - this.#digestAtMs >= this.#digestEveryMs;
    if (takeDigest) this.#digestAtMs = nowMs;
    const entry: JournalEntry = {
      ...this.#starting,
      kind: 'batch',
      seq: this.#seq,
      steps: batch.steps,
      outputs: batch.outputs.length,
      outputsDigest: batch.digest.value(),
      stateDigest: takeDigest ? keys.digest(clockMs) : null,
      nonce: null,
      owner: null,
      build: null,
      config: null,
      processingTimeMs,
    };
    this.#starting = NOTHING;
    this.#seq += 1;
    return entry;
  }
}
