/** The REST interface beside the kit's own. Every answer but the lease of a split is a read view. */
import type { ServiceIo } from '@weir/service-kit/definition';
import { etagOf, hasTag, sendJson } from '@weir/service-kit/http/answer';
import { checkedBody } from '@weir/service-kit/http/body';
import { called, errorAnswers } from '@weir/service-kit/http/openapi';
import { ModelName } from '@weir/service-kit/http/parameters';
import { Problem } from '@weir/service-kit/http/problem';
import { registerView } from '@weir/service-kit/http/view-route';
import type { FastifyInstance } from 'fastify';
import Type, { type TSchema } from 'typebox';
import { OPERATE } from './command-checks.ts';
import { type KernelConfig, type SplitPlace, signSplit, splitDocument } from './decision-log.ts';
import { flagdDocument } from './flagd.ts';
import { ALL_MODELS, type KillSwitch } from './kill-switch.ts';
import { DecisionsShape, EvidenceShape, FlagdShape, JudgementShape, KillSwitchShape, SplitShape } from './schemas.ts';
import type { Signer } from './signer.ts';
import type { Split } from './state.ts';
import { viewKey } from './views.ts';

const SERVICE = 'promotion';
const params = Type.Object({ model: ModelName });
const RENEWED = Type.Null({ description: 'the split has not changed, and its lease is renewed' });
type InModel = { Params: { readonly model: string } };

export interface RoutesOptions {
  readonly config: KernelConfig;
  readonly signer: Signer;
  readonly killSwitch: KillSwitch;
  /** Wall clock, ms. */
  readonly now: () => number;
}

export function registerRoutes(app: FastifyInstance, io: ServiceIo, options: RoutesOptions): void {
  registerSplit(app, io, options);
  registerFlagd(app, io, options);
  registerEvidence(app, io);
  registerKillSwitch(app, io, options);
}

function registerSplit(
  app: FastifyInstance,
  { views }: ServiceIo,
  { config, signer, killSwitch, now }: RoutesOptions,
): void {
  app.get<InModel>(
    '/v1/models/:model/split',
    {
      schema: {
        summary: 'The traffic split of a model, with a lease',
        description:
          'Holds for leaseMs from its receipt, never past validUntilMs; then a client serves the champion only. The ETag is that of the decision: a 304 renews the lease. 503 while the kill switch is on.',
        tags: ['promotion'],
        params,
        response: { 200: called('Split', SplitShape), 304: RENEWED, ...errorAnswers('NOT_FOUND', 'NOT_READY') },
      },
    },
    async (request, reply) => {
      const { model } = request.params;
      const stopped = killSwitch.reasonOf(model);
      if (stopped !== undefined)
        throw new Problem('NOT_READY', `leases of model ${JSON.stringify(model)} are not renewed, ${stopped}`);
      const json = await views.get(SERVICE, viewKey('split', model));
      if (json === undefined) throw noModel(model);
      const etag = etagOf(json);
      reply.header('etag', etag).header('cache-control', 'no-cache').header('weir-lease-ms', String(config.leaseMs));
      const known = request.headers['if-none-match'];
      if (known !== undefined && hasTag(known, etag, { weak: true })) return reply.status(304).send();
      const { place, split } = JSON.parse(json) as { readonly place: SplitPlace; readonly split: Split };
      const document = splitDocument(place, split, config, now() + config.leaseMs);
      const signature = signer.vkey === '' ? '' : Buffer.from(signSplit(document, signer)).toString('base64');
      const keyId = signer.vkey === '' ? null : signer.keyId;
      return reply.header('content-type', 'application/json; charset=utf-8').send({ ...document, keyId, signature });
    },
  );
}

function registerFlagd(app: FastifyInstance, { views }: ServiceIo, { killSwitch }: RoutesOptions): void {
  app.get<InModel>(
    '/v1/models/:model/split/flagd',
    {
      schema: {
        summary: 'The traffic split of a model as a flag of flagd',
        description:
          'For the HTTP sync of flagd: the flag is the model, its variants are the versions, the targeting key is the unit. flagd keeps what it read last, so it has no lease: while the kill switch is on the champion alone is named.',
        tags: ['promotion'],
        params,
        response: { 200: called('FlagdSplit', FlagdShape), 304: Type.Null(), ...errorAnswers('NOT_FOUND') },
      },
    },
    async (request, reply) => {
      const { model } = request.params;
      const json = await views.get(SERVICE, viewKey('split', model));
      if (json === undefined) throw noModel(model);
      const { place, split } = JSON.parse(json) as { readonly place: SplitPlace; readonly split: Split };
      const document = flagdDocument(place, split, killSwitch.reasonOf(model) !== undefined);
      return sendJson(request, reply, JSON.stringify(document));
    },
  );
}

