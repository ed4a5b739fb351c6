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

const STATUS: Readonly<Record<ProblemCode, readonly [status: number, title: string]>> = {
  NOT_FOUND: [404, 'There is nothing here'],
  BAD_REQUEST: [400, 'The request breaks a rule'],
  BAD_CURSOR: [400, 'The cursor is not one of ours'],
  UNAUTHORIZED: [401, 'A token is needed'],
  TOO_LARGE: [413, 'The body is too large'],
  NOT_READY: [503, 'Not ready yet'],
  INTERNAL: [500, 'A fault of ours'],
};

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
  const [status, title] = STATUS[problem.code];
  reply
    .status(status)
    .header('content-type', 'application/problem+json; charset=utf-8')
    .send(
      JSON.stringify({
        type: `urn:weir:problem:${problem.code.toLowerCase().replaceAll('_', '-')}`,
        title,
        status,
        detail: problem.message,
        instance: request.url,
        code: problem.code,
      }),
    );
}

/** What Fastify and routes throw. A fault of ours is logged, and its text stays inside. */
export function problemOf(error: FastifyError | Problem | Error): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof LogError && error.code === 'RETRIABLE')
    return new Problem('NOT_READY', error.message, { cause: error });
  const { statusCode, validation, message } = error as FastifyError;
  if (validation !== undefined) return new Problem('BAD_REQUEST', message, { cause: error });
  if (statusCode === 413) return new Problem('TOO_LARGE', message, { cause: error });
  if (statusCode !== undefined && statusCode < 500) return new Problem('BAD_REQUEST', message, { cause: error });
  return new Problem('INTERNAL', 'the request could not be answered; the log of the service says why', {
    cause: error,
  });
}
