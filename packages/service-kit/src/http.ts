/** The HTTP door of a service: OpenAPI, probes, metrics and problem details; loopback unless configured otherwise. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import type { Registry } from 'prom-client';
import { Problem, problemOf, problemPage, sendProblem } from './problem.ts';
import { VERSION } from './version.ts';

const BODY_LIMIT_BYTES = 1_048_576;
const REQUEST_TIMEOUT_MS = 10_000;
const MAX_PARAM_LENGTH = 512;
/** W3C trace context: version, trace id, parent id, flags. */
const TRACE = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Everything else asks for the token, where there is one. */
const OPEN_ROUTES: ReadonlySet<string> = new Set([
  '/',
  '/livez',
  '/readyz',
  '/metrics',
  '/openapi.json',
  '/problems/:code',
]);

export interface Check {
  readonly name: string;
  /** Undefined when all is well; else what is not, for `/readyz?verbose`. */
  readonly fault: () => string | undefined;
}

export interface HttpOptions {
  readonly title: string;
  readonly description: string;
  readonly logger: FastifyBaseLogger;
  readonly registry: Registry;
  readonly checks: readonly Check[];
  /** Empty: nobody is asked for one. Probes and metrics never ask. */
  readonly token: string;
}

/** The app, without listening: tests inject. `routes` registers what is particular to the service. */
export async function createHttp(
  options: HttpOptions,
  routes: (app: FastifyInstance) => void,
): Promise<FastifyInstance> {
  const app = Fastify({
    loggerInstance: options.logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    // The caller's trace where there is one, so that its log and ours can be laid side by side.
    genReqId: ({ headers }) => TRACE.exec(String(headers['traceparent']))?.[1] ?? randomBytes(16).toString('hex'),
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    // A parameter nobody knows is a mistake to tell of, not to drop.
    ajv: { customOptions: { removeAdditional: false, allErrors: false } },
  });
  app.setErrorHandler((error: Error, request, reply) => {
    const problem = problemOf(error, request);
    if (problem.code === 'INTERNAL') request.log.error({ err: error, url: request.url }, 'request failed');
    sendProblem(request, reply, problem);
  });
  app.setNotFoundHandler((request, reply) => {
    sendProblem(
      request,
      reply,
      new Problem('NOT_FOUND', `${request.method} ${request.url} is not a route; /docs lists them`),
    );
  });
  app.addHook('onSend', async (_, reply) => {
    reply.header('x-content-type-options', 'nosniff').header('referrer-policy', 'no-referrer');
  });
  if (options.token !== '') {
    app.addHook('onRequest', async (request) => {
      // The route that matched, not the address as sent: %76 is a v to the router.
      const { url: route = '' } = request.routeOptions;
      if (OPEN_ROUTES.has(route) || route.startsWith('/docs')) return;
      if (!sameSecret(request.headers.authorization ?? '', `Bearer ${options.token}`))
        throw new Problem('UNAUTHORIZED', 'send the token of WEIR_HTTP_TOKEN as "Authorization: Bearer …"');
    });
  }
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: options.title,
        description: options.description,
        version: VERSION,
        license: { name: 'Apache-2.0' },
      },
      ...(options.token === ''
        ? {}
        : {
            components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
            security: [{ token: [] }],
          }),
    },
  });
  await app.register(swaggerUi, { routePrefix: '/docs' });
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
  app.get('/livez', { schema: { hide: true } }, () => ({ status: 'ok' }));
  app.get('/readyz', { schema: { hide: true } }, (request, reply) => {
    const checks = options.checks.map(({ name, fault }) => ({ name, fault: fault() }));
    const isReady = checks.every(({ fault }) => fault === undefined);
    const verbose = 'verbose' in (request.query as object);
    return reply.status(isReady ? 200 : 503).send({
      status: isReady ? 'ok' : 'not ready',
      ...(verbose
        ? {
            checks: checks.map(({ name, fault }) => ({
              name,
              ok: fault === undefined,
              ...(fault === undefined ? {} : { reason: fault }),
            })),
          }
        : {}),
    });
  });
  app.get('/metrics', { schema: { hide: true } }, async (_, reply) =>
    reply.header('content-type', options.registry.contentType).send(await options.registry.metrics()),
  );
  app.get<{ Params: { readonly code: string } }>('/problems/:code', { schema: { hide: true } }, ({ params }, reply) => {
    const page = problemPage(params.code);
    if (page === undefined) throw new Problem('NOT_FOUND', `${params.code} is no code of ours`);
    return reply.header('content-type', 'text/plain; charset=utf-8').send(page);
  });
  app.get('/', { schema: { hide: true } }, (_, reply) => reply.redirect('/docs'));
  routes(app);
  return app;
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
    const cure: Readonly<Record<string, string>> = {
      EADDRINUSE: `port ${port} on ${host} is in use; stop what listens there, or set WEIR_HTTP_PORT (0 lets the system choose)`,
      EACCES: `port ${port} on ${host} needs privileges; set WEIR_HTTP_PORT to 1024 or above`,
      EADDRNOTAVAIL: `${host} is not an address of this machine; correct WEIR_HTTP_HOST`,
      ENOTFOUND: `${host} is not a name that resolves; correct WEIR_HTTP_HOST`,
    };
    const message = cure[code ?? ''];
    throw message === undefined ? error : new ListenError(message, { cause: error });
  }
}

/** In the same time wherever the first difference lies. */
function sameSecret(given: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
