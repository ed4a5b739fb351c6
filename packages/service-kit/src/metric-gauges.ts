/** Figures that are read from the running services at each scrape. */
import { Counter, Gauge, type Registry } from 'prom-client';

/** What is read from a running service at each scrape. Figures that it does not have are left out. */
export interface MetricSources {
  readonly lags: () => readonly {
    readonly topic: string;
    readonly partition: number;
    readonly records: number;
    readonly seconds: number;
  }[];
  /** Of each key or each partition. */
  readonly figures?: () => readonly { readonly lateEvents?: number; readonly oldestWindowEndMs?: number }[];
  /** Oldest over all keys, ms; undefined before the first event. */
  readonly watermarkMs?: () => number | undefined;
  /** Keys with a state. */
  readonly keys?: () => number;
  /** Of these, on disk. */
  readonly spilledKeys?: () => number;
  /** Effects that were asked and not answered. */
  readonly pendingEffects?: () => number;
  /** Partitions whose read views are older than their last commit. */
  readonly viewsBehind?: () => number;
}

/** Read at each scrape, from all services. */
export function registerGauges(registry: Registry, services: ReadonlyMap<string, MetricSources>): void {
  const registers = [registry];
  const gauge = (name: string, help: string, read?: (sources: MetricSources) => number | undefined): void => {
    const made: Gauge<'service'> = new Gauge({
      name,
      help,
      labelNames: ['service'],
      registers,
      collect: () => {
        if (read === undefined) return;
        for (const [service, sources] of services) {
          const value = read(sources);
          if (value === undefined) made.remove({ service });
          else made.set({ service }, value);
        }
      },
    });
  };
  gauge('weir_state_bytes', 'Bytes of the last checkpoint.');
  gauge('weir_last_record_processed_timestamp_seconds', 'Wall clock of the last commit.');
  gauge('weir_state_keys', 'Keys with a state.', ({ keys }) => keys?.());
  gauge('weir_state_keys_spilled', 'Keys whose state is on disk and not in memory.', ({ spilledKeys }) =>
    spilledKeys?.(),
  );
  gauge('weir_effects_pending', 'Effects asked and not answered.', ({ pendingEffects }) => pendingEffects?.());
  gauge('weir_views_behind', 'Partitions whose read views are older than their last commit.', ({ viewsBehind }) =>
    viewsBehind?.(),
  );
  gauge('weir_consumer_lag_seconds', 'Age of the oldest record that waits at hand.', ({ lags }) =>
    Math.max(0, ...lags().map(({ seconds }) => seconds)),
  );
  gauge(
    'weir_watermark_timestamp_seconds',
    'Oldest watermark of event time; absent before the first event.',
    (sources) => {
      const watermarkMs = sources.watermarkMs?.();
      return watermarkMs === undefined || !Number.isFinite(watermarkMs) ? undefined : watermarkMs / 1_000;
    },
  );
  gauge(
    'weir_window_close_delay_seconds',
    'How long ago the oldest open time window ended; absent without one, 0 while it still runs.',
    ({ figures }) => {
      const ends = figures?.().flatMap(({ oldestWindowEndMs }) => oldestWindowEndMs ?? []) ?? [];
      const oldest = ends.reduce((least, end) => Math.min(least, end), Infinity);
      return oldest === Infinity ? undefined : Math.max(0, Date.now() - oldest) / 1_000;
    },
  );
  registerLateEvents(registry, services);
  registerLag(registry, services);
}

function registerLateEvents(registry: Registry, services: ReadonlyMap<string, MetricSources>): void {
  const late = new Counter({
    name: 'weir_late_events_total',
    help: 'Events that came too late to count, as the states have it.',
    labelNames: ['service'],
    registers: [registry],
    collect: () => {
      late.reset();
      for (const [service, { figures }] of services)
        if (figures !== undefined)
          late.inc(
            { service },
            figures().reduce((sum, { lateEvents = 0 }) => sum + lateEvents, 0),
          );
    },
  });
}

function registerLag(registry: Registry, services: ReadonlyMap<string, MetricSources>): void {
  const lag = new Gauge({
    name: 'weir_consumer_lag_records',
    help: 'Records committed to an input and not yet processed.',
    labelNames: ['service', 'topic', 'partition'],
    registers: [registry],
    collect: () => {
      // Partitions come and go with rebalances.
      lag.reset();
      for (const [service, { lags }] of services)
        for (const { topic, partition, records } of lags()) lag.set({ service, topic, partition }, records);
    },
  });
}
