/** One HTTP call of an actuator: no redirects, a bounded answer, and errors that say whether another try may help. */
import { EffectRefused } from '@weir/service-kit/effects/effect';

const MAX_ANSWER_BYTES = 1 << 18;
const RETRIED_BELOW_500: readonly number[] = [408, 425, 429];

export interface Call {
  readonly method: 'GET' | 'POST';
  readonly url: string | URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
  /** Statuses that are answers like any other. */
  readonly accepts?: readonly number[];
}

/** @throws {EffectRefused} for answers that the same call would get again; any other error is worth another try */
export async function call({
  method,
  url,
  headers = {},
  body,
  signal,
  accepts = [],
}: Call): Promise<{ readonly status: number; readonly text: string }> {
  const response = await fetch(url, {
    method,
    headers,
    signal,
    redirect: 'error',
    ...(body === undefined ? {} : { body }),
  });
  const text = await boundedText(response);
  const { status } = response;
  if (response.ok || accepts.includes(status)) return { status, text };
  const said = `${method} ${new URL(url).origin}${new URL(url).pathname} answered ${status}: ${text.slice(0, 200)}`;
  if (status >= 400 && status < 500 && !RETRIED_BELOW_500.includes(status)) throw new EffectRefused(said);
  throw new Error(said);
}

async function boundedText(response: Response): Promise<string> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    if (text.length > MAX_ANSWER_BYTES) throw new EffectRefused(`the answer is longer than ${MAX_ANSWER_BYTES} bytes`);
  }
  return text;
}
