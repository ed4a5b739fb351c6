/** Writes of all routes: role, precondition, idempotency, the append itself, and the answer. */
import { TOPICS } from '@weir/events/topics';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Principal, ServiceIo, Submitted } from '../definition.ts';
import { etagOf, hasTag } from './answer.ts';
import { eventIdOf, Idempotency, idempotencyKey } from './idempotency.ts';
import { getOfAll } from './merged-views.ts';
import type { MountedService } from './mount.ts';
import { Problem } from './problem.ts';

/** The longest that a request is held, whatever Prefer asks for, s: shorter than an orderly stop may take. */
const MAX_WAIT_S = 20;

/** One write of one route. */
export interface Write {
  /** Logical topic. */
  readonly topic: string;
  readonly model: string;
  /** Where the outcome can be read. */
  readonly location: (eventId: string) => string;
  /** What the answer to the same Idempotency-Key must have been asked with. */
  readonly content: unknown;
  readonly event: (eventId: string, principal: Principal, nowMs: number) => Uint8Array;
}

interface Answer {
  readonly id: string;
  readonly location: string;
  readonly submitted: Submitted;
}

export class Writer {
  readonly #services: readonly MountedService[];
  readonly #answers = new Idempotency<Answer>();

  constructor(services: readonly MountedService[]) {
    this.#services = services;
  }

  /** To be called before the body is read. @throws {Problem} UNAUTHORIZED, FORBIDDEN */
  demand(request: FastifyRequest, role: string): Principal {
    return this.#io(undefined).principalOf(request, role);
  }

  /** What the services show of a resource now. */
  async current(viewKey: string): Promise<string | undefined> {
    return (await getOfAll(this.#services, viewKey))[0]?.json;
  }

  /**
   * Checks If-Match and If-None-Match against what the services show. Two writes at once may both pass: the service that processes them has
   * the last word.
   * @throws {Problem} PRECONDITION_FAILED; PRECONDITION_REQUIRED where `required` and there is something to overwrite
   */
  async precondition(
    request: FastifyRequest,
    viewKey: string,
    { required }: { readonly required: boolean },
  ): Promise<void> {
    const { 'if-match': match, 'if-none-match': noneMatch } = request.headers;
    if (match === undefined && noneMatch === undefined && !required) return;
    const json = await this.current(viewKey);
    const etag = json === undefined ? undefined : etagOf(json);
    if (match !== undefined && (etag === undefined || !hasTag(match, etag, { weak: false })))
      throw new Problem(
        'PRECONDITION_FAILED',
        `If-Match is ${match}, the ETag of ${request.url} is ${etag ?? 'none, since it does not exist'}; read it again`,
      );
    if (noneMatch !== undefined && etag !== undefined && hasTag(noneMatch, etag, { weak: true }))
      throw new Problem('PRECONDITION_FAILED', `If-None-Match is ${noneMatch}, and ${request.url} exists; read it`);
    if (required && etag !== undefined && match === undefined)
      throw new Problem('PRECONDITION_REQUIRED', `${request.url} exists; send its ETag as If-Match, GET gives it`);
  }

  /** 200 once this process has processed it within the wait, else 202 with where to look. */
  async write(request: FastifyRequest, reply: FastifyReply, principal: Principal, write: Write): Promise<FastifyReply> {
    const { topic, model, location, content, event } = write;
    const waitS = waitOf(request);
    const key = idempotencyKey(request);
    const eventId = eventIdOf(principal, key);
    const append = async (): Promise<Answer> => {
      const value = event(eventId, principal, Date.now());
      checkSize(topic, value);
      const wait = waitS === 0 ? undefined : { untilProcessedMs: waitS * 1_000 };
      const submitted = await this.#io(topic).submit(topic, model, value, wait);
      return { id: eventId, location: location(eventId), submitted };
    };
    const asked = [request.method, request.url, content];
    const answer = await (key === undefined ? append() : this.#answers.once(eventId, asked, append));
    const { submitted } = answer;
    if (waitS > 0) reply.header('preference-applied', `wait=${waitS}`);
    if (!submitted.processed) reply.header('location', answer.location);
    return reply.status(submitted.processed ? 200 : 202).send(receiptOf(answer));
  }

  /** As the log has it: what another process or an earlier run took is found as well. */
  async commandReceipt(model: string, id: string): Promise<object | undefined> {
    const submitted = await this.#io('commands').findCommand(model, id);
    return submitted === undefined ? undefined : receiptOf({ id, submitted });
  }

  /** The service that reads the topic knows when it was processed. */
  #io(topic: string | undefined): ServiceIo {
    const reads = ({ definition }: MountedService): boolean =>
      definition.processor?.inputs.some((input) => input.topic === topic) ?? false;
    return ((this.#services.find(reads) ?? this.#services[0]) as MountedService).io;
  }
}

function receiptOf({ id, submitted }: Pick<Answer, 'id' | 'submitted'>): object {
  const { topic, partition, offset, processed } = submitted;
  return { id, topic, partition, offset: String(offset), processed };
}

/** `Prefer: wait=5` (RFC 7240), s; 0 without. */
function waitOf({ headers }: FastifyRequest): number {
  const wait = /(?:^|[,;])\s*wait\s*=\s*"?(\d{1,9})"?\s*(?:[,;]|$)/i.exec(String(headers['prefer'] ?? ''))?.[1];
  return Math.min(MAX_WAIT_S, Number(wait ?? 0));
}

function checkSize(topic: string, { length }: Uint8Array): void {
  const limit = TOPICS.find(({ name }) => name === topic)?.maxRecordBytes ?? Number.POSITIVE_INFINITY;
  if (length > limit)
    throw new Problem('TOO_LARGE', `the event has ${length} bytes, a record of ${topic} at most ${limit}; send less`);
}
