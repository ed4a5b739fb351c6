/**
 * Which version serves a unit, by the newest split that was received. Safe by default: when the lease is over, or no split ever came, the
 * champion serves. The lease is measured by a clock that never goes back, from the receipt, so that a wall clock that is wrong by an hour
 * changes nothing.
 */
import { armOf, bucketOf, type Sha256 } from '@weir/bandit/assignment';
import { WHOLE } from '@weir/bandit/weights';
import { parseSplit, type Split } from './split.ts';

export interface Assignment {
  readonly version: string;
  /** To be logged with the prediction; null when the version was not drawn: the champion, because no lease is in force. */
  readonly routing: { readonly epoch: number; readonly arm: string; readonly propensity: number } | null;
}

export interface AssignerOptions {
  readonly model: string;
  /** Serves until the first split is there, and when it is none. */
  readonly champion: string;
  readonly sha256: Sha256;
  /** Never goes back, ms. */
  readonly monotonic: () => number;
}

export class Assigner {
  readonly #options: AssignerOptions;
  #split: Split | undefined;
  #leaseEndsMs = Number.NEGATIVE_INFINITY;

  constructor(options: AssignerOptions) {
    this.#options = options;
  }

  /** The split in force or, after its lease, the last one; undefined before the first. */
  get split(): Split | undefined {
    return this.#split;
  }

  get isLeased(): boolean {
    return this.#options.monotonic() < this.#leaseEndsMs;
  }

  /**
   * @param document as the service answered it
   * @param askedMs monotonic time at which it was asked: the lease begins there, because the answer may have been on its way for long
   * @returns false for a split below the newest (owner, epoch): it changes nothing
   * @throws {SplitError} when it is malformed; the split before stays in force until its lease is over
   */
  receive(document: unknown, askedMs: number): boolean {
    const split = parseSplit(document, this.#options.model);
    const newest = this.#split;
    if (newest !== undefined && isBelow(split, newest)) return false;
    this.#split = split;
    this.#leaseEndsMs = askedMs + split.leaseMs;
    return true;
  }

  /** The service answered that the split has not changed: its lease begins anew. */
  renew(askedMs: number): void {
    if (this.#split !== undefined) this.#leaseEndsMs = Math.max(this.#leaseEndsMs, askedMs + this.#split.leaseMs);
  }

  /**
   * @param unit whom the version must stay with, e.g. an account id
   * @throws {BanditError} BAD_OBSERVATION for a unit that is empty or not well-formed
   */
  assign(unit: string): Assignment {
    const split = this.#split;
    if (split === undefined || !this.isLeased)
      return { version: split?.champion ?? this.#options.champion, routing: null };
    const arm = armOf(split.ranges, bucketOf(split.salt, unit, this.#options.sha256));
    const propensity = (split.arms[arm] as number) / WHOLE;
    return { version: arm, routing: { epoch: split.epoch, arm, propensity } };
  }
}

function isBelow(a: Split, b: Split): boolean {
  return a.owner < b.owner || (a.owner === b.owner && a.epoch < b.epoch);
}
