/** Keeps the lease of an assigner: asks the promotion service again every second, or thrice a lease. A failure is told and changes nothing. */
import type { Assigner } from './assigner.ts';

export interface PollerOptions {
  /** Of the promotion service, without a path. */
  readonly url: string;
  readonly model: string;
  readonly token?: string;
  readonly assigner: Assigner;
  readonly monotonic: () => number;
  /** Waits, and ends early when the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly fetch: typeof fetch;
  readonly failed: (error: unknown) => void;
}

/** Before the first split is there, ms. */
const FIRST_LEASE_MS = 3_000;
const TRIES_PER_LEASE = 3;
/** A decision is in force everywhere within this time and the way of an answer; most answers are an empty 304. */
const MAX_WAIT_MS = 1_000;

/** Resolves when the signal aborts. */
export async function keepLease(options: PollerOptions, signal: AbortSignal): Promise<void> {
  let etag: string | undefined;
  while (!signal.aborted) {
    const leaseMs = options.assigner.split?.leaseMs ?? FIRST_LEASE_MS;
    const waitMs = Math.max(1, Math.min(MAX_WAIT_MS, leaseMs / TRIES_PER_LEASE));
    try {
      // A request that hangs must leave time for the next.
      etag = await ask(options, etag, AbortSignal.any([signal, AbortSignal.timeout(Math.ceil(waitMs))]));
    } catch (error) {
      if (!signal.aborted) options.failed(error);
    }
    if (!signal.aborted) await options.sleep(waitMs, signal);
  }
}

async function ask(
  { url, model, token, assigner, monotonic, fetch: get }: PollerOptions,
  etag: string | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  const askedMs = monotonic();
  const headers = {
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(etag === undefined ? {} : { 'if-none-match': etag }),
  };
  const response = await get(`${url}/v1/models/${encodeURIComponent(model)}/split`, {
    headers,
    signal,
    redirect: 'error',
  });
  if (response.status === 304) {
    assigner.renew(askedMs);
    return etag;
  }
  if (!response.ok)
    throw new Error(
      `the split of ${model} was answered with ${response.status}: ${(await response.text()).slice(0, 200)}`,
    );
  assigner.receive(await response.json(), askedMs);
  return response.headers.get('etag') ?? undefined;
}
