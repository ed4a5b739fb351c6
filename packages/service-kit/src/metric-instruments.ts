/** What is measured, in Prometheus' conventions. Every series has the label `service`; other labels have few values by design. */
import { Counter, Histogram, type Registry } from 'prom-client';

export interface Counters {
  readonly consumed: Counter<'service'>;
  readonly outputs: Counter<'service' | 'topic'>;
  readonly alerts: Counter<'service' | 'kind' | 'severity'>;
  readonly deadLetters: Counter<'service' | 'topic' | 'reason' | 'model'>;
  readonly aborts: Counter<'service'>;
  readonly replayed: Counter<'service'>;
  readonly taskFailures: Counter<'service'>;
  readonly rebalances: Counter<'service'>;
  readonly effects: Counter<'service' | 'kind' | 'outcome'>;
  readonly failedTries: Counter<'service' | 'kind'>;
  readonly transportErrors: Counter<'service' | 'part'>;
  readonly dataLossResets: Counter<'service'>;
  readonly divergences: Counter<'service'>;
  readonly droppedSeries: Counter<'service'>;
}

export interface Histograms {
  readonly commit: Histogram<'service'>;
  readonly process: Histogram<'service'>;
  readonly restore: Histogram<'service'>;
  readonly eventTimeSkew: Histogram<'service'>;
  readonly eventToAlert: Histogram<'service'>;
}

export function createCounters(registry: Registry): Counters {
  const counter = <Label extends string = never>(name: string, help: string, ...labels: readonly Label[]) =>
    new Counter<'service' | Label>({ name, help, labelNames: ['service', ...labels], registers: [registry] });
  return {
    consumed: counter('weir_events_consumed_total', 'Input records committed.'),
    outputs: counter('weir_outputs_total', 'Records written, by logical topic.', 'topic'),
    alerts: counter('weir_alerts_emitted_total', 'Alerts raised, by kind and severity.', 'kind', 'severity'),
    deadLetters: counter(
      'weir_dlq_total',
      'Records sent to the dead-letter topic, by logical topic, code of the reason and model; model is other beyond the first models.',
      'topic',
      'reason',
      'model',
    ),
    aborts: counter('weir_txn_aborts_total', 'Aborted transactions.'),
    replayed: counter('weir_replay_records_total', 'Records processed again by restores.'),
    taskFailures: counter('weir_task_failures_total', 'Times a task was rebuilt from its last commit.'),
    rebalances: counter('weir_rebalances_total', 'Assignments received from the group.'),
    effects: counter('weir_effects_total', 'Effects answered, by kind and outcome.', 'kind', 'outcome'),
    failedTries: counter(
      'weir_effect_failed_tries_total',
      'Tries of effects that failed and are made again, by kind.',
      'kind',
    ),
    transportErrors: counter(
      'weir_transport_errors_total',
      'Failed calls beside the commit path, by part: checkpoints, views, offsets, redis.',
      'part',
    ),
    dataLossResets: counter(
      'weir_data_loss_resets_total',
      'Restores that began with empty state because their inputs were no longer kept.',
    ),
    divergences: counter(
      'weir_divergences_total',
      'Restores in which this build processed inputs to other outputs than the build that had committed them.',
    ),
    droppedSeries: counter('weir_series_dropped_total', 'Values of a bounded label that were counted as other.'),
  };
}

export function createHistograms(registry: Registry): Histograms {
  const histogram = (name: string, help: string, buckets: number[]): Histogram<'service'> =>
    new Histogram({ name, help, buckets, labelNames: ['service'], registers: [registry] });
  return {
    commit: histogram(
      'weir_txn_commit_duration_seconds',
      'From the end of a batch to its visible commit.',
      [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5],
    ),
    process: histogram(
      'weir_process_duration_seconds',
      'Processing of one batch.',
      [0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5],
    ),
    restore: histogram(
      'weir_state_restore_seconds',
      'From take-over to the first live record.',
      [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 300],
    ),
    eventTimeSkew: histogram(
      'weir_event_time_skew_seconds',
      'From the newest event time of a batch to its visible commit; below 0 the clock of the producer is ahead.',
      [-60, -1, 0, 0.1, 0.5, 1, 5, 30, 60, 300, 3_600, 86_400],
    ),
    eventToAlert: histogram(
      'weir_event_to_alert_seconds',
      'From the time of the event that caused an alert to its visible commit; replays of old events fall in the last bucket.',
      [0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 30, 60],
    ),
  };
}
