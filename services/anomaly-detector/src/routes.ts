/** The REST interface beside the kit's own. Every answer is a read view, written after the commit it speaks of. */
import type { ServiceIo } from '@weir/service-kit/definition';
import { called, errorAnswers } from '@weir/service-kit/http/openapi';
import { ModelName } from '@weir/service-kit/http/parameters';
import { registerView } from '@weir/service-kit/http/view-route';
import type { FastifyInstance } from 'fastify';
import Type, { type TSchema } from 'typebox';
import { AnomaliesSchema, RulesSchema } from './schemas.ts';

export const SERVICE = 'anomaly-detector';

export function registerRoutes(app: FastifyInstance, io: ServiceIo): void {
  const get = (url: string, view: string, summary: string, answer: TSchema): void => {
    const schema = {
      summary,
      tags: ['anomalies'],
      params: Type.Object({ model: ModelName }),
      response: { 200: answer, ...errorAnswers('NOT_FOUND') },
    };
    registerView(app, io, { service: SERVICE, url, schema, key: ({ model }) => `${view}/${model}` });
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
