/** A slice of the flights through the fold: what alerts come of it. */
import type { LogRecord } from '@weir/event-log/port';
import { decode } from '@weir/events/codec';
import type { AlertRaised, AlertResolved, EventQuarantined } from '@weir/events/generated/events';
import type { Fault } from '@weir/flights/inject';
import type { ReplayEvent } from '@weir/flights/replay';
import type { Output, Rejection } from '@weir/service-kit/processor';
import { newFold } from '@weir/service-kit/testing/fold-run';
import type { Scenario } from '@weir/service-kit/testing/scenario';
import { ANOMALY_DEFAULTS, type AnomalyConfig } from '../src/config.ts';
import { createAnomalyProcessor } from '../src/processor.ts';
import { cleanFlights, injectedFlights } from './injected-flights.ts';

export const FLIGHTS_CONFIG: AnomalyConfig = {
  ...ANOMALY_DEFAULTS,
  learnEvents: 8_000,
  heldOutEvents: 8_000,
  eventsPerAlarm: 100_000,
};
/** After every slice. */
const NOW_MS = Date.parse('2001-03-01');
const SLICE_EVENTS = 4_000;

export interface FlightRun {
  readonly raised: readonly AlertRaised[];
  readonly resolved: readonly AlertResolved[];
  readonly quarantined: readonly EventQuarantined[];
  readonly predictions: readonly LogRecord[];
  /** Predictions, a count. */
  readonly events: number;
}

type Fold = ReturnType<typeof newFold>;
type Saved = Parameters<Fold['load']>[0];
/** States before the first fault, by configuration and time: a restored detector decides as one that never stopped. */
const warm = new Map<string, { readonly run: Run; readonly states: readonly Saved[]; readonly events: number }>();

/** @param untilMs event time at which the slice ends */
export async function flightRun(
  faults: readonly Fault[],
  untilMs: number,
  config: AnomalyConfig = FLIGHTS_CONFIG,
): Promise<FlightRun> {
  const clean = await cleanFlights(untilMs);
  const firstMs = Math.min(untilMs, ...faults.map(({ fromMs }) => fromMs));
  const key = `${firstMs} ${JSON.stringify(config)}`;
  let before = warm.get(key);
  if (before === undefined) {
    const fold = foldOf(config);
    const events = clean.filter(({ eventTimeMs }) => eventTimeMs < firstMs);
    const run = new Run();
    run.feed(fold, events, 0);
    before = { run, states: [...fold.keys.records()], events: events.length };
    warm.set(key, before);
  }
  const fold = foldOf(config);
  for (const state of before.states) fold.load(state);
  const run = new Run(before.run);
  run.feed(fold, injectedFlights(clean, faults).slice(before.events), before.events);
  return run;
}

function foldOf(config: AnomalyConfig): Fold {
  return newFold({ processor: createAnomalyProcessor(), config, nowMs: NOW_MS } as unknown as Scenario);
}

class Run implements FlightRun {
  readonly raised: AlertRaised[];
  readonly resolved: AlertResolved[];
  readonly quarantined: EventQuarantined[];
  readonly predictions: LogRecord[];

  constructor({ raised, resolved, quarantined, predictions }: Partial<Run> = {}) {
    this.raised = [...(raised ?? [])];
    this.resolved = [...(resolved ?? [])];
    this.quarantined = [...(quarantined ?? [])];
    this.predictions = [...(predictions ?? [])];
  }

  get events(): number {
    return this.predictions.length;
  }

  /** @param first offset of the first event, one numbering for all topics */
  feed(fold: Fold, events: readonly ReplayEvent[], first: number): void {
    for (let from = 0; from < events.length; ) {
      const { topic } = events[from] as ReplayEvent;
      let to = from;
      while (to < events.length && to < from + SLICE_EVENTS && events[to]?.topic === topic) to += 1;
      const records = events.slice(from, to).map(
        ({ key, value }, at): LogRecord => ({
          offset: BigInt(first + from + at),
          key: Buffer.from(key),
          value,
          headers: [],
          timestampMs: 0,
        }),
      );
      fold.records(topic, records, this);
      if (topic === 'predictions') this.predictions.push(...records);
      from = to;
    }
  }

  output({ value }: Output): void {
    const { name, event } = decode(value as Uint8Array);
    if (name === 'AlertRaised') this.raised.push(event);
    if (name === 'AlertResolved') this.resolved.push(event);
    if (name === 'EventQuarantined') this.quarantined.push(event);
  }

  reject(_: string, __: LogRecord, { code, message }: Rejection): void {
    throw new Error(`${code}: ${message}`);
  }
}
