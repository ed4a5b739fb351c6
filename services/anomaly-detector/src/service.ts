/** The anomaly detector as a service: what `main` runs alone and `weir dev` runs beside others. */
import type { ServiceDefinition } from '@weir/service-kit/definition';
import type { AnomalyConfig } from './config.ts';
import { registerMetrics } from './metrics.ts';
import { createAnomalyProcessor } from './processor.ts';
import { registerRoutes, SERVICE } from './routes.ts';

export function anomalyDetector(config: AnomalyConfig): ServiceDefinition {
  return {
    name: SERVICE,
    title: 'Weir anomaly-detector',
    description:
      'Odd events by an isolation forest with calibrated p-values, and faults of data quality by rules that are inferred from the references.',
    processor: createAnomalyProcessor(),
    config,
    routes: registerRoutes,
    metrics: registerMetrics,
  };
}
