/** The REST interface beside the kit's own. Every answer is a read view, written after the commit it speaks of. */
import type { ServiceIo } from '@weir/service-kit/definition';
import { Problem } from '@weir/service-kit/http/problem';
import { registerView } from '@weir/service-kit/http/view-route';
import type { FastifyInstance } from 'fastify';
import { PerformanceRoute } from './performance-schemas.ts';
import { DriftRoute, WindowRoute } from './schemas.ts';
import { windowKey } from './views.ts';

export function registerRoutes(app: FastifyInstance, io: ServiceIo): void {
  const service = 'drift-detector';
  registerView(app, io, {
    service,
    url: '/v1/models/:model/drift',
    schema: DriftRoute,
    key: ({ model }) => `drift/${model}`,
  });
  registerView(app, io, {
    service,
    url: '/v1/models/:model/performance',
    schema: PerformanceRoute,
    key: ({ model }) => `performance/${model}`,
  });
  registerView(app, io, {
    service,
    url: '/v1/models/:model/drift/columns/:column/windows/:rule',
    schema: WindowRoute,
    key: ({ model, column = '', rule = '' }) => windowKey(model, column, rule),
    absent: ({ model, column, rule }) =>
      new Problem(
        'NOT_FOUND',
        `model ${JSON.stringify(model)} has no window ${JSON.stringify(rule)} of column ${JSON.stringify(column)}; /v1/models/${encodeURIComponent(model)}/drift lists its windows`,
      ),
  });
}
