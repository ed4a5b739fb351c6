/** Alerts of all mounted services, as JSON and, for browsers, one as a page. */
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { ALERT_PAGE_POLICY, alertPage } from './alert-page.ts';
import { type AlertFilter, findAlert, findAlerts } from './alerts.ts';
import { sendJson, sendPage, sendTagged } from './answer.ts';
import { keyOf } from './cursor.ts';
import type { MountedService } from './mount.ts';
import { errorAnswers, named } from './openapi.ts';
import { elsewhere } from './ownership.ts';
import { CLOSED, Elsewhere, ModelName, Name, PageParameters, type PageQuery } from './parameters.ts';
import { Problem } from './problem.ts';

const Text = (description: string) => Type.String({ description });
const Time = (description: string) => Type.Integer({ description: `${description}, ms since 1970, UTC` });

const AlertSchema = Type.Object(
  {
    state: Type.Union([Type.Literal('raised'), Type.Literal('resolved')]),
    id: Text('of this alert'),
    fingerprint: Text('the same for every alert of the same matter'),
    model: Text('id of the model'),
    kind: Text('drift, anomaly, quality, fairness, performance, promotion, pipeline or other'),
    rule: Text('which test spoke'),
    severity: Text('info, warning or critical'),
    summary: Text('one sentence for people'),
    value: Type.Union([Type.Number(), Type.Null()], { description: 'statistic of the rule, in `unit`' }),
    threshold: Type.Union([Type.Number(), Type.Null()], { description: 'what it had to reach, in `unit`' }),
    sinceMs: Time('when it most probably began'),
    eventTimeMs: Time('the event that caused it'),
    resolution: Type.Optional(
      Type.Union([Type.Object({}, { additionalProperties: true }), Type.Null()], {
        description: 'of a raised alert: how and when it ended; null while it is open',
      }),
    ),
  },
  { $id: 'Alert', additionalProperties: true, description: 'as it stands on the alerts topic' },
);
const AlertId = Type.String({
  pattern: '^[0-9a-f]{12,64}$',
  description: 'id of the alert, or its first 12 digits or more',
});
const AlertPage = Type.Object(
  {
    items: Type.Array(named('Alert')),
    next: Type.Union([Type.String(), Type.Null()], { description: 'cursor of the next page; null on the last' }),
    elsewhere: Elsewhere,
  },
  { $id: 'AlertPage' },
);
const Choice = (choices: readonly string[], description: string) =>
  Type.Optional(
    Type.Union(
      choices.map((each) => Type.Literal(each)),
      { description },
    ),
  );
const Query = Type.Object(
  {
    ...PageParameters,
    state: Choice(
      ['open', 'raised', 'resolved'],
      'open: raised and not resolved yet; without it both records of an alert',
    ),
    model: Type.Optional(ModelName),
    kind: Type.Optional(Name('sort of alert', 'drift')),
    severity: Choice(['info', 'warning', 'critical'], 'how urgent'),
  },
  CLOSED,
);

export function registerAlertRoutes(app: FastifyInstance, services: readonly MountedService[]): void {
  app.addSchema(AlertSchema);
  app.addSchema(AlertPage);
  app.get<{ Querystring: PageQuery & AlertFilter }>(
    '/v1/alerts',
    {
      schema: {
        summary: 'Alerts, newest event first',
        description: 'The newest 10,000 of each service; the alerts topic has all of them.',
        tags: ['alerts'],
        querystring: Query,
        response: { 200: named('AlertPage'), ...errorAnswers('BAD_REQUEST', 'BAD_CURSOR') },
      },
    },
    async (request, reply) => {
      const { limit, cursor, ...filter } = request.query;
      const list = `alerts ${JSON.stringify([filter.state, filter.model, filter.kind, filter.severity])}`;
      const after = cursor === undefined ? undefined : keyOf(list, cursor);
      const entries = await findAlerts(services, filter, limit + 1, after);
      return sendPage(request, reply, entries, {
        list,
        path: '/v1/alerts',
        limit,
        filter: { ...filter },
        elsewhere: elsewhere(services),
      });
    },
  );

  app.get<{ Params: { readonly id: string } }>(
    '/v1/alerts/:id',
    {
      schema: {
        summary: 'One alert; a page for browsers that ask for text/html',
        tags: ['alerts'],
        params: Type.Object({ id: AlertId }),
        response: { 200: named('Alert'), ...errorAnswers('NOT_FOUND') },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const json = await findAlert(services, id);
      if (json === undefined)
        throw new Problem(
          'NOT_FOUND',
          `alert ${id} is not open and not among the newest 10,000${asked(elsewhere(services))}; look for it on the alerts topic`,
        );
      reply.header('vary', 'accept');
      if (!prefersHtml(request.headers.accept)) return sendJson(request, reply, json);
      reply.header('content-security-policy', ALERT_PAGE_POLICY);
      return sendTagged(request, reply, alertPage(json), 'text/html; charset=utf-8');
    },
  );
}

function asked(others: readonly string[]): string {
  return others.length === 0 ? '' : ` of this instance's models; other models are at ${others.join(', ')}`;
}

/** JSON unless text/html is named with a greater weight, as browsers do. */
function prefersHtml(accept: string = ''): boolean {
  const weights = new Map(
    accept.split(',').map((range) => {
      const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
      const quality = parameters.find((parameter) => parameter.startsWith('q='));
      return [type, quality === undefined ? 1 : Number(quality.slice(2))] as const;
    }),
  );
  return (weights.get('text/html') ?? 0) > (weights.get('application/json') ?? 0);
}
