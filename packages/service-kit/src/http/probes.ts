/** Probes, metrics and the pages of the errors: open to everybody, since they tell nothing of models. */
import type { FastifyInstance } from 'fastify';
import { Gauge, type Registry } from 'prom-client';
import { Problem, problemPage } from './problem.ts';

/** Every other route asks for a token, where there are identities. */
export const OPEN_ROUTES: ReadonlySet<string> = new Set([
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

export function registerProbes(app: FastifyInstance, registry: Registry, checks: readonly Check[]): void {
  const schema = { hide: true };
  const isOk: Gauge<'check'> = new Gauge({
    name: 'weir_check_ok',
    help: '1 while a check of /readyz holds, by its name; 0 while it does not, and /readyz?verbose says why.',
    labelNames: ['check'],
    registers: [registry],
    collect: () => {
      for (const { name, fault } of checks) isOk.set({ check: name }, fault() === undefined ? 1 : 0);
    },
  });
  app.get('/livez', { schema }, () => ({ status: 'ok' }));
  app.get('/readyz', { schema }, (request, reply) => {
    const results = checks.map(({ name, fault }) => ({ name, fault: fault() }));
    const isReady = results.every(({ fault }) => fault === undefined);
    const verbose = results.map(({ name, fault }) =>
      fault === undefined ? { name, ok: true } : { name, ok: false, reason: fault },
    );
    return reply.status(isReady ? 200 : 503).send({
      status: isReady ? 'ok' : 'not ready',
      ...('verbose' in (request.query as object) ? { checks: verbose } : {}),
    });
  });
  app.get('/metrics', { schema }, async (_, reply) =>
    reply.header('content-type', registry.contentType).send(await registry.metrics()),
  );
  app.get<{ Params: { readonly code: string } }>('/problems/:code', { schema }, ({ params }, reply) => {
    const page = problemPage(params.code);
    if (page === undefined)
      throw new Problem(
        'NOT_FOUND',
        `${JSON.stringify(params.code)} is not the code of an error; docs/errors.md lists them`,
      );
    return reply.header('content-type', 'text/plain; charset=utf-8').send(page);
  });
  app.get('/', { schema }, (_, reply) => reply.redirect('/docs'));
}