function registerEvidence(app: FastifyInstance, io: ServiceIo): void {
  const show = (url: string, kind: 'evidence' | 'decisions', shape: TSchema, summary: string): void => {
    registerView(app, io, {
      service: SERVICE,
      url,
      schema: { summary, tags: ['promotion'], params, response: { 200: shape, ...errorAnswers('NOT_FOUND') } },
      key: ({ model }) => viewKey(kind, model),
      absent: ({ model }) => noModel(model),
    });
  };
  show(
    '/v1/models/:model/evidence',
    'evidence',
    called('Evidence', EvidenceShape),
    'Evidence of the running test: e-value, interval, samples, expected time to the decision',
  );
  show(
    '/v1/models/:model/decisions',
    'decisions',
    called('RecentDecisions', DecisionsShape),
    'The last decisions about a model, newest first; the governance log has all',
  );
  registerView(app, io, {
    service: SERVICE,
    url: '/v1/judge/:model',
    schema: {
      summary: 'The verdict alone: promote, hold, rollback or retire',
      description:
        'For Argo Rollouts (web metric, successCondition result.verdict == "promote", failureCondition result.verdict == "rollback") and gates of Flagger. Without a policy or a test the verdict is hold.',
      tags: ['promotion'],
      params,
      response: { 200: called('Judgement', JudgementShape), ...errorAnswers('NOT_FOUND') },
    },
    key: ({ model }) => viewKey('evidence', model),
    absent: ({ model }) => noModel(model),
    shown: (json) => {
      const { model, verdict, champion, reasons } = JSON.parse(json) as Readonly<Record<string, unknown>>;
      return JSON.stringify({ model, verdict, champion, reasons });
    },
  });
}

const Reason = Type.Object(
  { reason: Type.String({ minLength: 1, maxLength: 1_000, description: 'why, in your own words' }) },
  { additionalProperties: false },
);

/** In memory of this process: it works when nothing else does. */
function registerKillSwitch(app: FastifyInstance, io: ServiceIo, { killSwitch, now }: RoutesOptions): void {
  const url = '/v1/kill-switch/:model';
  const onRequest = async (request: Parameters<ServiceIo['principalOf']>[0]): Promise<void> => {
    io.principalOf(request, OPERATE);
  };
  const schema = (summary: string) => ({
    summary,
    description: `Needs the role \`${OPERATE}\`. In this process only, without the log; \`${ALL_MODELS}\` is all models. Send a kill command too: that one is recorded.`,
    tags: ['promotion'],
    params,
    response: { 200: called('KillSwitch', KillSwitchShape) },
  });
  app.put<InModel>(
    url,
    { onRequest, config: { body: Reason }, schema: schema('Stop renewing leases of splits at once') },
    async (request, reply) => {
      const { reason } = checkedBody(Reason, request.body);
      const { model } = request.params;
      killSwitch.stop(model, io.principalOf(request, OPERATE).id, reason, now());
      return reply.send({ model, stopped: killSwitch.reasonOf(model) });
    },
  );
  const resumed = schema('Renew leases again');
  app.delete<InModel>(
    url,
    { onRequest, schema: { ...resumed, response: { ...resumed.response, ...errorAnswers('NOT_FOUND') } } },
    async (request, reply) => {
      const { model } = request.params;
      if (killSwitch.resume(model)) return reply.send({ model, stopped: killSwitch.reasonOf(model) ?? null });
      throw new Problem('NOT_FOUND', `the kill switch of ${JSON.stringify(model)} is not on`);
    },
  );
}

function noModel(model: string): Problem {
  return new Problem(
    'NOT_FOUND',
    `promotion shows nothing of model ${JSON.stringify(model)}; /v1/models lists those that are registered, and a split needs a policy`,
  );
}
