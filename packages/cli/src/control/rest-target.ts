/** Registrations and references over the REST interface of a running service. */
import { UsageError } from '../output.ts';
import type { ControlTarget, Written } from './target.ts';

const TIMEOUT_MS = 60_000;
const NOT_SHOWN =
  'the service processed it and does not show it, so it was dead-lettered: register the model and the column first; weir dlq list says why';

interface Receipt {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly processed: boolean;
}

interface ProblemDetails {
  readonly title?: string;
  readonly detail?: string;
  readonly errors?: readonly { readonly pointer: string; readonly message: string }[];
}

export interface RestOptions {
  readonly url: string;
  readonly token: string | undefined;
  /** So long the service is given to process a write before it answers, s. */
  readonly waitS: number;
}

/** @throws {UsageError} when `url` is none */
export function restTarget({ url, token, waitS }: RestOptions): ControlTarget {
  const base = baseOf(url);
  const put = async (path: readonly string[], body: object): Promise<Written> => {
    const place = `${base}/v1/models/${path.map(encodeURIComponent).join('/')}`;
    const headers = {
      'content-type': 'application/json',
      prefer: `wait=${waitS}`,
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    };
    const response = await ask(place, { method: 'PUT', headers, body: JSON.stringify(body) });
    const answer = await jsonOf(response);
    if (!response.ok) throw refused(place, response.status, answer as ProblemDetails | undefined);
    const receipt = receiptOf(place, answer);
    const isShown = !receipt.processed || (await ask(place, { headers })).status !== 404;
    return { where: toldOf(receipt, waitS), doubt: isShown ? undefined : NOT_SHOWN };
  };
  return {
    register: (model, version, shape) => put([model, 'versions', version], shape),
    setReference: (model, column, { values, categories, counts, missing }, source) =>
      put([model, 'references', column], {
        ...(categories === null ? { values } : { categories }),
        counts,
        missing,
        source,
      }),
  };
}

function baseOf(url: string): string {
  const parsed = URL.parse(url);
  if (parsed === null || !/^https?:$/.test(parsed.protocol))
    throw new UsageError(
      `--url is ${JSON.stringify(url)}; it must be where a service answers, like http://127.0.0.1:8081`,
    );
  return `${parsed.origin}${parsed.pathname.replace(/\/+$/, '')}`;
}

async function ask(url: string, request: RequestInit): Promise<Response> {
  try {
    return await fetch(url, { ...request, signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new UsageError(
      `no service answers at ${new URL(url).origin} (${code}); start one (npm start), correct --url, or write into a log with --log or --kafka`,
    );
  }
}

async function jsonOf(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch {
    return undefined;
  }
}

function refused(url: string, status: number, problem: ProblemDetails | undefined): UsageError {
  const breaches = (problem?.errors ?? []).map(({ pointer, message }) => `${pointer} ${message}`.trim());
  const said = problem?.detail ?? problem?.title ?? 'without a reason; is it a service of Weir?';
  const cure = status === 401 || status === 403 ? '; give a token with --token or WEIR_HTTP_TOKEN' : '';
  return new UsageError(`PUT ${url} was refused (${status}): ${[said, ...breaches].join('; ')}${cure}`);
}

function receiptOf(url: string, answer: unknown): Receipt {
  const receipt = answer as Receipt | undefined;
  if (typeof receipt?.offset === 'string') return receipt;
  throw new UsageError(`${url} did not answer with a receipt; is it a service of Weir?`);
}

function toldOf({ topic, partition, offset, processed }: Receipt, waitS: number): string {
  const state = processed ? 'processed' : waitS === 0 ? 'durable' : `durable, not processed within ${waitS} s`;
  return `${topic}[${partition}]@${offset}, ${state}`;
}
