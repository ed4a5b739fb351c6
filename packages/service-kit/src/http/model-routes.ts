/** Models: what every mounted service says of them, side by side. A service contributes its view `model/<id>`. */
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { sendJson, sendPage } from './answer.ts';
import { keyOf } from './cursor.ts';
import { getOfAll, listOfAll, type ServiceEntry } from './merged-views.ts';
import type { MountedService } from './mount.ts';
import { errorAnswers, named } from './openapi.ts';
import { elsewhere } from './ownership.ts';
import { CLOSED, Elsewhere, ModelName, PageParameters, type PageQuery } from './parameters.ts';
import { Problem } from './problem.ts';

const PREFIX = 'model/';

const ModelSchema = Type.Object(
  {
    model: Type.String({ description: 'id of the model' }),
    services: Type.Record(Type.String(), Type.Unknown(), {
      description: 'what each service says of the model, by the name of the service',
    }),
  },
  { $id: 'Model' },
);
const ModelPage = Type.Object(
  {
    items: Type.Array(named('Model')),
    next: Type.Union([Type.String(), Type.Null()], { description: 'cursor of the next page; null on the last' }),
    elsewhere: Elsewhere,
  },
  { $id: 'ModelPage' },
);

export function registerModelRoutes(app: FastifyInstance, services: readonly MountedService[]): void {
  app.addSchema(ModelSchema);
  app.addSchema(ModelPage);
  app.get<{ Querystring: PageQuery }>(
    '/v1/models',
    {
      schema: {
        summary: 'Models, by id',
        tags: ['models'],
        querystring: Type.Object(PageParameters, CLOSED),
        response: { 200: named('ModelPage'), ...errorAnswers('BAD_REQUEST', 'BAD_CURSOR') },
      },
    },
    async (request, reply) => {
      const { limit, cursor } = request.query;
      const after = cursor === undefined ? {} : { after: keyOf('models', cursor) };
      const entries = await listOfAll(services, { prefix: PREFIX, limit: limit + 1, ...after });
      const models = [...Map.groupBy(entries, ({ key }) => key)].map(([key, each]) => ({ key, json: merged(each) }));
      return sendPage(request, reply, models, {
        list: 'models',
        path: '/v1/models',
        limit,
        filter: {},
        elsewhere: elsewhere(services),
      });
    },
  );

  app.get<{ Params: { readonly model: string } }>(
    '/v1/models/:model',
    {
      schema: {
        summary: 'One model',
        tags: ['models'],
        params: Type.Object({ model: ModelName }),
        response: { 200: named('Model'), ...errorAnswers('NOT_FOUND') },
      },
    },
    async (request, reply) => {
      const { model } = request.params;
      const entries = await getOfAll(services, PREFIX + model);
      if (entries.length === 0) throw noModel(model);
      return sendJson(request, reply, merged(entries));
    },
  );
}

export function noModel(model: string): Problem {
  const path = `/v1/models/${encodeURIComponent(model)}/versions/…`;
  return new Problem(
    'NOT_FOUND',
    `model ${JSON.stringify(model)} is not registered; /v1/models lists those that are, PUT ${path} registers one`,
  );
}

/** Views are JSON already: nothing is parsed and printed again. */
function merged(entries: readonly ServiceEntry[]): string {
  const services = entries.map(({ service, json }) => `${JSON.stringify(service)}:${json}`).join(',');
  return `{"model":${JSON.stringify(entries[0]?.key.slice(PREFIX.length))},"services":{${services}}}`;
}
