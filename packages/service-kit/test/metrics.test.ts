import { describe, expect, test } from 'vitest';
import { createMetrics } from '../src/metrics.ts';

const batch = { records: 3, millis: 4, processMillis: 2, newestEventMs: Number.NEGATIVE_INFINITY };

async function linesOf(metrics: ReturnType<typeof createMetrics>): Promise<readonly string[]> {
  return (await metrics.registry.metrics()).split('\n');
}

describe('metrics', () => {
  test('of two services stand in one registry, told apart by their label', async () => {
    const metrics = createMetrics();
    const lags = () => [{ topic: 'predictions', partition: 2, records: 7, seconds: 1.5 }];
    const alpha = metrics.service({ service: 'alpha', build: 'alpha/1' }, { lags });
    const beta = metrics.service({ service: 'beta', build: 'beta/2' }, { lags: () => [], viewsBehind: () => 1 });
    alpha.committed(batch);
    beta.committed({ ...batch, records: 5, checkpointBytes: 99 });
    alpha.output('alerts');
    alpha.alert('anomaly', 'critical', Date.now() - 200);
    beta.effectAnswered('webhook', 'failed');
    beta.restored({ records: 11, millis: 60, startsOver: true, diverged: false });
    beta.transportError('views');
    const lines = await linesOf(metrics);
    for (const line of [
      'weir_events_consumed_total{service="alpha"} 3',
      'weir_events_consumed_total{service="beta"} 5',
      'weir_outputs_total{service="alpha",topic="alerts"} 1',
      'weir_alerts_emitted_total{service="alpha",kind="anomaly",severity="critical"} 1',
      'weir_event_to_alert_seconds_count{service="alpha"} 1',
      'weir_effects_total{service="beta",kind="webhook",outcome="failed"} 1',
      'weir_replay_records_total{service="beta"} 11',
      'weir_data_loss_resets_total{service="alpha"} 0',
      'weir_data_loss_resets_total{service="beta"} 1',
      'weir_divergences_total{service="beta"} 0',
      'weir_transport_errors_total{service="beta",part="views"} 1',
      'weir_state_bytes{service="beta"} 99',
      'weir_views_behind{service="beta"} 1',
      'weir_consumer_lag_records{service="alpha",topic="predictions",partition="2"} 7',
      'weir_consumer_lag_seconds{service="alpha"} 1.5',
      'weir_consumer_lag_seconds{service="beta"} 0',
      'weir_txn_commit_duration_seconds_bucket{le="0.005",service="alpha"} 1',
    ])
      expect(lines).toContain(line);
    expect(
      lines.some(
        (line) => line.startsWith('weir_build_info{service="beta",version="') && line.includes('build="beta/2"'),
      ),
    ).toBe(true);
    expect(lines.some((line) => line.startsWith('weir_views_behind{service="alpha"'))).toBe(false);
    expect(lines.some((line) => line.startsWith('weir_event_time_skew_seconds_count'))).toBe(false);
  });

  test('follow the figures of a service, and leave out what it does not have', async () => {
    const metrics = createMetrics();
    let watermarkMs: number | undefined;
    let partition = 0;
    metrics.service(
      { service: 'alpha', build: '1' },
      {
        lags: () => [{ topic: 'models', partition, records: 1, seconds: 0 }],
        watermarkMs: () => watermarkMs,
        keys: () => 2,
        spilledKeys: () => 1,
        figures: () => [{ lateEvents: 2, oldestWindowEndMs: Date.now() + 1e6 }, { lateEvents: 3 }, {}],
      },
    );
    expect((await linesOf(metrics)).some((line) => line.startsWith('weir_watermark_timestamp_seconds{'))).toBe(false);
    watermarkMs = 5_000;
    partition = 1;
    const lines = await linesOf(metrics);
    expect(lines).toContain('weir_watermark_timestamp_seconds{service="alpha"} 5');
    expect(lines).toContain('weir_late_events_total{service="alpha"} 5');
    expect(lines).toContain('weir_window_close_delay_seconds{service="alpha"} 0');
    expect(lines).toContain('weir_state_keys{service="alpha"} 2');
    expect(lines).toContain('weir_state_keys_spilled{service="alpha"} 1');
    expect(lines.filter((line) => line.startsWith('weir_consumer_lag_records{'))).toEqual([
      'weir_consumer_lag_records{service="alpha",topic="models",partition="1"} 1',
    ]);
  });

  test('an event stream that invents models does not invent series', async () => {
    const metrics = createMetrics();
    const alpha = metrics.service({ service: 'alpha', build: '1' }, { lags: () => [] });
    for (let index = 0; index < 1_000; index += 1) alpha.deadLetter('predictions', 'UNKNOWN_MODEL', `m${index}`);
    const lines = await linesOf(metrics);
    expect(lines.filter((line) => line.startsWith('weir_dlq_total{'))).toHaveLength(51);
    expect(lines).toContain(
      'weir_dlq_total{service="alpha",topic="predictions",reason="UNKNOWN_MODEL",model="other"} 950',
    );
    expect(lines).toContain('weir_series_dropped_total{service="alpha"} 950');
  });

  test('a service has its metrics once', () => {
    const metrics = createMetrics();
    metrics.service({ service: 'alpha', build: '1' }, { lags: () => [] });
    expect(() => metrics.service({ service: 'alpha', build: '1' }, { lags: () => [] })).toThrow(
      'alpha has metrics already',
    );
  });
});
