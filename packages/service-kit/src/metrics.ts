/** Meters of every consuming service, in Prometheus' conventions. Labels are few by design: no model, no feature, no key. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Meters } from './processor.ts';
import type { Lag } from './task.ts';
import { VERSION } from './version.ts';

export interface ServiceMetrics {
  readonly registry: Registry;
  readonly consumed: Counter;
  readonly rejected: Counter<'reason'>;
  readonly outputs: Counter<'topic'>;
  readonly alerts: Counter<'severity'>;
  readonly eventToAlert: Histogram;
  readonly eventTimeSkew: Histogram;
  readonly foldSeconds: Histogram;
  readonly aborts: Counter;
  readonly stateBytes: Gauge;
  readonly commitSeconds: Histogram;
  readonly restoreSeconds: Histogram;
  readonly replayedRecords: Counter;
  readonly taskFailures: Counter;
  readonly rebalances: Counter;
  readonly lastProcessed: Gauge;
  readonly degraded: Counter<'part'>;
}

export interface BuildInfo {
  readonly service: string;
  readonly build: string;
}

export function createMetrics(
  { service, build }: BuildInfo,
  lags: () => readonly Lag[],
  meters: () => readonly Meters[],
): ServiceMetrics {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  new Gauge({
    name: 'weir_build_info',
    help: 'Always 1; the labels say what runs.',
    labelNames: ['version', 'build', 'node'],
    registers,
  }).set({ version: VERSION, build, node: process.versions.node }, 1);
  new Gauge({
    name: 'weir_consumer_lag_records',
    help: 'Records committed to an input and not yet folded.',
    labelNames: ['topic', 'partition'],
    registers,
    collect() {
      this.reset();
      for (const { topic, partition, records } of lags()) this.set({ topic, partition }, records);
    },
  });
  new Gauge({
    name: 'weir_consumer_lag_seconds',
    help: 'Age of the oldest record that waits at hand.',
    registers,
    collect() {
      this.set(Math.max(0, ...lags().map(({ seconds }) => seconds)));
    },
  });
  new Counter({
    name: 'weir_late_events_total',
    help: 'Values that came after the pane of their event time had closed.',
    registers,
    collect() {
      this.reset();
      this.inc(meters().reduce((sum, { lateEvents }) => sum + lateEvents, 0));
    },
  });
  new Gauge({
    name: 'weir_watermark_timestamp_seconds',
    help: 'Oldest watermark of event time; absent without time windows.',
    registers,
    collect() {
      this.remove();
      const watermarks = meters().flatMap(({ watermarkMs }) => watermarkMs ?? []);
      if (watermarks.length > 0) this.set(Math.min(...watermarks) / 1_000);
    },
  });
  new Gauge({
    name: 'weir_window_close_delay_seconds',
    help: 'How long ago the oldest open pane of a time window ended; absent without one, 0 while it still runs.',
    registers,
    collect() {
      this.remove();
      const ends = meters().flatMap(({ oldestPaneEndMs }) => oldestPaneEndMs ?? []);
      if (ends.length > 0) this.set(Math.max(0, Date.now() - Math.min(...ends)) / 1_000);
    },
  });
  return {
    registry,
    consumed: new Counter({ name: 'weir_events_consumed_total', help: 'Input records committed.', registers }),
    rejected: new Counter({
      name: 'weir_dlq_total',
      help: 'Records sent to the dead-letter topic, by the code of the reason.',
      labelNames: ['reason'],
      registers,
    }),
    outputs: new Counter({
      name: 'weir_outputs_total',
      help: 'Records written, by logical topic.',
      labelNames: ['topic'],
      registers,
    }),
    alerts: new Counter({
      name: 'weir_alerts_emitted_total',
      help: 'Alerts raised, by severity.',
      labelNames: ['severity'],
      registers,
    }),
    eventTimeSkew: new Histogram({
      name: 'weir_event_time_skew_seconds',
      help: 'From the newest event time of a batch to its visible commit; below 0 the producer’s clock is ahead.',
      buckets: [-60, -1, 0, 0.1, 0.5, 1, 5, 30, 60, 300, 3_600, 86_400],
      registers,
    }),
    foldSeconds: new Histogram({
      name: 'weir_process_duration_seconds',
      help: 'Folding of one batch.',
      buckets: [0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5],
      registers,
    }),
    aborts: new Counter({ name: 'weir_txn_aborts_total', help: 'Transactions that came to nothing.', registers }),
    stateBytes: new Gauge({ name: 'weir_state_bytes', help: 'Size of the last snapshot.', registers }),
    eventToAlert: new Histogram({
      name: 'weir_event_to_alert_seconds',
      help: 'From the time of the event that caused an alert to its visible commit; replays of old events fall in the last bucket.',
      buckets: [0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 30, 60],
      registers,
    }),
    commitSeconds: new Histogram({
      name: 'weir_txn_commit_duration_seconds',
      help: 'From the end of a batch to its visible commit.',
      buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5],
      registers,
    }),
    restoreSeconds: new Histogram({
      name: 'weir_state_restore_seconds',
      help: 'From take-over to the first live record.',
      buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 300],
      registers,
    }),
    replayedRecords: new Counter({
      name: 'weir_replay_records_total',
      help: 'Records folded again by restores.',
      registers,
    }),
    taskFailures: new Counter({
      name: 'weir_task_failures_total',
      help: 'Times a task was rebuilt from its last commit.',
      registers,
    }),
    rebalances: new Counter({ name: 'weir_rebalances_total', help: 'Assignments received from the group.', registers }),
    lastProcessed: new Gauge({
      name: 'weir_last_record_processed_timestamp_seconds',
      help: 'Wall clock of the last commit.',
      registers,
    }),
    degraded: new Counter({
      name: 'weir_degraded_writes_total',
      help: 'Snapshots and read views that could not be written; the fold goes on.',
      labelNames: ['part'],
      registers,
    }),
  };
}
