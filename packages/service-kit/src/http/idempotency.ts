/**
 * Idempotency keys of writes (draft-ietf-httpapi-idempotency-key-header). The id of an event is a digest of principal and key, so that a
 * request that is sent again after a restart, or to another replica, has the same id; this memory serves the answer again meanwhile.
 */
import { createHash, randomUUID } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { Principal } from '../definition.ts';
import { Problem } from './problem.ts';

const KEPT_MS = 86_400_000;
const MAX_KEPT = 10_000;

interface Kept<Answer> {
  readonly fingerprint: string;
  readonly answer: Promise<Answer>;
  readonly untilMs: number;
}

/** Undefined without the header. @throws {Problem} BAD_REQUEST */
export function idempotencyKey({ headers }: FastifyRequest): string | undefined {
  const header = headers['idempotency-key'];
  if (header === undefined) return undefined;
  // A structured field string has quotes; most clients leave them out.
  const key = String(header).replace(/^"(.*)"$/, '$1');
  if (/^[\x21-\x7e]{1,255}$/.test(key)) return key;
  throw new Problem(
    'BAD_REQUEST',
    'Idempotency-Key must be 1 to 255 visible ASCII characters, like a UUID; correct it',
  );
}

/** The same for the same principal and key; without a key another one each time. */
export function eventIdOf({ id }: Principal, key: string | undefined): string {
  if (key === undefined) return randomUUID();
  return createHash('sha256')
    .update(JSON.stringify(['weir/write/v1', id, key]))
    .digest('hex');
}

/** Answers by event id for a day, the newest 10,000 of this process. */
export class Idempotency<Answer> {
  readonly #kept = new Map<string, Kept<Answer>>();
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /**
   * The answer to the same request before, or that of `run`. One that failed may be sent again.
   * @param request what the answer depends on
   * @throws {Problem} CONFLICT when the id was that of another request
   */
  once(eventId: string, request: readonly unknown[], run: () => Promise<Answer>): Promise<Answer> {
    const fingerprint = createHash('sha256').update(JSON.stringify(request)).digest('hex');
    const nowMs = this.#now();
    const kept = this.#kept.get(eventId);
    if (kept !== undefined && kept.untilMs > nowMs) {
      if (kept.fingerprint === fingerprint) return kept.answer;
      throw new Problem(
        'CONFLICT',
        'the Idempotency-Key was used for another request; send that request again, or take a new key',
      );
    }
    const answer = run();
    this.#kept.delete(eventId);
    this.#kept.set(eventId, { fingerprint, answer, untilMs: nowMs + KEPT_MS });
    answer.catch(() => this.#kept.delete(eventId));
    this.#trim(nowMs);
    return answer;
  }

  /** The oldest come first. */
  #trim(nowMs: number): void {
    for (const [eventId, { untilMs }] of this.#kept) {
      if (this.#kept.size <= MAX_KEPT && untilMs > nowMs) return;
      this.#kept.delete(eventId);
    }
  }
}
