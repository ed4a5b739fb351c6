/** One HTTP server for one or several services: OpenAPI, probes, metrics, problem details, the kit's routes and theirs. */
import { randomUUID } from 'node:crypto';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyRequest, LogController } from 'fastify';
import type { Registry } from 'prom-client';
import { isLoopback } from '../config/common-settings.ts';
import { registerAlertRoutes } from './alert-routes.ts';
import { type MethodsOf, watchMethods } from './methods.ts';
import { registerModelRoutes } from './model-routes.ts';
import { type MountedService, mountServices, watchDuplicates } from './mount.ts';
import { registerOpenApi } from './openapi.ts';
import { demandOwner } from './ownership.ts';
import type { Principals } from './principals.ts';
import { type Check, OPEN_ROUTES, registerProbes } from './probes.ts';
import { Problem, problemOf, sendProblem } from './problem.ts';
import { answerUnreadable } from './unreadable-request.ts';
import { registerWriteRoutes } from './write-routes.ts';

const BODY_LIMIT_BYTES = 1_048_576;
/** To receive a whole request: slow senders hold a connection no longer. */
const REQUEST_TIMEOUT_MS = 30_000;
const MAX_PARAM_LENGTH = 1_500;
/** W3C trace context: version, trace id, parent id, flags. */
const TRACE = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/;

export interface HttpOptions {
  readonly title: string;
  readonly description: string;
  /** At least one; their names differ. */
  readonly services: readonly MountedService[];
  readonly logger: FastifyBaseLogger;
  readonly registry: Registry;
  readonly checks: readonly Check[];
  readonly principals: Principals;
}

/**
 * The app, without listening: tests inject.
 * @throws when two services have the same name or the same route, naming both
 */
export async function createHttp(options: HttpOptions): Promise<FastifyInstance> {
  const { title, description, services, logger, registry, checks, principals } = options;
  const app = Fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    // The caller's trace where there is one, so that its log and this one can be laid side by side; else one of the same form. A UUID's bytes
    // are drawn many at a time, which saves a call for each request.
    genReqId: ({ headers }) => TRACE.exec(String(headers['traceparent']))?.[1] ?? randomUUID().replaceAll('-', ''),
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    // Views are JSON already: serializers for every answer of every route would cost a start more than they save a request.
    schemaController: { compilersFactory: { buildSerializer: () => () => JSON.stringify } },
    clientErrorHandler: answerUnreadable,
    // An unknown parameter is a mistake to tell of, not to drop.
    ajv: { customOptions: { removeAdditional: false, allErrors: false } },
  });
  // A browser sends text/plain to any address without asking first.
  app.removeContentTypeParser('text/plain');
  handleErrors(app, watchMethods(app));
  app.addHook('onSend', async (_, reply) => {
    reply.header('x-content-type-options', 'nosniff').header('referrer-policy', 'no-referrer');
  });
  app.addHook('onRequest', async (request) => guard(request, principals));
  await registerOpenApi(app, { title, description, areNamed: principals.areNamed });
  registerProbes(app, registry, checks);
  const own = watchDuplicates(app);
  await own('the kit', async (scope) => {
    scope.addHook('preHandler', async (request) => demandOwner(request, services));
    registerModelRoutes(scope, services);
    registerAlertRoutes(scope, services);
    registerWriteRoutes(scope, services);
  });
  await mountServices(services, own);
  return app;
}

function handleErrors(app: FastifyInstance, methodsOf: MethodsOf): void {
  app.setErrorHandler((error: Error, request, reply) => {
    const problem = problemOf(error, request);
    if (problem.code === 'INTERNAL') request.log.error({ err: error, url: request.url }, 'request failed');
    sendProblem(request, reply, problem);
  });
  app.setNotFoundHandler((request, reply) => {
    const methods = methodsOf(request.url.split('?', 1)[0] ?? '');
    // A route that has the method may still know nothing under the address, like that of static files.
    if (methods.length > 0 && !methods.includes(request.method)) {
      const allow = methods.join(', ');
      reply.header('allow', allow);
      const path = `${request.url} has ${allow}, not ${request.method}`;
      return sendProblem(request, reply, new Problem('METHOD_NOT_ALLOWED', path));
    }
    const detail = `${request.method} ${request.url} is not a route; /docs lists them`;
    sendProblem(request, reply, new Problem('NOT_FOUND', detail));
  });
}

function guard(request: FastifyRequest, principals: Principals): void {
  // The route that matched, not the address as sent: %76 is a v to the router.
  const { url: route = '' } = request.routeOptions;
  if (OPEN_ROUTES.has(route) || route.startsWith('/docs')) return;
  // The threat is DNS rebinding: a page of another site that has its own name resolve to this machine.
  if (principals.trustLoopback && !isLoopback(request.hostname))
    throw new Problem(
      'MISDIRECTED',
      `the Host header is ${JSON.stringify(request.host)}; without identities use 127.0.0.1 or localhost, or set WEIR_HTTP_TOKEN`,
    );
  principals.principalOf(request);
}

/** The address cannot be listened on; the message names it and the cure. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

/** Resolves with the address. @throws {ListenError} */
export async function listen(app: FastifyInstance, host: string, port: number): Promise<string> {
  try {
    return await app.listen({ host, port });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const owner = code === 'EADDRINUSE' ? await titleAt(host, port) : undefined;
    const by = owner === undefined ? '' : ` by ${JSON.stringify(owner)}, which answers there`;
    const cure: Readonly<Record<string, string>> = {
      EADDRINUSE: `port ${port} on ${host} is in use${by}; stop what listens there, or set WEIR_HTTP_PORT (0 lets the system choose)`,
      EACCES: `port ${port} on ${host} needs privileges; set WEIR_HTTP_PORT to 1024 or above`,
      EADDRNOTAVAIL: `${host} is not an address of this machine; correct WEIR_HTTP_HOST`,
      ENOTFOUND: `${host} is not a name that resolves; correct WEIR_HTTP_HOST`,
    };
    const message = cure[code ?? ''];
    throw message === undefined ? error : new ListenError(message, { cause: error });
  }
}

/** What the OpenAPI document of a service there is called; undefined where none answers in time. */
async function titleAt(host: string, port: number): Promise<string | undefined> {
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  try {
    const response = await fetch(`http://${name}:${port}/openapi.json`, { signal: AbortSignal.timeout(1_000) });
    const { info } = (await response.json()) as { readonly info?: { readonly title?: unknown } };
    return typeof info?.title === 'string' ? info.title.slice(0, 100) : undefined;
  } catch {
    return undefined;
  }
}
