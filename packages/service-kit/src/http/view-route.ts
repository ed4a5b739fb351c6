/** Routes that answer with a read view, as most of a service's own do. */
import type { FastifyInstance, FastifyRequest, FastifySchema } from 'fastify';
import type { ServiceIo } from '../definition.ts';
import { sendJson } from './answer.ts';
import { noModel } from './model-routes.ts';
import type { Problem } from './problem.ts';

/** Path parameters by name; `model` is one of them. */
export type Params = Readonly<Record<string, string>> & { readonly model: string };

export interface ViewRoute {
  readonly service: string;
  /** Has `:model`. */
  readonly url: string;
  readonly schema: FastifySchema;
  /** Of the view. */
  readonly key: (params: Params) => string;
  /** What is told where the view is not there; absent: that the model is not registered. */
  readonly absent?: (params: Params) => Problem;
  /** Needed beside the right to read. */
  readonly role?: string;
  /** What of the view the caller may see; absent: all of it. */
  readonly shown?: (json: string, request: FastifyRequest, params: Params) => string | Promise<string>;
}

export function registerView(
  app: FastifyInstance,
  { views, principalOf }: Pick<ServiceIo, 'views' | 'principalOf'>,
  { service, url, schema, key, absent, role, shown }: ViewRoute,
): void {
  const onRequest =
    role === undefined ? {} : { onRequest: async (request: FastifyRequest) => void principalOf(request, role) };
  app.get<{ Params: Params }>(url, { ...onRequest, schema }, async (request, reply) => {
    const { params } = request;
    const json = await views.get(service, key(params));
    if (json === undefined) throw absent?.(params) ?? noModel(params.model);
    return sendJson(request, reply, shown === undefined ? json : await shown(json, request, params));
  });
}
