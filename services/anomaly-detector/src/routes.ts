/** The REST interface beside the kit's own. Every answer is a read view, written after the commit it speaks of. */
import type { ServiceIo } from '@weir/service-kit/definition';
import { sendJson } from '@weir/service-kit/http/answer';
import { noModel } from '@weir/service-kit/http/model-routes';
import { called, errorAnswers } from '@weir/service-kit/http/openapi';
import { ModelName } from '@weir/service-kit/http/parameters';
import type { FastifyInstance } from 'fastify';
import Type, { type TSchema } from 'typebox';
import { AnomaliesSchema, RulesSchema } from './schemas.ts';

export const SERVICE = 'anomaly-detector';

export function registerRoutes(app: FastifyInstance, { views }: Pick<ServiceIo, 'views'>): void {
  const get = (url: string, view: string, summary: string, answer: TSchema): void => {
    const schema = {
      summary,
      tags: ['anomalies'],
      params: Type.Object({ model: ModelName }),
      response: { 200: answer, ...errorAnswers('NOT_FOUND') },
    };
    app.get<{ Params: { readonly model: string } }>(url, { schema }, async (request, reply) => {
      const { model } = request.params;
      const json = await views.get(SERVICE, `${view}/${model}`);
      if (json === undefined) throw noModel(model);
      return sendJson(request, reply, json);
    });
  };
  get(
    '/v1/models/:model/anomalies',
    'anomalies',
    'State of forest, calibration and rules, counts of violations, and recent episodes',
    called('Anomalies', AnomaliesSchema),
  );
  get(
    '/v1/models/:model/anomalies/rules',
    'rules',
    'Rules that were inferred from the references',
    called('QualityRules', RulesSchema),
  );
}
