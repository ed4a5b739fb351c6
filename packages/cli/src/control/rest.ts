/** Requests to the REST interface of a running service, and what people are told when one fails. */
import { UsageError } from '../output.ts';

const TIMEOUT_MS = 60_000;

export interface Receipt {
  readonly id: string;
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

/** @throws {UsageError} when `url` is none */
export function baseOf(url: string): string {
  const parsed = URL.parse(url);
  if (parsed === null || !/^https?:$/.test(parsed.protocol))
    throw new UsageError(
      `--url is ${JSON.stringify(url)}; it must be where a service answers, like http://127.0.0.1:8081`,
    );
  return `${parsed.origin}${parsed.pathname.replace(/\/+$/, '')}`;
}

/** @throws {UsageError} when nothing answers */
export async function ask(url: string, request: RequestInit): Promise<Response> {
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

/** Undefined for a body that is no JSON. */
export async function jsonOf(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch {
    return undefined;
  }
}

/** @param answer problem details, where it is a service of Weir */
export function refused(request: string, status: number, answer: unknown): UsageError {
  const problem = answer as ProblemDetails | undefined;
  const breaches = (problem?.errors ?? []).map(({ pointer, message }) => `${pointer} ${message}`.trim());
  const said = problem?.detail ?? problem?.title ?? 'without a reason; is it a service of Weir?';
  const cure = status === 401 || status === 403 ? '; give a token with --token or WEIR_HTTP_TOKEN' : '';
  return new UsageError(`${request} was refused (${status}): ${[said, ...breaches].join('; ')}${cure}`);
}

export function bearer(token: string | undefined): Readonly<Record<string, string>> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}
