/**
 * Asks one witness for its cosignature (C2SP tlog-witness). Only URLs of the policy file are called, redirects are not followed, an answer is
 * bounded in time and length, and a cosignature is kept only when it verifies with the key of the policy.
 */
import type { VerifierKey } from '@weir/ledger/keys';
import { verifiers } from '@weir/ledger/node-crypto';
import type { Witness } from '@weir/ledger/trust';
import { addCheckpointBody, cosignatureIn, readNote } from '@weir/ledger/witness';
import type { WitnessFault } from './witness-request.ts';

const TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 65_536;
/** A witness that names another size each time is not asked for ever. */
const MAX_TURNS = 3;
const SIZE_TYPE = 'text/x.tlog.size';
/** Unknown key, unknown log, a proof that does not hold, bytes that it cannot read. */
const REFUSALS: readonly number[] = [400, 403, 404, 422];

/** Hashes that prove the tree of `from` leaves to be the beginning of the one that is to be cosigned. */
export type Consistency = (from: number) => readonly Uint8Array[];

/** Why there is no cosignature. */
export class WitnessError extends Error {
  override readonly name = 'WitnessError';
  readonly isRefusal: boolean;

  constructor(message: string, isRefusal: boolean) {
    super(message);
    this.isRefusal = isRefusal;
  }
}

export class WitnessClient {
  readonly #witness: Witness & { readonly url: string };
  /** Leaves that the witness saw last, as far as this process knows: it says so itself when that is wrong. */
  #seen = 0;

  constructor(witness: Witness & { readonly url: string }) {
    this.#witness = witness;
  }

  get label(): string {
    return this.#witness.label;
  }

  get key(): VerifierKey {
    return this.#witness.vkey;
  }

  /** @returns its line; @throws {WitnessError} */
  async cosign(note: Uint8Array, consistency: Consistency, signal: AbortSignal): Promise<string> {
    const { checkpoint } = readNote(note);
    const { size } = checkpoint;
    let old = Math.min(this.#seen, size);
    for (let turn = 0; turn < MAX_TURNS; turn += 1) {
      const { status, type, text } = await this.#post(addCheckpointBody(old, consistency(old), note), signal);
      if (status === 200) {
        const line = cosignatureIn(text, checkpoint, this.#witness.vkey, verifiers);
        if (line === undefined)
          throw new WitnessError(`its answer holds no cosignature of ${this.key.keyId} that verifies`, true);
        this.#seen = size;
        return line;
      }
      if (status !== 409 || type !== SIZE_TYPE)
        throw new WitnessError(`answered ${status}: ${text.trim().slice(0, 200)}`, REFUSALS.includes(status));
      const seen = /^\d{1,15}\n?$/.test(text) ? Number(text) : Number.NaN;
      if (!(seen <= size))
        throw new WitnessError(`has cosigned ${text.trim().slice(0, 20)} entries, and the log has ${size}`, true);
      if (seen === old) throw new WitnessError(`has cosigned another tree of ${seen} entries than the log has`, true);
      old = seen;
    }
    throw new WitnessError(`named another size of the log ${MAX_TURNS} times`, false);
  }

  async #post(
    body: Uint8Array,
    signal: AbortSignal,
  ): Promise<{ readonly status: number; readonly type: string; readonly text: string }> {
    try {
      const response = await fetch(`${this.#witness.url}/add-checkpoint`, {
        method: 'POST',
        body: Buffer.from(body),
        redirect: 'error',
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      });
      let text = '';
      const decoder = new TextDecoder();
      for await (const chunk of response.body ?? []) {
        text += decoder.decode(chunk as Uint8Array, { stream: true });
        if (text.length > MAX_ANSWER_BYTES) throw new Error(`the answer is longer than ${MAX_ANSWER_BYTES} bytes`);
      }
      const [type = ''] = (response.headers.get('content-type') ?? '').split(';');
      return { status: response.status, type: type.trim(), text };
    } catch (error) {
      const { message, cause } = error as Error;
      throw new WitnessError(cause instanceof Error ? `${message}: ${cause.message}` : message, false);
    }
  }
}

export function faultOf(witness: string, error: unknown): WitnessFault {
  if (error instanceof WitnessError) return { witness, said: error.message, isRefusal: error.isRefusal };
  throw error;
}
