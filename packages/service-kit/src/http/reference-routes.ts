/** References of columns. A service that shows them has views `reference/<model>/<column>`, each part percent-encoded. */
import { encode } from '@weir/events/codec';
import { categoricalReferenceHash, referenceHash } from '@weir/events/reference-hash';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { sendJson } from './answer.ts';
import { called, errorAnswers, named } from './openapi.ts';
import { ModelName, Name } from './parameters.ts';
import { Problem } from './problem.ts';
import {
  type ReferenceContent,
  ReferenceCsv,
  ReferenceSchema,
  referenceOfCsv,
  referenceOfJson,
} from './reference-body.ts';
import { joined, MATCH_ANSWERS, WRITE_ANSWERS, WriteHeadersIfMatch } from './write-parameters.ts';
import type { Writer } from './writer.ts';

const ShownReference = Type.Object(
  {
    model: Type.String(),
    column: Type.String(),
    type: Type.Union([Type.Literal('numeric'), Type.Literal('categorical')]),
    hash: Type.String({ description: 'of the content; packages/events/README.md has its rule' }),
    size: Type.Integer({ description: 'values, missing ones left out' }),
    distinct: Type.Integer(),
    missing: Type.Integer(),
    source: Type.String({ description: 'where it is from' }),
    eventTimeMs: Type.Integer({ description: 'when it was set, ms since 1970' }),
    id: Type.String({ description: 'of the ReferenceSet' }),
  },
  { additionalProperties: true },
);
const params = Type.Object({ model: ModelName, column: Name('feature or output', 'distance') });

const Shown = {
  summary: 'What is known of the reference of a column',
  tags: ['models'],
  params,
  response: { 200: called('ReferenceSummary', ShownReference), ...errorAnswers('NOT_FOUND') },
};

/** Of the text; the event that comes of it must fit a record of the topic. */
const BODY_LIMIT_BYTES = 33_554_432;

export function registerReferenceRoutes(app: FastifyInstance, writer: Writer): void {
  app.addSchema(ReferenceSchema);
  app.addContentTypeParser('text/csv', { parseAs: 'string' }, (_, text, done) => done(null, text));
  const url = '/v1/models/:model/references/:column';
  app.put<{ Params: { readonly model: string; readonly column: string } }>(
    url,
    {
      onRequest: async (request) => void writer.demand(request, 'write'),
      bodyLimit: BODY_LIMIT_BYTES,
      config: { body: named('Reference'), otherBodies: { 'text/csv': ReferenceCsv } },
      schema: {
        summary: 'Set the reference of a column',
        description:
          'Needs the role `write`. Becomes a ReferenceSet on the references topic. At most 32 MiB, 1,048,576 distinct values and a record of 8 MiB.',
        tags: ['models'],
        params,
        headers: WriteHeadersIfMatch,
        response: { ...WRITE_ANSWERS, ...MATCH_ANSWERS },
      },
    },
    async (request, reply) => {
      const { model, column } = request.params;
      const { source, ...content } = contentOf(request.body);
      await writer.precondition(request, `reference/${joined(model, column)}`, { required: false });
      const hash = hashOf(content);
      return writer.write(request, reply, writer.demand(request, 'write'), {
        topic: 'references',
        model,
        content: [hash, source],
        location: () => `/v1/models/${joined(model, 'references', column)}`,
        event: (id, principal, nowMs) =>
          encode('ReferenceSet', {
            model,
            column,
            ...content,
            hash,
            source: source === '' ? `PUT by ${principal.id}` : source,
            eventTimeMs: nowMs,
            id,
          }),
      });
    },
  );

  app.get<{ Params: { readonly model: string; readonly column: string } }>(
    url,
    { schema: Shown },
    async (request, reply) => {
      const { model, column } = request.params;
      const json = await writer.current(`reference/${joined(model, column)}`);
      if (json !== undefined) return sendJson(request, reply, json);
      throw new Problem(
        'NOT_FOUND',
        `no service here shows a reference of column ${JSON.stringify(column)} of model ${JSON.stringify(model)}; PUT one here`,
      );
    },
  );
}

/** The parser of text/csv gives text, that of application/json everything else. A JSON string is no reference of either. */
function contentOf(body: unknown): ReferenceContent & { readonly source: string } {
  return typeof body === 'string' ? { ...referenceOfCsv(body), source: '' } : referenceOfJson(body);
}

function hashOf({ values, categories, counts, missing }: ReferenceContent): string {
  return categories === null
    ? referenceHash(values, counts, missing)
    : categoricalReferenceHash(categories, counts, missing);
}
