/** What a verifier finds: a log that is not what was signed, or an input that is no log. */

export interface Tampering {
  /**
   * A refusal of admission (admission.ts), a fault of a checkpoint (open-checkpoint.ts), or one of: missing, manifest, checkpoint, stray, tile,
   * trailing, root, origin, equivocation, rollback, inclusion, proof; of an UnfinishedError behind or unsigned.
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

/**
 * All leaves under the newest checkpoint are sound, and more lies in the bundle than its readers are shown. A writer that was stopped between
 * two of its steps leaves that, and so does someone who hides the end of a log.
 */
export class UnfinishedError extends TamperError {
  /** Leaves that were found sound. */
  readonly size: number;

  constructor(tampering: Tampering, size: number) {
    super(tampering);
    this.size = size;
  }
}

/** The input is no bundle at all, or the question cannot be asked of it. */
export class UnusableError extends Error {
  override readonly name = 'UnusableError';
}
