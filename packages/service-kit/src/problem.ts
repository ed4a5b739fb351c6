/** Errors of the HTTP interface as RFC 9457 problem details. The only file that knows HTTP status numbers of our codes. */
import { LogError } from '@weir/event-log/errors';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';

export type ProblemCode =
  | 'NOT_FOUND'
  | 'BAD_REQUEST'
  | 'BAD_CURSOR'
  | 'UNAUTHORIZED'
  | 'TOO_LARGE'
  | 'NOT_READY'
  | 'INTERNAL';

interface Kind {
  readonly status: number;
  readonly title: string;
  /** For who reads the page that `type` leads to. */
  readonly cure: string;
}

const KINDS: Readonly<Record<ProblemCode, Kind>> = {
  NOT_FOUND: {
    status: 404,
    title: 'There is nothing here',
    cure: 'No such model, window, alert or route. The detail names the list that has what there is.',
  },
  BAD_REQUEST: {
    status: 400,
    title: 'The request breaks a rule',
    cure: 'The detail names the parameter and its rule; parameters that nobody knows are refused too. /docs describes each.',
  },
  BAD_CURSOR: {
    status: 400,
    title: 'The cursor is not one of ours',
    cure: 'A cursor holds for the list and the filter it came with. Begin again without one.',
  },
  UNAUTHORIZED: {
    status: 401,
    title: 'A token is needed',
    cure: 'Send the token that the service was started with: "Authorization: Bearer …".',
  },
  TOO_LARGE: { status: 413, title: 'The body is too large', cure: 'Bodies end at 1 MiB.' },
  NOT_READY: {
    status: 503,
    title: 'Not ready yet',
    cure: 'Something the service needs does not answer. /readyz?verbose says what; ask again when it says ok.',
  },
  INTERNAL: {
    status: 500,
    title: 'A fault of ours',
    cure: 'The log of the service holds the reason, under the trace_id of the answer.',
  },
};

/** Where `type` leads: what the code means and what to do, as text. Undefined for no code of ours. */
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

  constructor(code: ProblemCode, detail: string, options?: ErrorOptions) {
    super(detail, options);
    this.code = code;
  }
}

export function sendProblem(request: FastifyRequest, reply: FastifyReply, problem: Problem): void {
  const { status, title } = KINDS[problem.code];
  reply
    .status(status)
    .header('content-type', 'application/problem+json; charset=utf-8')
    .send(
      JSON.stringify({
        type: `/problems/${problem.code.toLowerCase().replaceAll('_', '-')}`,
        title,
        status,
        detail: problem.message,
        instance: request.url,
        code: problem.code,
        trace_id: request.id,
      }),
    );
}

/** What Fastify and routes throw. A fault of ours is logged, and its text stays inside. */
export function problemOf(error: FastifyError | Problem | Error, request: FastifyRequest): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof LogError && error.code === 'RETRIABLE')
    return new Problem('NOT_READY', error.message, { cause: error });
  const { statusCode, validation, validationContext, message } = error as FastifyError;
  if (validation !== undefined)
    return new Problem('BAD_REQUEST', broken(validation, validationContext ?? 'request', request), { cause: error });
  if (statusCode === 413) return new Problem('TOO_LARGE', message, { cause: error });
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
