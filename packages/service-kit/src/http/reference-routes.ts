/** References of columns. A service that shows them has views `reference/<model>/<column>`, each part percent-encoded. */
import { encode } from '@weir/events/codec';
import { categoricalReferenceHash, referenceHash } from '@weir/events/reference-hash';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { sendJson } from './answer.ts';
import { errorAnswers, named } from './openapi.ts';
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

/** Of the text; the event that comes of it must fit a record of the topic. */
const BODY_LIMIT_BYTES = 33_554_432;

export function registerReferenceRoutes(app: FastifyInstance, writer: Writer): void {
  app.addSchema(ReferenceSchema);
  app.addContentTypeParser('text/csv', { parseAs: 'string' }, (_, text, done) => done(null, text));
  const url = '/v1/models/:model/references/:column';
  const params = Type.Object({ model: ModelName, column: Name('feature or output', 'distance') });
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
    { schema: { summary: 'The reference of a column', tags: ['models'], params, response: errorAnswers('NOT_FOUND') } },
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
