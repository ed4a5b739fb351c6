/** Versions of models. A service that shows them has views `version/<model>/<version>`, each part percent-encoded. */
import { encode } from '@weir/events/codec';
import type { FastifyInstance } from 'fastify';
import Type, { type Static } from 'typebox';
import { sendJson } from './answer.ts';
import { checkedBody, invalid } from './body.ts';
import { called, errorAnswers } from './openapi.ts';
import { ModelName, Name } from './parameters.ts';
import { Problem } from './problem.ts';
import { joined, MATCH_ANSWERS, WRITE_ANSWERS, WriteHeadersIfMatch } from './write-parameters.ts';
import type { Writer } from './writer.ts';

const closed = { additionalProperties: false } as const;
const Column = Type.String({ minLength: 1, maxLength: 500 });
const Unit = Type.Optional(Type.Union([Type.String({ maxLength: 100 }), Type.Null()], { description: 'null: none' }));

const VersionBody = Type.Object(
  {
    featureSet: Type.Object(
      {
        id: Type.String({ minLength: 1, maxLength: 500, description: 'that events refer to' }),
        features: Type.Array(
          Type.Object(
            {
              name: Column,
              type: Type.Union([Type.Literal('numeric'), Type.Literal('categorical')]),
              unit: Unit,
              protected: Type.Optional(Type.Boolean({ default: false, description: 'needs access control' })),
            },
            closed,
          ),
          { maxItems: 10_000, description: 'in the order of the arrays of events' },
        ),
      },
      closed,
    ),
    outputs: Type.Optional(
      Type.Array(Type.Object({ name: Column, unit: Unit }, closed), { maxItems: 1_000, description: 'in order' }),
    ),
    access: Type.Optional(
      Type.Union([
        Type.Object({ kind: Type.String({ maxLength: 100 }), location: Type.String({ maxLength: 2_000 }) }, closed),
        Type.Null(),
      ]),
    ),
    digest: Type.Optional(Type.Union([Type.String({ maxLength: 200 }), Type.Null()])),
  },
  {
    ...closed,
    description: 'features and outputs of a version',
    examples: [
      {
        featureSet: { id: 'flights/1', features: [{ name: 'distance', type: 'numeric', unit: 'mi' }] },
        outputs: [{ name: 'delay', unit: 'min' }],
      },
    ],
  },
);

const ShownVersion = Type.Object(
  {
    model: Type.String(),
    version: Type.String(),
    featureSet: VersionBody.properties.featureSet,
    outputs: Type.Array(Type.Object({ name: Column, unit: Unit })),
    access: VersionBody.properties.access,
    digest: VersionBody.properties.digest,
    eventTimeMs: Type.Integer({ description: 'of the registration, ms since 1970' }),
    id: Type.String({ description: 'of the registration' }),
  },
  { additionalProperties: true },
);

export function registerVersionRoutes(app: FastifyInstance, writer: Writer): void {
  const url = '/v1/models/:model/versions/:version';
  const params = Type.Object({ model: ModelName, version: Name('version of the model', '1') });
  app.put<{ Params: { readonly model: string; readonly version: string } }>(
    url,
    {
      onRequest: async (request) => void writer.demand(request, 'write'),
      config: { body: VersionBody },
      schema: {
        summary: 'Register a version of a model',
        description: 'Needs the role `write`. Becomes a ModelVersionRegistered on the models topic.',
        tags: ['models'],
        params,
        headers: WriteHeadersIfMatch,
        response: { ...WRITE_ANSWERS, ...MATCH_ANSWERS },
      },
    },
    async (request, reply) => {
      const { model, version } = request.params;
      const body = checkedBody(VersionBody, request.body);
      checkNames(body);
      await writer.precondition(request, `version/${joined(model, version)}`, { required: false });
      return writer.write(request, reply, writer.demand(request, 'write'), {
        topic: 'models',
        model,
        content: body,
        location: () => `/v1/models/${encodeURIComponent(model)}`,
        event: (id, _, nowMs) =>
          encode('ModelVersionRegistered', { model, version, ...filled(body), eventTimeMs: nowMs, id }),
      });
    },
  );

  app.get<{ Params: { readonly model: string; readonly version: string } }>(
    url,
    {
      schema: {
        summary: 'A version of a model',
        tags: ['models'],
        params,
        response: { 200: called('ModelVersion', ShownVersion), ...errorAnswers('NOT_FOUND') },
      },
    },
    async (request, reply) => {
      const { model, version } = request.params;
      const json = await writer.current(`version/${joined(model, version)}`);
      if (json !== undefined) return sendJson(request, reply, json);
      throw new Problem(
        'NOT_FOUND',
        `no service here shows version ${JSON.stringify(version)} of model ${JSON.stringify(model)}; /v1/models/${encodeURIComponent(model)} has what is known`,
      );
    },
  );
}

/** A name stands for one column, whether feature or output. */
function checkNames({ featureSet: { features }, outputs = [] }: Static<typeof VersionBody>): void {
  const places = [
    ...features.map(({ name }, index) => ({ name, pointer: `/featureSet/features/${index}/name` })),
    ...outputs.map(({ name }, index) => ({ name, pointer: `/outputs/${index}/name` })),
  ];
  const seen = new Set<string>();
  const twice = places.filter(({ name }) => seen.has(name) || !seen.add(name));
  if (twice.length > 0)
    throw invalid(
      twice.map(({ name, pointer }) => ({
        pointer,
        message: `is ${JSON.stringify(name)}, which stands twice; rename one`,
      })),
    );
}

function filled({ featureSet, outputs = [], access = null, digest = null }: Static<typeof VersionBody>) {
  const features = featureSet.features.map(({ name, type, unit = null, protected: isProtected = false }) => ({
    name,
    type,
    unit,
    protected: isProtected,
  }));
  return {
    featureSet: { id: featureSet.id, features },
    outputs: outputs.map(({ name, unit = null }) => ({ name, unit })),
    access,
    digest,
  };
}
