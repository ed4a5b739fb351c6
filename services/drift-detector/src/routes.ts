/** The REST interface. Every answer is a read view, written after the commit it speaks of. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { cursorOf, keyOf } from '@weir/service-kit/cursor';
import { Problem } from '@weir/service-kit/problem';
import { HISTORY_PREFIX, type ReadViews } from '@weir/service-kit/read-views';
import type { FastifyInstance, FastifyReply } from 'fastify';
import Type from 'typebox';
import { AlertPage, AlertSchema, FeatureList, ModelPage, ModelSchema, VerdictList, WindowSchema } from './schemas.ts';
import { windowKey } from './views.ts';

const SERVICE = 'drift-detector';
const MODEL_PREFIX = 'model/';
/** Entries read at once while a filter looks for matches. */
const SCAN = 500;

const Name = (of: string, example: string) =>
  Type.String({ minLength: 1, maxLength: 500, description: of, examples: [example] });
const model = Name('id of the model', 'delay');
const column = Name('name of a feature or output', 'distance');
const Page = {
  limit: Type.Integer({ minimum: 1, maximum: 500, default: 50, description: 'entries at the most' }),
  cursor: Type.Optional(Type.String({ maxLength: 2_000, description: '`next` of the page before' })),
};
const closed = { additionalProperties: false } as const;

