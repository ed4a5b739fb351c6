/** The log as files (C2SP tlog-tiles) and its consistency proofs, for monitors and witnesses. */
import { parseTilePath } from '@weir/ledger/tiles';
import { sendJson } from '@weir/service-kit/http/answer';
import { called, errorAnswers, fileAnswer } from '@weir/service-kit/http/openapi';
import { CLOSED } from '@weir/service-kit/http/parameters';
import { Problem } from '@weir/service-kit/http/problem';
import type { FastifyInstance, FastifyReply } from 'fastify';
import Type from 'typebox';
import { shownCheckpoint, shownProof } from './answers.ts';
import type { ReadCheckpoint } from './log-reader.ts';
import type { Log, Logs } from './logs.ts';
import { ConsistencyShape } from './schemas.ts';

/** Tiles and bundles never change; the checkpoint is a few seconds old at most. */
const IMMUTABLE = 'public, max-age=31536000, immutable';
const SHORT = 'public, max-age=2';
const PartitionQuery = {
  partition: Type.Integer({ minimum: 0, maximum: 63, default: 0, description: 'which log; each partition has one' }),
};

export function registerLogRoutes(app: FastifyInstance, logs: Logs): void {
  // A monitor of one log has its own prefix; that of partition 0 is /log alone.
  registerFiles(app, logs, '/log');
  registerFiles(app, logs, '/log/partitions/:partition');

  const consistency = {
    summary: 'That a tree begins with an earlier one: hashes of RFC 6962 2.1.2',
    tags: ['log'],
    querystring: Type.Object(
      {
        from: Type.Integer({ minimum: 0, description: 'leaves of the earlier tree' }),
        to: Type.Optional(
          Type.Integer({ minimum: 0, description: 'leaves of the later tree; the newest unless given' }),
        ),
        ...PartitionQuery,
      },
      CLOSED,
    ),
    response: { 200: called('Consistency', ConsistencyShape), ...errorAnswers('BAD_REQUEST', 'NOT_FOUND') },
  };
  type Query = { readonly from: number; readonly to?: number; readonly partition: number };
  app.get<{ Querystring: Query }>('/consistency', { schema: consistency }, async (request, reply) => {
    const { from, to: asked, partition } = request.query;
    const { log, checkpoint } = newest(logs, partition);
    const { origin, size } = checkpoint;
    const to = asked ?? size;
    if (from > to || to > size)
      throw new Problem('BAD_REQUEST', `from is ${from} and to ${to}; it must be from ≤ to ≤ ${size}, the signed size`);
    const proof = shownProof(log.reader.consistency(from, to));
    return sendJson(
      request,
      reply,
      JSON.stringify({ origin, from, to, proof, checkpoint: shownCheckpoint(checkpoint) }),
    );
  });
}

function registerFiles(app: FastifyInstance, logs: Logs, prefix: string): void {
  type Of = { readonly partition?: string };
  const summary = 'The newest signed tree head';
  const file = { tags: ['log'] };
  const note = { ...fileAnswer('text/plain', 'a signed note, C2SP tlog-checkpoint'), ...errorAnswers('NOT_FOUND') };
  const bytes = { ...fileAnswer('application/octet-stream', 'C2SP tlog-tiles'), ...errorAnswers('NOT_FOUND') };
  app.get<{ Params: Of }>(
    `${prefix}/checkpoint`,
    { schema: { ...file, summary, response: note } },
    async (request, reply) => {
      const { checkpoint } = newest(logs, Number(request.params.partition ?? 0));
      return sendBytes(reply, checkpoint.note, 'text/plain; charset=utf-8', SHORT);
    },
  );
  const tiles = {
    ...file,
    response: bytes,
    summary: 'Tiles of hashes, and bundles of entries under tile/entries, of C2SP tlog-tiles',
  };
  app.get<{ Params: Of & { readonly '*': string } }>(`${prefix}/tile/*`, { schema: tiles }, async (request, reply) => {
    const name = `tile/${request.params['*']}`;
    const { log } = newest(logs, Number(request.params.partition ?? 0));
    // Only names of the format reach the disk.
    const bytes = parseTilePath(name) === undefined ? undefined : log.reader.file(name);
    if (bytes === undefined)
      throw new Problem(
        'NOT_FOUND',
        `${name} is not a file of this log; ${prefix}/checkpoint says how many leaves it has`,
      );
    return sendBytes(reply, bytes, 'application/octet-stream', IMMUTABLE);
  });
}

/** @throws {Problem} NOT_FOUND before the first checkpoint, or for a partition that does not exist */
export function newest(logs: Logs, partition: number): { readonly log: Log; readonly checkpoint: ReadCheckpoint } {
  const log = logs.partition(partition);
  if (log === undefined)
    throw new Problem('NOT_FOUND', `there is no partition ${partition}; WEIR_PARTITIONS says how many there are`);
  const checkpoint = log.reader.latest();
  if (checkpoint === undefined)
    throw new Problem(
      'NOT_FOUND',
      `the log of partition ${partition} has no checkpoint yet; one follows the first entry`,
    );
  return { log, checkpoint };
}

export function sendBytes(reply: FastifyReply, bytes: Uint8Array, type: string, cache: string): FastifyReply {
  return reply.header('cache-control', cache).header('content-type', type).send(Buffer.from(bytes));
}
