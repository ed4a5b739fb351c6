/** Commands of people and tools. A service that processes them has views `command/<model>/<id>`, each part percent-encoded. */
import { encode } from '@weir/events/codec';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { MAX_COMMANDS } from '../command-finder.ts';
import { sendJson } from './answer.ts';
import { checkedBody } from './body.ts';
import { idempotencyKey } from './idempotency.ts';
import { called, errorAnswers, named } from './openapi.ts';
import { ModelName } from './parameters.ts';
import { Problem } from './problem.ts';
import { joined, WRITE_ANSWERS, WriteHeadersWithKey } from './write-parameters.ts';
import type { Writer } from './writer.ts';

/** As `CommandIssued` names them. */
const ACTIONS = [
  'acknowledge',
  'mute',
  'approve',
  'reject',
  'freeze',
  'unfreeze',
  'kill',
  'rollback',
  'break-glass',
  'lift-halt',
  'drill',
  'rebase',
  'reanchor',
  'label',
] as const;

const CommandBody = Type.Object(
  {
    action: Type.Union(ACTIONS.map((action) => Type.Literal(action))),
    subject: Type.Optional(
      Type.Record(Type.String({ minLength: 1, maxLength: 100 }), Type.String({ maxLength: 2_000 }), {
        maxProperties: 50,
        description: 'what it is about, by name: alert, version, column, decision, …',
      }),
    ),
    reason: Type.Optional(Type.String({ maxLength: 4_000, description: 'why, in your own words' })),
  },
  {
    additionalProperties: false,
    description: 'what to do, with what, and why',
    examples: [{ action: 'acknowledge', subject: { alert: '4b2cbce3…' }, reason: 'known maintenance' }],
  },
);

/** What a service shows of a command that it has processed, beside fields of its own. */
const ShownCommand = Type.Object(
  { id: Type.String(), action: Type.String() },
  { additionalProperties: true, description: 'what became of it' },
);

const CommandState = called('CommandState', Type.Union([ShownCommand, named('Receipt')]));

export function registerCommandRoutes(app: FastifyInstance, writer: Writer): void {
  app.post<{ Params: { readonly model: string } }>(
    '/v1/models/:model/commands',
    {
      onRequest: async (request) => {
        writer.demand(request, 'command');
        if (idempotencyKey(request) === undefined)
          throw new Problem(
            'BAD_REQUEST',
            'the request has no Idempotency-Key; send one, like a UUID, and the same when you try again',
          );
      },
      config: { body: CommandBody },
      schema: {
        summary: 'Issue a command',
        description: 'Needs the role `command`. Becomes a CommandIssued on the commands topic.',
        tags: ['commands'],
        params: Type.Object({ model: ModelName }),
        headers: WriteHeadersWithKey,
        response: WRITE_ANSWERS,
      },
    },
    async (request, reply) => {
      const { model } = request.params;
      const { action, subject = {}, reason = '' } = checkedBody(CommandBody, request.body);
      return writer.write(request, reply, writer.demand(request, 'command'), {
        topic: 'commands',
        model,
        content: { action, subject: Object.entries(subject).sort(([a], [b]) => (a < b ? -1 : 1)), reason },
        location: (id) => `/v1/models/${joined(model, 'commands', id)}`,
        event: (id, principal, nowMs) =>
          encode('CommandIssued', { id, model, action, subject, reason, principal, issuedMs: nowMs }),
      });
    },
  );

  app.get<{ Params: { readonly model: string; readonly command: string } }>(
    '/v1/models/:model/commands/:command',
    {
      schema: {
        summary: 'What became of a command; its receipt while no service has processed it',
        tags: ['commands'],
        params: Type.Object({ model: ModelName, command: Type.String({ pattern: '^[0-9a-f]{64}$' }) }),
        response: { 200: CommandState, ...errorAnswers('NOT_FOUND') },
      },
    },
    async (request, reply) => {
      const { model, command } = request.params;
      const json = await writer.current(`command/${joined(model, command)}`);
      if (json !== undefined) return sendJson(request, reply, json);
      const receipt = await writer.commandReceipt(model, command);
      if (receipt !== undefined) return sendJson(request, reply, JSON.stringify(receipt));
      throw new Problem(
        'NOT_FOUND',
        `no service here shows command ${command} of model ${JSON.stringify(model)}, and it is not among the newest ${MAX_COMMANDS} of its partition; look for it on the commands topic`,
      );
    },
  );
}
