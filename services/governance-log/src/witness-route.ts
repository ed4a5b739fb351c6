/** Who must cosign the log, who has, and what the others said. */
import { verifiers } from '@weir/ledger/node-crypto';
import { openCheckpoint } from '@weir/ledger/open-checkpoint';
import { describeQuorum } from '@weir/ledger/trust';
import type { ServiceIo } from '@weir/service-kit/definition';
import { sendJson } from '@weir/service-kit/http/answer';
import { called, errorAnswers } from '@weir/service-kit/http/openapi';
import { CLOSED } from '@weir/service-kit/http/parameters';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { shownCheckpoint } from './answers.ts';
import { newest } from './log-routes.ts';
import { type LogConfig, trustOf } from './log-trust.ts';
import type { Logs } from './logs.ts';
import { SERVICE } from './processor.ts';
import { WitnessesShape } from './schemas.ts';
import type { Witnessed } from './state.ts';
import { meetsQuorum } from './witnessing.ts';

export function registerWitnesses(app: FastifyInstance, { views }: ServiceIo, logs: Logs, config: LogConfig): void {
  const schema = {
    summary: 'Who must cosign the log, who has, and what the others said',
    tags: ['log'],
    querystring: Type.Object(
      { partition: Type.Integer({ minimum: 0, maximum: 63, default: 0, description: 'which log' }) },
      CLOSED,
    ),
    response: { 200: called('Witnesses', WitnessesShape), ...errorAnswers('NOT_FOUND') },
  };
  type Query = { readonly partition: number };
  app.get<{ Querystring: Query }>('/log/witnesses', { schema }, async (request, reply) => {
    const { partition } = request.query;
    const { log, checkpoint } = newest(logs, partition);
    const trust = trustOf(config, partition);
    const { witnesses } = openCheckpoint(checkpoint.note, trust, verifiers, false);
    const witnessed = log.reader.newestThat((note) => meetsQuorum(trust, note));
    const view = await views.get(SERVICE, `log/${partition}`);
    const said = view === undefined ? null : (JSON.parse(view) as { readonly witnessed: Witnessed | null }).witnessed;
    const answer = {
      policy: config.witnessLines.length === 0 ? ['quorum none'] : config.witnessLines,
      quorum: trust.quorum === undefined ? null : describeQuorum(trust.quorum, trust.witnesses),
      newest: { checkpoint: shownCheckpoint(checkpoint), witnesses, hasQuorum: meetsQuorum(trust, checkpoint.note) },
      witnessed: witnessed === undefined ? null : shownCheckpoint(witnessed),
      faults: said?.faults ?? [],
    };
    return sendJson(request, reply, JSON.stringify(answer));
  });
}
