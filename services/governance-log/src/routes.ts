/** Decisions, timelines and exports. Every answer is read from the files under the newest checkpoint, and names it. */
import type { ServiceIo } from '@weir/service-kit/definition';
import { sendJson } from '@weir/service-kit/http/answer';
import { cursorOf, keyOf } from '@weir/service-kit/http/cursor';
import { called, errorAnswers, fileAnswer } from '@weir/service-kit/http/openapi';
import { CLOSED, ModelName, PageParameters, type PageQuery } from '@weir/service-kit/http/parameters';
import { Problem, type ProblemCode } from '@weir/service-kit/http/problem';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { explained, liveAt, shownCheckpoint, shownDecision, summaryOf } from './answers.ts';
import { complianceReport } from './compliance.ts';
import { bundleFiles, zipOf } from './export.ts';
import type { ReadCheckpoint } from './log-reader.ts';
import { newest, registerLogRoutes, sendBytes } from './log-routes.ts';
import { type LogConfig, trustOf } from './log-trust.ts';
import type { Found, Log, Logs } from './logs.ts';
import {
  ComplianceShape,
  DecisionPage,
  DecisionShape,
  ExplanationShape,
  ExportAnswer,
  TimelineShape,
} from './schemas.ts';
import { registerWitnesses } from './witness-route.ts';
import { meetsQuorum } from './witnessing.ts';

const DecisionId = Type.String({ pattern: '^[0-9a-f]{64}$', description: 'id of the decision' });
const tags = ['governance'];
/** The end of what a date can say, ms. */
const LAST_MS = 8_640_000_000_000_000;

export function registerRoutes(app: FastifyInstance, io: ServiceIo, logs: Logs, config: LogConfig): void {
  registerLogRoutes(app, logs);
  registerWitnesses(app, io, logs, config);
  registerDecisions(app, logs, config);
  registerTimeline(app, logs);
  registerExport(app, logs, config);
  registerCompliance(app, logs);
  // The index of a long log takes a while: it is begun before anybody asks.
  app.addHook('onReady', async () => {
    void logs.signed().catch(() => {});
  });
  app.addHook('onClose', async () => logs.close());
}

interface Id {
  readonly id: string;
}

