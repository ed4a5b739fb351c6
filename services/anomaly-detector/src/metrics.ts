/** Metrics of models, read from their views when Prometheus asks. */
import type { ReadViews } from '@weir/service-kit/views/read-views';
import { Counter, Gauge, type Registry } from 'prom-client';
import { SERVICE } from './routes.ts';

/** Models that have series of their own; the threat is an event stream that invents models. */
const MAX_MODELS = 50;

interface Summary {
  readonly model: string;
  readonly events: number;
  readonly alarms: number;
  readonly withheld: number;
  readonly violatingEvents: number;
  readonly leftOut: number;
  readonly openFaults: readonly unknown[];
  readonly isOdd: boolean;
  readonly isSilent: boolean;
}

const COUNTERS: Readonly<Record<string, readonly [help: string, of: (summary: Summary) => number]>> = {
  weir_anomaly_events_total: ['Events processed.', ({ events }) => events],
  weir_anomaly_alarms_total: ['Odd events.', ({ alarms }) => alarms],
  weir_anomaly_withheld_alerts_total: [
    'Episodes of odd events that were not told, since alerts come no more often than WEIR_ANOMALY_EVENTS_PER_ALARM says.',
    ({ withheld }) => withheld,
  ],
  weir_anomaly_violating_events_total: ['Events that broke a rule.', ({ violatingEvents }) => violatingEvents],
  weir_anomaly_left_out_events_total: ['Events that a warm-up left out.', ({ leftOut }) => leftOut],
};
const GAUGES: Readonly<Record<string, readonly [help: string, of: (summary: Summary) => number]>> = {
  weir_anomaly_open_faults: ['Faults of data quality with an open alert.', ({ openFaults }) => openFaults.length],
  weir_anomaly_odd: ['1 while an episode of odd events is open.', ({ isOdd }) => Number(isOdd)],
  weir_anomaly_silent: ['1 while the model has no events.', ({ isSilent }) => Number(isSilent)],
};

export function registerMetrics(registry: Registry, views: ReadViews): void {
  const summaries = async (): Promise<readonly Summary[]> => {
    const entries = await views.list(SERVICE, { prefix: 'model/', limit: MAX_MODELS });
    return entries.map(({ json }) => JSON.parse(json) as Summary);
  };
  const labelNames = ['model'] as const;
  for (const [name, [help, of]] of Object.entries(COUNTERS))
    new Counter({
      name,
      help,
      labelNames,
      registers: [registry],
      async collect() {
        const all = await summaries();
        this.reset();
        for (const summary of all) this.inc({ model: summary.model }, of(summary));
      },
    });
  for (const [name, [help, of]] of Object.entries(GAUGES))
    new Gauge({
      name,
      help,
      labelNames,
      registers: [registry],
      async collect() {
        const all = await summaries();
        this.reset();
        for (const summary of all) this.set({ model: summary.model }, of(summary));
      },
    });
}
