/** The drift detector as a service: what `main` runs alone and `weir dev` runs beside others. */
import type { ServiceDefinition } from '@weir/service-kit/definition';
import type { DriftConfig } from './config.ts';
import { registerMetrics } from './metrics.ts';
import { createDriftProcessor } from './processor.ts';
import { registerRoutes } from './routes.ts';

export function driftDetector(config: DriftConfig): ServiceDefinition {
  return {
    name: 'drift-detector',
    title: 'Weir drift-detector',
    description:
      'Sliding-window Kolmogorov-Smirnov tests of every column of every model against its reference: current verdicts and the windows behind them.',
    processor: createDriftProcessor(),
    config,
    routes: registerRoutes,
    metrics: registerMetrics,
  };
}
