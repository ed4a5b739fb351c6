/** One call of a model server: bounded in time and bytes, without redirects. */

const TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 16 << 20;

export interface Answered {
  readonly headers: Headers;
  readonly body: Buffer;
}

/** GET, or POST of a body. A redirect would lead where no rule allows it. @throws for any status but 2xx */
export async function call(
  url: URL,
  body?: string | Uint8Array<ArrayBuffer>,
  headers: Readonly<Record<string, string>> = { 'content-type': 'application/json' },
): Promise<Answered> {
  const sent = body === undefined ? {} : { method: 'POST', body };
  const response = await fetch(url, { ...sent, headers, redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) });
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk as Uint8Array);
    bytes += (chunk as Uint8Array).length;
    if (bytes > MAX_ANSWER_BYTES) throw new Error(`${url.href} answered with more than ${MAX_ANSWER_BYTES} bytes`);
  }
  const answer = Buffer.concat(chunks);
  if (!response.ok) throw new Error(`${url.href} answered ${response.status}: ${answer.toString('utf8', 0, 200)}`);
  return { headers: response.headers, body: answer };
}
