/** The drift detector as a service: what `main` runs alone and `weir dev` runs beside others. */
import type { ServiceDefinition } from '@weir/service-kit/service';
import type { DriftConfig } from './config.ts';
import { createDriftProcessor, type DriftEvent } from './processor.ts';
import { registerRoutes } from './routes.ts';
import type { DriftState } from './state.ts';

export function driftDetector(config: DriftConfig): ServiceDefinition<DriftState, DriftEvent> {
  return {
    processor: createDriftProcessor(config),
    title: 'Weir drift-detector',
    description:
      'Sliding-window Kolmogorov-Smirnov tests of every column of every model against its reference: current verdicts, the windows behind them, and the history of alerts.',
    routes: registerRoutes,
  };
}
