/** Registrations and references over the REST interface of a running service. */
import { isDeepStrictEqual } from 'node:util';
import { UsageError } from '../output.ts';
import { type ColumnNote, type ControlTarget, hashOf, type VersionShape, type Written } from './target.ts';

const TIMEOUT_MS = 60_000;
const NOT_SHOWN =
  'the service processed it and does not show it, so it was dead-lettered: register the model and the column first; weir dlq list says why';
const OTHER_SHOWN =
  'the service processed it and goes on showing another content, so it was dead-lettered; weir dlq list says why';

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
  const put = async (path: readonly string[], body: object, isSame: (shown: unknown) => boolean): Promise<Written> => {
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
    const where = toldOf(receipt, waitS);
    if (!receipt.processed) return { where, doubt: undefined };
    const shown = await ask(place, { headers });
    if (shown.status === 404) return { where, doubt: NOT_SHOWN };
    return { where, doubt: !shown.ok || isSame(await jsonOf(shown)) ? undefined : OTHER_SHOWN };
  };
  return {
    register: (model, version, shape) =>
      put([model, 'versions', version], shape, (shown) => {
        const { featureSet, outputs, access = null } = shown as Partial<VersionShape>;
        return isDeepStrictEqual({ featureSet, outputs, access }, shape);
      }),
    notes: (model) => notesOf(`${base}/v1/models/${encodeURIComponent(model)}`, token),
    setReference: (model, column, content, source) => {
      const { values, categories, counts, missing } = content;
      return put(
        [model, 'references', column],
        { ...(categories === null ? { values } : { categories }), counts, missing, source },
        (shown) => (shown as { readonly hash?: string }).hash === hashOf(content),
      );
    },
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

async function notesOf(url: string, token: string | undefined): Promise<readonly ColumnNote[]> {
  const response = await ask(url, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } });
  const shown = (await jsonOf(response)) as
    | { readonly services?: Readonly<Record<string, { readonly notWatched?: readonly Omit<ColumnNote, 'service'>[] }>> }
    | undefined;
  return Object.entries(shown?.services ?? {}).flatMap(([service, { notWatched = [] }]) =>
    notWatched.map(({ column, reason }) => ({ service, column, reason })),
  );
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
