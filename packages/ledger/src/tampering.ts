/** What a verifier finds: a log that is not what was signed, or an input that is no log. */

export interface Tampering {
  /**
   * A refusal of admission (admission.ts), a fault of a checkpoint (open-checkpoint.ts), or one of: missing, tile, trailing, root, origin,
   * equivocation, rollback, inclusion.
   */
  readonly reason: string;
  readonly detail: string;
  /** Leaf index, where one entry can be named. */
  readonly index?: number;
  readonly model?: string;
  readonly seq?: number;
}

/** The bundle is not the log that was signed. */
export class TamperError extends Error {
  override readonly name = 'TamperError';
  readonly tampering: Tampering;

  constructor(tampering: Tampering) {
    super(`${tampering.reason}: ${tampering.detail}`);
    this.tampering = tampering;
  }
}

/** The input is no bundle at all, or the question cannot be asked of it. */
export class UnusableError extends Error {
  override readonly name = 'UnusableError';
}