function registerDecisions(app: FastifyInstance, logs: Logs, config: LogConfig): void {
  const list = {
    summary: 'Decisions of all models, newest in each log first',
    tags,
    querystring: Type.Object(
      {
        ...PageParameters,
        model: Type.Optional(ModelName),
        kind: Type.Optional(Type.String({ maxLength: 100, description: 'only entries of this kind' })),
      },
      CLOSED,
    ),
    response: { 200: called('DecisionPage', DecisionPage), ...errorAnswers('BAD_CURSOR', 'NOT_READY') },
  };
  type Query = PageQuery & { readonly model?: string; readonly kind?: string };
  app.get<{ Querystring: Query }>('/v1/decisions', { schema: list }, async (request, reply) => {
    const { limit, cursor, model, kind } = request.query;
    const name = `decisions ${JSON.stringify({ model, kind })}`;
    const [fromLog, before] = cursor === undefined ? [0, undefined] : placeIn(keyOf(name, cursor));
    const signed = await logs.signed();
    const found: Found[] = [];
    for (const { log, checkpoint } of signed) {
      const { partition } = log.reader;
      if (partition < fromLog || found.length > limit) continue;
      const filter = {
        ...(model === undefined ? {} : { model }),
        ...(kind === undefined ? {} : { kinds: [kind] }),
        ...(before === undefined || partition > fromLog ? {} : { before }),
      };
      found.push(...log.find(checkpoint, { ...filter, limit: limit + 1 - found.length }));
    }
    const shown = found.slice(0, limit);
    const last = shown.at(-1);
    const next =
      found.length > limit && last !== undefined ? cursorOf(name, `${last.log.reader.partition}/${last.place}`) : null;
    const checkpoints = signed.map(({ checkpoint }) => shownCheckpoint(checkpoint));
    return sendJson(request, reply, JSON.stringify({ items: shown.map(summaryOf), next, checkpoints }));
  });

  const one = { tags, params: Type.Object({ id: DecisionId }) };
  const entry = {
    ...one,
    summary: 'A decision, as its author signed it',
    response: answers(called('Decision', DecisionShape)),
  };
  app.get<{ Params: Id }>('/v1/decisions/:id', { schema: entry }, async (request, reply) =>
    sendJson(request, reply, JSON.stringify(shownDecision(await found(logs, request.params.id)))),
  );
  const explain = {
    ...one,
    summary: 'Why a decision was made: policy, inputs, evidence, guardrails and approvals',
    response: answers(called('DecisionExplanation', ExplanationShape)),
  };
  app.get<{ Params: Id }>('/v1/decisions/:id/explain', { schema: explain }, async (request, reply) =>
    sendJson(request, reply, JSON.stringify(explained(await found(logs, request.params.id)))),
  );
  const proof = {
    ...one,
    summary: 'Proof that the decision is in the log: a .tlog-proof (C2SP) for weir verify',
    description:
      'Under the newest checkpoint that has the quorum of witnesses of the policy, where the decision is under one.',
    response: { ...fileAnswer('text/plain', 'C2SP tlog-proof'), ...errorAnswers('NOT_FOUND', 'NOT_READY') },
  };
  app.get<{ Params: Id }>('/v1/decisions/:id/proof', { schema: proof }, async (request, reply) => {
    const { log, checkpoint: last, place, entry: signedEntry } = await found(logs, request.params.id);
    const witnessed = witnessedIn(log, config);
    const checkpoint = witnessed !== undefined && place < witnessed.size ? witnessed : last;
    const file = `${signedEntry.decisionId.slice(0, 16)}.tlog-proof`;
    reply.header('content-disposition', `attachment; filename="${file}"`);
    return sendBytes(reply, log.reader.proof(checkpoint, place), 'text/plain; charset=utf-8', 'no-cache');
  });
}

function registerTimeline(app: FastifyInstance, logs: Logs): void {
  const timeline = {
    summary: 'What served at a time and why, and the decisions of the model up to then, newest first',
    description: 'Times are event times, as the decisions carry them.',
    tags,
    params: Type.Object({ model: ModelName }),
    querystring: Type.Object(
      {
        ...PageParameters,
        at: Type.Optional(
          Type.String({
            maxLength: 40,
            description: 'ms since 1970, or a date and time of ISO 8601; the end unless given',
          }),
        ),
      },
      CLOSED,
    ),
    response: answers(called('Timeline', TimelineShape), 'BAD_REQUEST', 'BAD_CURSOR'),
  };
  type Query = PageQuery & { readonly at?: string };
  const url = '/v1/models/:model/timeline';
  app.get<{ Params: { model: string }; Querystring: Query }>(url, { schema: timeline }, async (request, reply) => {
    const { model } = request.params;
    const { at, limit, cursor } = request.query;
    const atMs = at === undefined ? undefined : timeOf(at);
    const home = await logs.ofModel(model);
    if (home === undefined)
      throw new Problem(
        'NOT_FOUND',
        `model ${JSON.stringify(model)} has no decision under a checkpoint; /v1/decisions lists those that are signed`,
      );
    const { log, checkpoint } = home;
    const name = `timeline ${JSON.stringify({ model, atMs })}`;
    const before = cursor === undefined ? undefined : placeIn(keyOf(name, cursor))[1];
    const decisions = log.find(checkpoint, {
      model,
      limit: limit + 1,
      ...(atMs === undefined ? {} : { untilMs: atMs }),
      ...(before === undefined ? {} : { before }),
    });
    const shown = decisions.slice(0, limit);
    const next = decisions.length > limit ? cursorOf(name, `${log.reader.partition}/${shown.at(-1)?.place}`) : null;
    const live = liveAt(log, checkpoint, model, atMs);
    const answer = { model, live, items: shown.map(summaryOf), next, checkpoint: shownCheckpoint(checkpoint) };
    return sendJson(request, reply, JSON.stringify(answer));
  });
}