export function registerRoutes(instance: FastifyInstance, views: ReadViews): void {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();

  const found = async (key: string, missing: string): Promise<string> => {
    const json = await views.get(SERVICE, key);
    if (json === undefined) throw new Problem('NOT_FOUND', missing);
    return json;
  };
  const noModel = (id: string): string =>
    `model ${JSON.stringify(id)} is not registered; /v1/models lists those that are, the models topic takes new ones`;

  app.get(
    '/v1/models',
    {
      schema: {
        summary: 'Models, by id',
        tags: ['models'],
        querystring: Type.Object(Page, closed),
        response: { 200: ModelPage },
      },
    },
    async ({ query: { limit, cursor } }, reply) => {
      const after = cursor === undefined ? {} : { after: keyOf('models', cursor) };
      const entries = await views.list(SERVICE, { prefix: MODEL_PREFIX, limit: limit + 1, ...after });
      return sendPage(reply, '/v1/models', 'models', entries, limit, {});
    },
  );

  app.get(
    '/v1/models/:model',
    {
      schema: {
        summary: 'One model: what was seen of it and which columns drift',
        tags: ['models'],
        params: Type.Object({ model }),
        response: { 200: ModelSchema },
      },
    },
    async ({ params }, reply) => sendJson(reply, await found(MODEL_PREFIX + params.model, noModel(params.model))),
  );

  app.get(
    '/v1/models/:model/features',
    {
      schema: {
        summary: 'Columns of a model with their references and how many values came and were missing',
        tags: ['models'],
        params: Type.Object({ model }),
        response: { 200: FeatureList },
      },
    },
    async ({ params }, reply) => sendJson(reply, await found(`features/${params.model}`, noModel(params.model))),
  );

  app.get(
    '/v1/models/:model/verdicts',
    {
      schema: {
        summary: 'Current verdict of every window of every column',
        description: 'p-values are for a single look at one window; the threshold accounts for looking at every event.',
        tags: ['verdicts'],
        params: Type.Object({ model }),
        response: { 200: VerdictList },
      },
    },
    async ({ params }, reply) => sendJson(reply, await found(`verdicts/${params.model}`, noModel(params.model))),
  );

  app.get(
    '/v1/models/:model/columns/:column/windows/:rule',
    {
      schema: {
        summary: 'Content of a window beside its reference, as histogram and as pair of distribution functions',
        tags: ['verdicts'],
        params: Type.Object({ model, column, rule: Name('rule of the window, as verdicts name it', 'ks-1000') }),
        response: { 200: WindowSchema },
      },
    },
    async ({ params }, reply) =>
      sendJson(
        reply,
        await found(
          windowKey(params.model, params.column, params.rule),
          `model ${JSON.stringify(params.model)} has no window ${JSON.stringify(params.rule)} of column ${JSON.stringify(params.column)}; /v1/models/${encodeURIComponent(params.model)}/verdicts lists its windows`,
        ),
      ),
  );

  app.get(
    '/v1/alerts',
    {
      schema: {
        summary: 'History of alerts, newest event first',
        description: 'The newest 10,000; the alerts topic has all of them.',
        tags: ['alerts'],
        querystring: Type.Object(
          {
            ...Page,
            model: Type.Optional(model),
            state: Type.Optional(Type.Union([Type.Literal('raised'), Type.Literal('resolved')])),
          },
          closed,
        ),
        response: { 200: AlertPage },
      },
    },
    async ({ query }, reply) => {
      const filter = {
        ...(query.model === undefined ? {} : { model: query.model }),
        ...(query.state === undefined ? {} : { state: query.state }),
      };
      const list = `alerts ${JSON.stringify(filter)}`;
      const entries: { key: string; json: string }[] = [];
      let after = query.cursor === undefined ? undefined : keyOf(list, query.cursor);
      while (entries.length <= query.limit) {
        const page = await views.list(SERVICE, {
          prefix: HISTORY_PREFIX,
          newestFirst: true,
          limit: SCAN,
          ...(after === undefined ? {} : { after }),
        });
        entries.push(...page.filter(({ json }) => matches(json, filter)));
        if (page.length < SCAN) break;
        after = page.at(-1)?.key;
      }
      return sendPage(reply, '/v1/alerts', list, entries, query.limit, filter);
    },
  );

  app.get(
    '/v1/alerts/:id',
    {
      schema: {
        summary: 'One alert, as it stands on the alerts topic',
        tags: ['alerts'],
        params: Type.Object({ id: Type.String({ pattern: '^[0-9a-f]{64}$', description: 'id of the alert' }) }),
        response: { 200: AlertSchema },
      },
    },
    async ({ params: { id } }, reply) => {
      // The history is ordered by event time, and its keys end with the id.
      for (let after: string | undefined; ; ) {
        const page = await views.list(SERVICE, {
          prefix: HISTORY_PREFIX,
          newestFirst: true,
          limit: SCAN,
          ...(after === undefined ? {} : { after }),
        });
        const entry = page.find(({ key }) => key.endsWith(id));
        if (entry !== undefined) return sendJson(reply, entry.json);
        if (page.length < SCAN) break;
        after = page.at(-1)?.key;
      }
      throw new Problem('NOT_FOUND', `alert ${id} is not among the newest 10,000; look for it on the alerts topic`);
    },
  );
}

function matches(json: string, { model: id, state }: { readonly model?: string; readonly state?: string }): boolean {
  if (id === undefined && state === undefined) return true;
  const alert = JSON.parse(json) as { readonly model: string; readonly state: string };
  return (id === undefined || alert.model === id) && (state === undefined || alert.state === state);
}

/** Views are JSON already: nothing is parsed and printed again. */
function sendJson(reply: FastifyReply, json: string): FastifyReply {
  return reply.header('content-type', 'application/json; charset=utf-8').send(json);
}

/** `entries` may hold more than `limit`: then there is a next page. */
function sendPage(
  reply: FastifyReply,
  path: string,
  list: string,
  entries: readonly { readonly key: string; readonly json: string }[],
  limit: number,
  filter: Readonly<Record<string, string>>,
): FastifyReply {
  const shown = entries.slice(0, limit);
  const next = entries.length > limit ? cursorOf(list, shown.at(-1)?.key ?? '') : null;
  if (next !== null) {
    const query = new URLSearchParams({ ...filter, limit: String(limit), cursor: next });
    reply.header('link', `<${path}?${query.toString()}>; rel="next"`);
  }
  return sendJson(reply, `{"items":[${shown.map(({ json }) => json).join(',')}],"next":${JSON.stringify(next)}}`);
}
