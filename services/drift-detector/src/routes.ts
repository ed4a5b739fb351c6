/** The REST interface beside the kit's own. Every answer is a read view, written after the commit it speaks of. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { ServiceIo } from '@weir/service-kit/definition';
import { Problem } from '@weir/service-kit/problem';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { DriftSchema, WindowSchema } from './schemas.ts';
import { windowKey } from './views.ts';

const SERVICE = 'drift-detector';
const Name = (description: string, example: string) =>
  Type.String({ minLength: 1, maxLength: 500, description, examples: [example] });
const model = Name('id of the model', 'delay');
const column = Name('name of a feature or output', 'distance');
const rule = Name('rule of the window, as verdicts name it', 'ks-1000');
const JSON_TYPE = 'application/json; charset=utf-8';

export function registerRoutes(instance: FastifyInstance, { views }: Pick<ServiceIo, 'views'>): void {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();
  const found = async (key: string, missing: string): Promise<string> => {
    const json = await views.get(SERVICE, key);
    if (json === undefined) throw new Problem('NOT_FOUND', missing);
    return json;
  };

  const drift = {
    summary:
      'Every column of a model with its reference and the verdict of each of its windows, and what is not watched',
    description: 'p-values are for a single look at one window; thresholds account for looking at every event.',
    tags: ['drift'],
    params: Type.Object({ model }),
    response: { 200: DriftSchema },
  };
  app.get('/v1/models/:model/drift', { schema: drift }, async ({ params }, reply) => {
    const missing = `model ${JSON.stringify(params.model)} is not registered; /v1/models lists those that are, the models topic takes new ones`;
    return reply.type(JSON_TYPE).send(await found(`drift/${params.model}`, missing));
  });

  const window = {
    summary: 'Content of a window beside its reference, as histogram and as pair of distribution functions',
    tags: ['drift'],
    params: Type.Object({ model, column, rule }),
    response: { 200: WindowSchema },
  };
  app.get('/v1/models/:model/drift/columns/:column/windows/:rule', { schema: window }, async ({ params }, reply) => {
    const missing = `model ${JSON.stringify(params.model)} has no window ${JSON.stringify(params.rule)} of column ${JSON.stringify(params.column)}; /v1/models/${encodeURIComponent(params.model)}/drift lists its windows`;
    return reply.type(JSON_TYPE).send(await found(windowKey(params.model, params.column, params.rule), missing));
  });
}