function registerExport(app: FastifyInstance, logs: Logs, config: LogConfig): void {
  const schema = {
    summary: 'The audit bundle of a log: a zip for weir verify, or the names of its files',
    description:
      'It ends with the newest checkpoint that has the quorum of witnesses of the policy, with the newest of all while none has. What is trusted is not in it: the trust file comes from those who hold the keys.',
    tags,
    querystring: Type.Object(
      {
        partition: Type.Integer({ minimum: 0, maximum: 63, default: 0, description: 'which log' }),
        list: Type.Boolean({ default: false, description: 'names instead of content' }),
      },
      CLOSED,
    ),
    response: { 200: ExportAnswer, ...errorAnswers('NOT_FOUND') },
  };
  type Query = { readonly partition: number; readonly list: boolean };
  app.get<{ Querystring: Query }>('/v1/report/export', { schema }, async (request, reply) => {
    const { partition, list } = request.query;
    const { log, checkpoint: last } = newest(logs, partition);
    const checkpoint = witnessedIn(log, config) ?? last;
    const files = bundleFiles(log.reader, checkpoint);
    if (list) {
      const prefix = partition === 0 ? '/log/' : `/log/partitions/${partition}/`;
      const names = files.map(({ name }) => name);
      return sendJson(
        request,
        reply,
        JSON.stringify({ checkpoint: shownCheckpoint(checkpoint), prefix, files: names }),
      );
    }
    const name = `${checkpoint.origin.replaceAll('/', '-')}-${checkpoint.size}.zip`;
    return reply
      .header('content-type', 'application/zip')
      .header('content-disposition', `attachment; filename="${name}"`)
      .send(zipOf(files));
  });
}

function registerCompliance(app: FastifyInstance, logs: Logs): void {
  const schema = {
    summary: 'What the log shows of what rules ask to see: queries with the entries that they found, and their proofs',
    description: 'Not a statement of conformity.',
    tags,
    querystring: Type.Object({ model: Type.Optional(ModelName) }, CLOSED),
    response: { 200: called('Compliance', ComplianceShape), ...errorAnswers('NOT_READY') },
  };
  app.get<{ Querystring: { readonly model?: string } }>('/v1/report/compliance', { schema }, async (request, reply) =>
    sendJson(request, reply, JSON.stringify(complianceReport(await logs.signed(), request.query.model))),
  );
}

function answers(shape: object, ...codes: readonly ProblemCode[]): Record<number, object> {
  return { 200: shape, ...errorAnswers('NOT_FOUND', 'NOT_READY', ...codes) };
}

/** The newest checkpoint that a verifier with this policy takes; undefined while none has the quorum. */
function witnessedIn({ reader }: Log, config: LogConfig): ReadCheckpoint | undefined {
  const trust = trustOf(config, reader.partition);
  return reader.newestThat((note) => meetsQuorum(trust, note));
}

async function found(logs: Logs, id: string): Promise<Found> {
  const decision = await logs.decision(id);
  if (decision !== undefined) return decision;
  throw new Problem(
    'NOT_FOUND',
    `decision ${id} is under no checkpoint; one that was made within the last second may follow, /v1/decisions lists those that are signed`,
  );
}

/** `<partition>/<place>` of a cursor. */
function placeIn(key: string): [number, number] {
  const [partition = 0, place = 0] = key.split('/').map(Number);
  return [partition, place];
}

/** @throws {Problem} BAD_REQUEST */
function timeOf(text: string): number {
  const ms = /^-?\d+$/.test(text) ? Number(text) : Date.parse(text);
  if (Number.isFinite(ms) && Math.abs(ms) <= LAST_MS) return ms;
  throw new Problem(
    'BAD_REQUEST',
    `at is ${JSON.stringify(text)}; it must be ms since 1970 or like 2026-11-30T12:00:00Z`,
  );
}
