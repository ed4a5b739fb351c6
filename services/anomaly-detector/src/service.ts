/** The anomaly detector as a service: what `main` runs alone and `weir dev` runs beside others. */
import type { ServiceDefinition } from '@weir/service-kit/definition';
import type { ReadViews } from '@weir/service-kit/views/read-views';
import type { AnomalyConfig } from './config.ts';
import { registerMetrics } from './metrics.ts';
import { createAnomalyProcessor } from './processor.ts';
import { registerRoutes, SERVICE } from './routes.ts';

export function anomalyDetector(config: AnomalyConfig): ServiceDefinition {
  let views: ReadViews | undefined;
  return {
    name: SERVICE,
    title: 'Weir anomaly-detector',
    description:
      'Odd events by an isolation forest with calibrated p-values, and faults of data quality by rules that are inferred from the references.',
    processor: createAnomalyProcessor(),
    config,
    routes: (app, io) => {
      views = io.views;
      registerRoutes(app, io);
    },
    metrics: (registry) => registerMetrics(registry, () => views),
  };
}
