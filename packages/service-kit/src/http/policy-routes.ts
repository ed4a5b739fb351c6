/** The promotion policy of a model. A service that shows it has the view `policy/<model>`, percent-encoded. */
import { createHash } from 'node:crypto';
import { encode } from '@weir/events/codec';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { sendJson } from './answer.ts';
import { checkedBody } from './body.ts';
import { called, errorAnswers } from './openapi.ts';
import { ModelName } from './parameters.ts';
import { Problem } from './problem.ts';
import { joined, MATCH_ANSWERS, WRITE_ANSWERS, WriteHeadersIfMatch } from './write-parameters.ts';
import type { Writer } from './writer.ts';

/** What a policy means is the business of the service that processes it; here it is an object of bounded size and depth. */
const PolicyBody = Type.Object({}, { additionalProperties: true, minProperties: 1, description: 'the whole policy' });

export function registerPolicyRoutes(app: FastifyInstance, writer: Writer): void {
  const url = '/v1/models/:model/policy';
  const params = Type.Object({ model: ModelName });
  app.put<{ Params: { readonly model: string } }>(
    url,
    {
      onRequest: async (request) => void writer.demand(request, 'write'),
      config: { body: PolicyBody, readsViews: true },
      schema: {
        summary: 'Set the promotion policy of a model',
        description:
          'Needs the role `write`, and If-Match where there is a policy. Becomes a PolicySet on the models topic; the hash in it is over the JSON without white space.',
        tags: ['promotion'],
        params,
        headers: WriteHeadersIfMatch,
        response: { ...WRITE_ANSWERS, ...MATCH_ANSWERS },
      },
    },
    async (request, reply) => {
      const { model } = request.params;
      const policy = JSON.stringify(checkedBody(PolicyBody, request.body));
      await writer.precondition(request, `policy/${joined(model)}`, { required: true });
      return writer.write(request, reply, writer.demand(request, 'write'), {
        topic: 'models',
        model,
        content: policy,
        location: () => `/v1/models/${joined(model)}/policy`,
        event: (id, principal, nowMs) => {
          const hash = createHash('sha256').update(policy).digest('hex');
          return encode('PolicySet', { model, policy, hash, principal, eventTimeMs: nowMs, id });
        },
      });
    },
  );

  app.get<{ Params: { readonly model: string } }>(
    url,
    {
      schema: {
        summary: 'The promotion policy of a model',
        tags: ['promotion'],
        params,
        response: { 200: called('Policy', PolicyBody), ...errorAnswers('NOT_FOUND') },
      },
    },
    async (request, reply) => {
      const { model } = request.params;
      const json = await writer.current(`policy/${joined(model)}`);
      if (json !== undefined) return sendJson(request, reply, json);
      throw new Problem('NOT_FOUND', `no service here shows a policy of model ${JSON.stringify(model)}; PUT one here`);
    },
  );
}
