/** Errors of the HTTP interface as RFC 9457 problem details. The only file that knows the HTTP status of each code. */
import { LogError } from '@weir/event-log/errors';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';

export type ProblemCode =
  | 'BAD_REQUEST'
  | 'BAD_CURSOR'
  | 'UNAUTHORIZED'
  | 'FORBIDDEN'
  | 'NOT_FOUND'
  | 'METHOD_NOT_ALLOWED'
  | 'REQUEST_TIMEOUT'
  | 'CONFLICT'
  | 'PRECONDITION_FAILED'
  | 'TOO_LARGE'
  | 'UNSUPPORTED_MEDIA'
  | 'MISDIRECTED'
  | 'UNPROCESSABLE'
  | 'PRECONDITION_REQUIRED'
  | 'HEADERS_TOO_LARGE'
  | 'NOT_READY'
  | 'INTERNAL';

interface Kind {
  readonly status: number;
  readonly title: string;
  /** For the reader of the page that `type` leads to. */
  readonly cure: string;
}

const KINDS: Readonly<Record<ProblemCode, Kind>> = {
  BAD_REQUEST: {
    status: 400,
    title: 'Bad request',
    cure: 'The detail names the parameter and its rule; unknown parameters are refused too. /docs describes each.',
  },
  BAD_CURSOR: {
    status: 400,
    title: 'Bad cursor',
    cure: 'A cursor holds for the list and the filter it came with. Begin again without one.',
  },
  UNAUTHORIZED: {
    status: 401,
    title: 'Token required',
    cure: 'Send the token of a principal of WEIR_PRINCIPALS_FILE, or that of WEIR_HTTP_TOKEN: "Authorization: Bearer …".',
  },
  FORBIDDEN: {
    status: 403,
    title: 'Role required',
    cure: 'The detail names the role. Give it to the principal in WEIR_PRINCIPALS_FILE, or ask as another principal.',
  },
  NOT_FOUND: {
    status: 404,
    title: 'Not found',
    cure: 'No such model, alert, version or route. The detail names the list that has those that exist.',
  },
  METHOD_NOT_ALLOWED: {
    status: 405,
    title: 'Method not allowed',
    cure: 'The path has other methods; the header Allow lists them.',
  },
  REQUEST_TIMEOUT: {
    status: 408,
    title: 'Request timeout',
    cure: 'The request did not come whole within 30 s. Send it faster, or less.',
  },
  CONFLICT: {
    status: 409,
    title: 'Conflict',
    cure: 'The Idempotency-Key was used for another request. Send the same request again, or take a new key.',
  },
  PRECONDITION_FAILED: {
    status: 412,
    title: 'Precondition failed',
    cure: 'The resource has changed since it was read. Read it again, and send its new ETag as If-Match.',
  },
  TOO_LARGE: {
    status: 413,
    title: 'Too large',
    cure: 'The body is larger than the route allows, or than one record of its topic. The detail says which.',
  },
  UNSUPPORTED_MEDIA: {
    status: 415,
    title: 'Unsupported media type',
    cure: 'Send application/json; a reference may also be sent as text/csv.',
  },
  MISDIRECTED: {
    status: 421,
    title: 'Misdirected request',
    cure: 'Another instance owns the model: ask at the address in `owner`, or set REDIS_URL, so that each instance answers for all. Or the Host header is a name: without identities a service answers requests to loopback addresses only. set WEIR_PRINCIPALS_FILE or WEIR_HTTP_TOKEN to use another.',
  },
  UNPROCESSABLE: {
    status: 422,
    title: 'Invalid content',
    cure: 'The body breaks the rules that `errors` lists, each with a JSON pointer to the place. /docs describes the body.',
  },
  PRECONDITION_REQUIRED: {
    status: 428,
    title: 'Precondition required',
    cure: 'Read the resource, and send its ETag as If-Match, so that a change of somebody else is not overwritten.',
  },
  HEADERS_TOO_LARGE: {
    status: 431,
    title: 'Request header fields too large',
    cure: 'The request line and the headers are longer than 16 KiB. Shorten the address or the headers.',
  },
  NOT_READY: {
    status: 503,
    title: 'Not ready',
    cure: 'A server that the service needs does not answer. /readyz?verbose names it; ask again when it says ok.',
  },
  INTERNAL: {
    status: 500,
    title: 'Internal error',
    cure: 'The log of the service has the reason, under the trace_id of the answer.',
  },
};

/** One broken rule of a body. */
export interface Breach {
  /** RFC 6901. */
  readonly pointer: string;
  readonly message: string;
}

