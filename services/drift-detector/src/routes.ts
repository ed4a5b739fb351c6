/** The REST interface beside the kit's own. Every answer is a read view, written after the commit it speaks of. */
import type { ServiceIo } from '@weir/service-kit/definition';
import { sendJson } from '@weir/service-kit/http/answer';
import { noModel } from '@weir/service-kit/http/model-routes';
import { Problem } from '@weir/service-kit/http/problem';
import type { FastifyInstance } from 'fastify';
import { PerformanceRoute } from './performance-schemas.ts';
import { DriftRoute, WindowRoute } from './schemas.ts';
import { windowKey } from './views.ts';

const SERVICE = 'drift-detector';

interface Window {
  readonly model: string;
  readonly column: string;
  readonly rule: string;
}

export function registerRoutes(app: FastifyInstance, { views }: Pick<ServiceIo, 'views'>): void {
  app.get<{ Params: Pick<Window, 'model'> }>(
    '/v1/models/:model/drift',
    { schema: DriftRoute },
    async (request, reply) => {
      const { model } = request.params;
      const json = await views.get(SERVICE, `drift/${model}`);
      if (json === undefined) throw noModel(model);
      return sendJson(request, reply, json);
    },
  );

  app.get<{ Params: Pick<Window, 'model'> }>(
    '/v1/models/:model/performance',
    { schema: PerformanceRoute },
    async (request, reply) => {
      const { model } = request.params;
      const json = await views.get(SERVICE, `performance/${model}`);
      if (json === undefined) throw noModel(model);
      return sendJson(request, reply, json);
    },
  );

  const url = '/v1/models/:model/drift/columns/:column/windows/:rule';
  app.get<{ Params: Window }>(url, { schema: WindowRoute }, async (request, reply) => {
    const { model, column, rule } = request.params;
    const json = await views.get(SERVICE, windowKey(model, column, rule));
    if (json !== undefined) return sendJson(request, reply, json);
    throw new Problem(
      'NOT_FOUND',
      `model ${JSON.stringify(model)} has no window ${JSON.stringify(rule)} of column ${JSON.stringify(column)}; /v1/models/${encodeURIComponent(model)}/drift lists its windows`,
    );
  });
}
