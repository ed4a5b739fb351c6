/** The REST interface beside the kit's own. Answers are read views, written after the commit they speak of. */
import { createHash } from 'node:crypto';
import { encode } from '@weir/events/codec';
import type { ServiceIo } from '@weir/service-kit/definition';
import { sendJson } from '@weir/service-kit/http/answer';
import { checkedBody } from '@weir/service-kit/http/body';
import { noModel } from '@weir/service-kit/http/model-routes';
import { called, errorAnswers } from '@weir/service-kit/http/openapi';
import { ModelName, Name } from '@weir/service-kit/http/parameters';
import { hasRole } from '@weir/service-kit/http/principals';
import { Problem } from '@weir/service-kit/http/problem';
import { registerView } from '@weir/service-kit/http/view-route';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import Type from 'typebox';
import { AdviceShape, ExplanationShape, FairnessShape, ImportanceShape, PendingShape } from './schemas.ts';
import { explanationKey } from './views.ts';
import { withoutProtected } from './withheld.ts';

const SERVICE = 'explanation-sampler';
/** Who may read what is said of protected attributes. */
export const PROTECTED_ROLE = 'protected';
const POLL_MS = 20;

const ExplainBody = Type.Object(
  {
    version: Name('version of the model', '1'),
    features: Type.Record(Type.String({ maxLength: 500 }), Type.Union([Type.Number(), Type.String(), Type.Null()]), {
      maxProperties: 5_000,
      description: 'values by column of the feature set; null or absent = missing',
    }),
    withinMs: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 20_000, default: 5_000, description: 'how long the answer is waited for' }),
    ),
  },
  {
    additionalProperties: false,
    description: 'an event, whether it was logged or not',
    examples: [{ version: '1', features: { distance: 590, departureHour: 17.5 }, withinMs: 2_000 }],
  },
);

const params = Type.Object({ model: ModelName });
type OfModel = { readonly Params: { readonly model: string } };

export function registerRoutes(app: FastifyInstance, io: ServiceIo): void {
  const maySeeProtected = (request: FastifyRequest): boolean => hasRole(io.principalOf(request), PROTECTED_ROLE);
  registerReads(app, io, maySeeProtected);
  registerFairness(app, io);

  app.post<OfModel>(
    '/v1/models/:model/explanations',
    {
      onRequest: async (request) => void io.principalOf(request, 'command'),
      config: { body: ExplainBody, readsViews: true },
      schema: {
        summary: 'Explain an event now',
        description: `Needs the role \`command\`. 200 with the explanation once it is there; 202 with where it will be when the time is over. It is recorded like any other, and is no part of the sample.`,
        tags: ['explanations'],
        params,
        response: {
          200: called('Explanation', ExplanationShape),
          202: called('PendingExplanation', PendingShape),
          ...errorAnswers('NOT_FOUND', 'UNPROCESSABLE', 'UNAUTHORIZED', 'FORBIDDEN'),
        },
      },
    },
    async (request, reply) => {
      const { model } = request.params;
      const { version, features, withinMs = 5_000 } = checkedBody(ExplainBody, request.body);
      if ((await io.views.get(SERVICE, `explanations/${model}`)) === undefined) throw noModel(model);
      const untilMs = performance.now() + withinMs;
      const id = createHash('sha256').update(`${request.id} ${crypto.randomUUID()}`).digest('hex');
      const subject = { version, features: JSON.stringify(features) };
      const { id: by, roles } = io.principalOf(request);
      const event = {
        id,
        model,
        action: 'explain',
        subject,
        reason: '',
        principal: { id: by, roles },
        issuedMs: Date.now(),
      };
      const { processed } = await io.submit('commands', model, encode('CommandIssued', event), {
        untilProcessedMs: withinMs,
      });
      for (;;) {
        const json = await io.views.get(SERVICE, explanationKey(model, id));
        if (json !== undefined)
          return sendJson(request, reply, maySeeProtected(request) ? json : await withheld(io, model, json));
        if (performance.now() >= untilMs) break;
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      }
      const location = `/v1/models/${encodeURIComponent(model)}/explanations/${id}`;
      return reply.status(202).header('location', location).send({ id, location, processed });
    },
  );
}

function registerReads(
  app: FastifyInstance,
  io: ServiceIo,
  maySeeProtected: (request: FastifyRequest) => boolean,
): void {
  const shown = (
    json: string,
    request: FastifyRequest,
    { model }: { readonly model: string },
  ): string | Promise<string> => (maySeeProtected(request) ? json : withheld(io, model, json));
  registerView(app, io, {
    service: SERVICE,
    url: '/v1/models/:model/explanations',
    schema: {
      summary: 'Importance of the columns for each version, with intervals',
      description:
        'Means over all events, estimated from the sample by its inclusion probabilities (Hájek), with 95 % intervals. Of protected columns only with the role `protected`.',
      tags: ['explanations'],
      params,
      response: { 200: called('Importance', ImportanceShape), ...errorAnswers('NOT_FOUND') },
    },
    key: ({ model }) => `explanations/${model}`,
    shown,
  });
  registerView(app, io, {
    service: SERVICE,
    url: '/v1/models/:model/explanations/:prediction',
    schema: {
      summary: 'The explanation of one prediction',
      description: 'Of a sample of this day and of the day before, and of events that were asked for.',
      tags: ['explanations'],
      params: Type.Object({
        model: ModelName,
        prediction: Type.String({
          minLength: 1,
          maxLength: 1_024,
          description: 'id of the prediction, or of a request',
        }),
      }),
      response: { 200: called('Explanation', ExplanationShape), ...errorAnswers('NOT_FOUND') },
    },
    key: ({ model, prediction = '' }) => explanationKey(model, prediction),
    absent: ({ model, prediction }) =>
      new Problem(
        'NOT_FOUND',
        `no explanation of ${JSON.stringify(prediction)} is kept; /v1/models/${encodeURIComponent(model)}/explanations lists those that are, and POST to it explains an event now`,
      ),
    shown,
  });
}

/** Of protected attributes: all of it takes their role. */
function registerFairness(app: FastifyInstance, io: ServiceIo): void {
  const errors = errorAnswers('NOT_FOUND', 'UNAUTHORIZED', 'FORBIDDEN');
  registerView(app, io, {
    service: SERVICE,
    url: '/v1/models/:model/fairness',
    schema: {
      summary: 'Rates of groups with confidence sequences and alarms, and the columns that carry gaps of scores',
      description: 'Needs the role `protected`. Groups below the smallest size are left out.',
      tags: ['fairness'],
      params,
      response: { 200: called('Fairness', FairnessShape), ...errors },
    },
    key: ({ model }) => `fairness/${model}`,
    role: PROTECTED_ROLE,
  });
  registerView(app, io, {
    service: SERVICE,
    url: '/v1/models/:model/fairness/advice',
    schema: {
      summary: 'What could be done about groups that are treated differently',
      description:
        'Needs the role `protected`. Thresholds, weights for retraining and a hold of promotions, as proposals: nothing is changed by itself. Groups below the smallest size are left out.',
      tags: ['fairness'],
      params,
      response: { 200: called('FairnessAdvice', AdviceShape), ...errors },
    },
    key: ({ model }) => `fairness-advice/${model}`,
    role: PROTECTED_ROLE,
  });
}

async function withheld(io: ServiceIo, model: string, json: string): Promise<string> {
  const all = (await io.views.get(SERVICE, `explanations/${model}`)) ?? '{}';
  const { protectedFeatures = [] } = JSON.parse(all) as { readonly protectedFeatures?: readonly string[] };
  return withoutProtected(json, new Set(protectedFeatures));
}
