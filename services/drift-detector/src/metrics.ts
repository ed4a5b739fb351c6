/** Metrics of models, read from their views when Prometheus asks. */
import type { ReadViews } from '@weir/service-kit/views/read-views';
import { Counter, Gauge, type Registry } from 'prom-client';

const SERVICE = 'drift-detector';
/** Models that have series of their own; the threat is an event stream that invents models. */
const MAX_MODELS = 50;

interface ModelSummary {
  readonly model: string;
  readonly monitoring: 'monitored' | 'learning' | 'unmonitored';
  readonly notWatched: readonly unknown[];
  readonly drifting: readonly string[];
}

interface Measured {
  readonly observed: number | null;
  readonly predicted: number | null;
  readonly logLoss: number | null;
  readonly errorRate: number | null;
}

interface Performance {
  readonly model: string;
  readonly reference: Measured | null;
  readonly joins: Readonly<Record<string, number>> | null;
  readonly windows: readonly (Measured & {
    readonly capacity: number;
    readonly verdicts: readonly { readonly alert: object | null }[];
  })[];
}

/** Counts of the joiner that only rise. */
const RESULTS = ['joined', 'unanswered', 'duplicates', 'revised', 'orphans', 'unscored'] as const;

export function registerMetrics(registry: Registry, views: ReadViews): void {
  const all = async <Content>(prefix: string): Promise<readonly Content[]> => {
    const entries = await views.list(SERVICE, { prefix, limit: MAX_MODELS });
    return entries.map(({ json }) => JSON.parse(json) as Content);
  };
  registerModels(registry, () => all<ModelSummary>('model/'));
  registerPerformance(registry, () => all<Performance>('performance/'));
  registerOutcomes(registry, () => all<Performance>('performance/'));
}

function registerModels(registry: Registry, models: () => Promise<readonly ModelSummary[]>): void {
  const gauge = (name: string, help: string, of: (model: ModelSummary) => number): void => {
    const made: Gauge<'model'> = new Gauge({
      name,
      help,
      labelNames: ['model'],
      registers: [registry],
      collect: async () => {
        const found = await models();
        made.reset();
        for (const each of found) made.set({ model: each.model }, of(each));
      },
    });
  };
  gauge('weir_drift_unmonitored', '1 while no column of the model has a reference.', ({ monitoring }) =>
    Number(monitoring === 'unmonitored'),
  );
  gauge('weir_drift_columns_not_watched', 'Columns that are not tested.', ({ notWatched }) => notWatched.length);
  gauge('weir_drift_columns_drifting', 'Columns with an open alert of drift.', ({ drifting }) => drifting.length);
}

function registerPerformance(registry: Registry, models: () => Promise<readonly Performance[]>): void {
  const gauge = (
    name: string,
    help: string,
    set: (made: Gauge<'model' | 'metric' | 'window'>, performance: Performance) => void,
    labelNames: readonly ('model' | 'metric' | 'window')[],
  ): void => {
    const made: Gauge<'model' | 'metric' | 'window'> = new Gauge({
      name,
      help,
      labelNames,
      registers: [registry],
      collect: async () => {
        const found = await models();
        made.reset();
        for (const each of found) set(made, each);
      },
    });
  };
  const units = 'observed (share of labels 1), predicted (mean probability), log-loss (nats) or error-rate';
  gauge(
    'weir_performance',
    `Of the last outcomes of the model: ${units}.`,
    (made, { model, windows }) => {
      for (const { capacity, ...measured } of windows)
        for (const [metric, value] of metricsOf(measured)) made.set({ model, metric, window: capacity }, value);
    },
    ['model', 'metric', 'window'],
  );
  gauge(
    'weir_performance_reference',
    `Of the reference of the model: ${units}.`,
    (made, { model, reference }) => {
      if (reference !== null) for (const [metric, value] of metricsOf(reference)) made.set({ model, metric }, value);
    },
    ['model', 'metric'],
  );
  gauge(
    'weir_performance_open_alerts',
    'Open alerts of kind performance.',
    (made, { model, windows }) => {
      const open = windows.flatMap(({ verdicts }) => verdicts).filter(({ alert }) => alert !== null);
      made.set({ model }, open.length);
    },
    ['model'],
  );
}

function registerOutcomes(registry: Registry, models: () => Promise<readonly Performance[]>): void {
  const outcomes: Counter<'model' | 'result'> = new Counter({
    name: 'weir_performance_outcomes_total',
    help: 'Outcomes and predictions by what became of them; /v1/models/{model}/performance says what each result means.',
    labelNames: ['model', 'result'],
    registers: [registry],
    collect: async () => {
      const found = await models();
      outcomes.reset();
      for (const { model, joins } of found)
        for (const result of RESULTS) if (joins !== null) outcomes.inc({ model, result }, joins[result] ?? 0);
    },
  });
}

/** What is not known yet has no series. */
function metricsOf({ observed, predicted, logLoss, errorRate }: Measured): readonly (readonly [string, number])[] {
  const named = { observed, predicted, 'log-loss': logLoss, 'error-rate': errorRate };
  return Object.entries(named).filter((entry): entry is [string, number] => entry[1] !== null);
}
