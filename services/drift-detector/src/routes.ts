/** The REST interface beside the kit's own. Every answer is a read view, written after the commit it speaks of. */
import type { ServiceIo } from '@weir/service-kit/definition';
import { sendJson } from '@weir/service-kit/http/answer';
import { noModel } from '@weir/service-kit/http/model-routes';
import { errorAnswers } from '@weir/service-kit/http/openapi';
import { ModelName, Name } from '@weir/service-kit/http/parameters';
import { Problem } from '@weir/service-kit/http/problem';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { DriftSchema, WindowSchema } from './schemas.ts';
import { windowKey } from './views.ts';

const SERVICE = 'drift-detector';

interface Window {
  readonly model: string;
  readonly column: string;
  readonly rule: string;
}

export function registerRoutes(app: FastifyInstance, { views }: Pick<ServiceIo, 'views'>): void {
  const drift = {
    summary: 'Columns of a model with their references, the verdict of each of their windows, and what is not watched',
    description: 'p-values are for a single look at one window; thresholds account for looking at every event.',
    tags: ['drift'],
    params: Type.Object({ model: ModelName }),
    response: { 200: DriftSchema, ...errorAnswers('NOT_FOUND') },
  };
  app.get<{ Params: Pick<Window, 'model'> }>('/v1/models/:model/drift', { schema: drift }, async (request, reply) => {
    const { model } = request.params;
    const json = await views.get(SERVICE, `drift/${model}`);
    if (json === undefined) throw noModel(model);
    return sendJson(request, reply, json);
  });

  const window = {
    summary: 'Content of a window beside its reference, as histogram and as pair of distribution functions',
    tags: ['drift'],
    params: Type.Object({
      model: ModelName,
      column: Name('name of a feature or output', 'distance'),
      rule: Name('rule of the window, as verdicts name it', 'ks-1000'),
    }),
    response: { 200: WindowSchema, ...errorAnswers('NOT_FOUND') },
  };
  const url = '/v1/models/:model/drift/columns/:column/windows/:rule';
  app.get<{ Params: Window }>(url, { schema: window }, async (request, reply) => {
    const { model, column, rule } = request.params;
    const json = await views.get(SERVICE, windowKey(model, column, rule));
    if (json !== undefined) return sendJson(request, reply, json);
    throw new Problem(
      'NOT_FOUND',
      `model ${JSON.stringify(model)} has no window ${JSON.stringify(rule)} of column ${JSON.stringify(column)}; /v1/models/${encodeURIComponent(model)}/drift lists its windows`,
    );
  });
}
