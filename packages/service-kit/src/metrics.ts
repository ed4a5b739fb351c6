/** Metrics of one or several services in one registry. Nothing here knows what a service computes. */
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { type MetricSources, registerGauges } from './metric-gauges.ts';
import { type Counters, createCounters, createHistograms, type Histograms } from './metric-instruments.ts';
import { VERSION } from './version.ts';

/** Models that have series of their own, of each service; the threat is an event stream that invents models. */
const MAX_MODELS = 50;
const MAX_MODEL_LENGTH = 100;

export interface Metrics {
  readonly registry: Registry;
  /** @throws when the service has its metrics already */
  service(identity: { readonly service: string; readonly build: string }, sources: MetricSources): ServiceMetrics;
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const counters = createCounters(registry);
  const histograms = createHistograms(registry);
  const services = new Map<string, MetricSources>();
  const labelNames = ['service', 'version', 'build', 'node'];
  const help = 'Always 1; the labels say what runs.';
  const buildInfo = new Gauge({ name: 'weir_build_info', help, labelNames, registers: [registry] });
  registerGauges(registry, services);
  return {
    registry,
    service: ({ service, build }, sources) => {
      if (services.has(service)) throw new Error(`the service ${service} has metrics already; start it once`);
      services.set(service, sources);
      buildInfo.set({ service, version: VERSION, build, node: process.versions.node }, 1);
      return new ServiceMetrics(service, registry, counters, histograms);
    },
  };
}

/** Counts what one service does. */
export class ServiceMetrics {
  readonly #service: string;
  readonly #counters: Counters;
  readonly #histograms: Histograms;
  readonly #models: BoundedLabel;
  readonly #checkpointBytes: Gauge<'service'>;
  readonly #lastProcessed: Gauge<'service'>;

  constructor(service: string, registry: Registry, counters: Counters, histograms: Histograms) {
    this.#service = service;
    this.#counters = counters;
    this.#histograms = histograms;
    this.#models = new BoundedLabel(() => counters.droppedSeries.inc({ service }));
    this.#checkpointBytes = registry.getSingleMetric('weir_state_bytes') as Gauge<'service'>;
    this.#lastProcessed = registry.getSingleMetric('weir_last_record_processed_timestamp_seconds') as Gauge<'service'>;
    // Present from the start, so that a rate does not miss the first.
    for (const each of [
      counters.consumed,
      counters.aborts,
      counters.taskFailures,
      counters.dataLossResets,
      counters.divergences,
    ])
      each.inc({ service }, 0);
  }

  /** @param newestEventMs −Infinity when the batch held no event */
  committed(batch: {
    readonly records: number;
    readonly millis: number;
    readonly processMillis: number;
    readonly newestEventMs: number;
    readonly checkpointBytes?: number | undefined;
  }): void {
    const service = this.#service;
    const nowMs = Date.now();
    this.#counters.consumed.inc({ service }, batch.records);
    this.#histograms.commit.observe({ service }, batch.millis / 1_000);
    this.#histograms.process.observe({ service }, batch.processMillis / 1_000);
    this.#lastProcessed.set({ service }, nowMs / 1_000);
    if (Number.isFinite(batch.newestEventMs))
      this.#histograms.eventTimeSkew.observe({ service }, (nowMs - batch.newestEventMs) / 1_000);
    if (batch.checkpointBytes !== undefined) this.#checkpointBytes.set({ service }, batch.checkpointBytes);
  }

  output(topic: string): void {
    this.#counters.outputs.inc({ service: this.#service, topic });
  }

  /** Beside `output`. */
  alert(kind: string, severity: string, eventTimeMs: number): void {
    const service = this.#service;
    this.#counters.alerts.inc({ service, kind, severity });
    this.#histograms.eventToAlert.observe({ service }, Math.max(0, Date.now() - eventTimeMs) / 1_000);
  }

  deadLetter(topic: string, reason: string, model: string): void {
    this.#counters.deadLetters.inc({ service: this.#service, topic, reason, model: this.#models.valueOf(model) });
  }

  restored(restore: {
    readonly records: number;
    readonly millis: number;
    readonly startsOver: boolean;
    readonly diverged: boolean;
  }): void {
    const service = this.#service;
    this.#histograms.restore.observe({ service }, restore.millis / 1_000);
    this.#counters.replayed.inc({ service }, restore.records);
    if (restore.startsOver) this.#counters.dataLossResets.inc({ service });
    if (restore.diverged) this.#counters.divergences.inc({ service });
  }

  aborted(): void {
    this.#counters.aborts.inc({ service: this.#service });
  }

  taskFailed(): void {
    this.#counters.taskFailures.inc({ service: this.#service });
  }

  rebalanced(): void {
    this.#counters.rebalances.inc({ service: this.#service });
  }

  effectAnswered(kind: string, outcome: 'done' | 'failed'): void {
    this.#counters.effects.inc({ service: this.#service, kind, outcome });
  }

  effectTryFailed(kind: string): void {
    this.#counters.failedTries.inc({ service: this.#service, kind });
  }

  transportError(part: 'checkpoints' | 'views' | 'offsets' | 'redis'): void {
    this.#counters.transportErrors.inc({ service: this.#service, part });
  }
}

/** The first values that come stand for themselves. */
class BoundedLabel {
  readonly #known = new Set<string>();
  readonly #onDropped: () => void;

  constructor(onDropped: () => void) {
    this.#onDropped = onDropped;
  }

  valueOf(value: string): string {
    const short = value.slice(0, MAX_MODEL_LENGTH);
    if (this.#known.has(short)) return short;
    if (this.#known.size < MAX_MODELS) {
      this.#known.add(short);
      return short;
    }
    this.#onDropped();
    return 'other';
  }
}