export function statusOf(code: ProblemCode): number {
  return KINDS[code].status;
}

export function titleOf(code: ProblemCode): string {
  return KINDS[code].title;
}

/** Where `type` leads: what the code means and what to do, as text. Undefined for an unknown code. */
export function problemPage(name: string): string | undefined {
  const code = name.toUpperCase().replaceAll('-', '_');
  if (!Object.hasOwn(KINDS, code)) return undefined;
  const { status, title, cure } = KINDS[code as ProblemCode];
  return `${code} (${status})\n\n${title}. ${cure}\n`;
}

/** Thrown by routes. The detail names the value, the rule and the cure. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly code: ProblemCode;
  readonly breaches: readonly Breach[];
  /** Address of the instance that answers. */
  readonly owner: string | undefined;

  constructor(
    code: ProblemCode,
    detail: string,
    options?: ErrorOptions & { readonly breaches?: readonly Breach[]; readonly owner?: string },
  ) {
    super(detail, options);
    this.code = code;
    this.breaches = options?.breaches ?? [];
    this.owner = options?.owner;
  }
}

export function sendProblem(request: FastifyRequest, reply: FastifyReply, problem: Problem): void {
  const { code, message: detail, breaches, owner } = problem;
  if (code === 'UNAUTHORIZED') reply.header('www-authenticate', 'Bearer');
  if (code === 'NOT_READY') reply.header('retry-after', '1');
  const more = { ...(breaches.length === 0 ? {} : { errors: breaches }), ...(owner === undefined ? {} : { owner }) };
  const body = problemDocument(code, detail, { instance: request.url, more, traceId: request.id });
  reply
    .status(statusOf(code))
    .header('content-type', 'application/problem+json; charset=utf-8')
    .send(JSON.stringify(body));
}

interface About {
  /** The request. */
  readonly instance: string;
  /** Members that the code has beside those of all. */
  readonly more?: object;
  /** Of the log lines about the request. */
  readonly traceId: string;
}

export function problemDocument(code: ProblemCode, detail: string, { instance, more, traceId }: About): object {
  const { status, title } = KINDS[code];
  const type = `/problems/${code.toLowerCase().replaceAll('_', '-')}`;
  return { type, title, status, detail, instance, code, ...more, trace_id: traceId };
}

/** What Fastify and routes throw. An internal error is logged, and its text is not sent. */
export function problemOf(error: FastifyError | Problem | Error, request: FastifyRequest): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof LogError) {
    if (error.code === 'RETRIABLE' || error.code === 'CLOSED')
      return new Problem('NOT_READY', error.message, { cause: error });
    if (error.code === 'POISON') return new Problem('TOO_LARGE', error.message, { cause: error });
  }
  const { statusCode, validation, validationContext, message } = error as FastifyError;
  if (validation !== undefined)
    return new Problem('BAD_REQUEST', broken(validation, validationContext ?? 'request', request), { cause: error });
  if (statusCode === 413)
    return new Problem('TOO_LARGE', `the body is larger than ${request.routeOptions.bodyLimit} bytes; send less`, {
      cause: error,
    });
  if (statusCode === 415) {
    const type = JSON.stringify(request.headers['content-type'] ?? '');
    return new Problem('UNSUPPORTED_MEDIA', `the content type is ${type}; send application/json`, { cause: error });
  }
  if (statusCode !== undefined && statusCode < 500) return new Problem('BAD_REQUEST', message, { cause: error });
  return new Problem('INTERNAL', 'the request could not be answered; the log of the service says why', {
    cause: error,
  });
}

/** The first rule that a request breaks, with the parameter, its value and the cure. */
function broken(faults: NonNullable<FastifyError['validation']>, part: string, request: FastifyRequest): string {
  const [first] = faults;
  const { additionalProperty } = first?.params ?? {};
  if (typeof additionalProperty === 'string')
    return `the ${part} has ${JSON.stringify(additionalProperty)}, which this route does not know; /docs lists its parameters`;
  const name = first?.instancePath.slice(1) ?? '';
  const values: Readonly<Record<string, unknown>> = { querystring: request.query, params: request.params };
  const value = (values[part] as Readonly<Record<string, unknown>> | undefined)?.[name];
  const choices = faults.flatMap(({ keyword, params }) =>
    keyword === 'const' ? [String(params['allowedValue'])] : [],
  );
  const rule = choices.length > 0 ? `must be ${choices.join(' or ')}` : (first?.message ?? 'breaks its rule');
  return `${name} is ${JSON.stringify(value)}; it ${rule}. /docs describes it`;
}
