/** A slice of the flights through the fold: what alerts come of it. */
import type { LogRecord } from '@weir/event-log/port';
import { decode } from '@weir/events/codec';
import type { AlertRaised, AlertResolved, EventQuarantined } from '@weir/events/generated/events';
import type { Fault } from '@weir/flights/inject';
import { replay } from '@weir/flights/replay';
import { newFold } from '@weir/service-kit/testing/fold-run';
import type { Scenario } from '@weir/service-kit/testing/scenario';
import { ANOMALY_DEFAULTS, type AnomalyConfig } from '../src/config.ts';
import { createAnomalyProcessor } from '../src/processor.ts';

export const FLIGHTS_CONFIG: AnomalyConfig = {
  ...ANOMALY_DEFAULTS,
  learnEvents: 8_000,
  heldOutEvents: 8_000,
  eventsPerAlarm: 100_000,
};

export interface FlightRun {
  readonly raised: readonly AlertRaised[];
  readonly resolved: readonly AlertResolved[];
  readonly quarantined: readonly EventQuarantined[];
  readonly predictions: readonly LogRecord[];
  /** Predictions, a count. */
  readonly events: number;
}

/** @param untilMs event time at which the slice ends */
export async function flightRun(
  faults: readonly Fault[],
  untilMs: number,
  config: AnomalyConfig = FLIGHTS_CONFIG,
): Promise<FlightRun> {
  const fold = newFold({ processor: createAnomalyProcessor(), config, nowMs: untilMs } as unknown as Scenario);
  const raised: AlertRaised[] = [];
  const resolved: AlertResolved[] = [];
  const quarantined: EventQuarantined[] = [];
  const predictions: LogRecord[] = [];
  let offset = 0n;
  const sink = {
    output: ({ value }: { readonly value: Uint8Array | null }) => {
      const { name, event } = decode(value as Uint8Array);
      if (name === 'AlertRaised') raised.push(event);
      if (name === 'AlertResolved') resolved.push(event);
      if (name === 'EventQuarantined') quarantined.push(event);
    },
    reject: (_: string, __: unknown, { code, message }: { readonly code: string; readonly message: string }) => {
      throw new Error(`${code}: ${message}`);
    },
  };
  for await (const batch of replay(faults)) {
    for (const topic of ['models', 'references', 'predictions'] as const) {
      const records = batch
        .filter((event) => event.topic === topic && event.eventTimeMs < untilMs)
        .map(({ key, value }) => {
          offset += 1n;
          return { offset, key: Buffer.from(key), value, headers: [], timestampMs: 0 };
        });
      if (records.length > 0) fold.records(topic, records, sink);
      if (topic === 'predictions') predictions.push(...records);
    }
    if ((batch.at(-1)?.eventTimeMs ?? 0) >= untilMs) break;
  }
  return { raised, resolved, quarantined, predictions, events: predictions.length };
}
