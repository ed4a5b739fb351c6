/**
 * Effects: the world is asked after the commit, and its answer is an input. A kernel keeps what it asks in its state, so a question that
 * was decided and not yet carried out when the process died is carried out by the next owner, and a replay needs no world.
 */

/** Something to be done outside the log. */
export interface Effect {
  /** The same question has the same id for ever: handlers are idempotent by it. */
  readonly id: string;
  /** Which handler: a name like `webhook`. */
  readonly kind: string;
  readonly payload: Uint8Array;
}

/** What a handler is given beside the effect. */
export interface EffectContext {
  /** Key whose state asks. */
  readonly key: string;
  /** Grows with each take-over of the partition: a handler that remembers the highest refuses a lower one. */
  readonly epoch: bigint;
  /** Aborts at the deadline and when the task stops. */
  readonly signal: AbortSignal;
}

export interface EffectHandler {
  /** At least once for each effect. Rejects when it should be tried again, with `EffectRefused` when that would be in vain. */
  run(effect: Effect, context: EffectContext): Promise<Uint8Array>;
  /** Effects of the kind that run at once; 4 by default. */
  readonly concurrency?: number;
  /** Time for one try, ms; 10,000 by default. */
  readonly deadlineMs?: number;
  /** Tries before the answer is a failure; 5 by default. */
  readonly tries?: number;
  /** Wait after the first failed try, ms; doubles up to 30 s; 250 by default. */
  readonly backoffMs?: number;
}

/** Trying again would not help; the message becomes the answer. */
export class EffectRefused extends Error {
  override readonly name = 'EffectRefused';
}

/** What came of an effect. */
export interface EffectAnswer {
  readonly effectId: string;
  readonly kind: string;
  readonly outcome: 'done' | 'failed';
  /** What the handler returned; empty when it failed. */
  readonly payload: Uint8Array;
  /** Why it failed; empty when it did not. */
  readonly error: string;
  readonly tries: number;
  /** Wall clock of the answer, ms: recorded, so it may enter a decision. */
  readonly answeredMs: number;
}
