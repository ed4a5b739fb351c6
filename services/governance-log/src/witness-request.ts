/** What the kernel asks of the witnesses, and what comes back: payloads of the effect `witness` and of its answer, as JSON. */
import type { StoreRequest } from './store-request.ts';

export interface WitnessRequest extends Pick<StoreRequest, 'partition' | 'size'> {}

export interface WitnessFault {
  /** Its name in the policy. */
  readonly witness: string;
  readonly said: string;
  /** The witness refuses the log or has seen another: no later try mends that. */
  readonly isRefusal: boolean;
}

export interface WitnessAnswer {
  /** One line with its newline for each witness that has cosigned. */
  readonly lines: readonly string[];
  readonly faults: readonly WitnessFault[];
}

export function encodeWitnessRequest({ partition, size }: WitnessRequest): Uint8Array {
  return Buffer.from(JSON.stringify({ partition, size }));
}

export function decodeWitnessRequest(payload: Uint8Array): WitnessRequest {
  return JSON.parse(Buffer.from(payload).toString()) as WitnessRequest;
}

export function encodeWitnessAnswer(answer: WitnessAnswer): Uint8Array {
  return Buffer.from(JSON.stringify(answer));
}

export function decodeWitnessAnswer(payload: Uint8Array): WitnessAnswer {
  return JSON.parse(Buffer.from(payload).toString()) as WitnessAnswer;
}
