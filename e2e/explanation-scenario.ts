/** Predictions of three models on two partitions, the same for every run: fair rents, and loans and jobs decided by a protected column. */
import { partitionFor } from '@weir/event-log/partition';
import type { EventLog, NewRecord } from '@weir/event-log/port';
import { SAMPLER_DEFAULTS, type SamplerConfig } from '@weir/explanation-sampler/config';
import { createSamplerProcessor } from '@weir/explanation-sampler/processor';
import { topicSpecs } from '@weir/service-kit/runner';
import {
  categories,
  feature,
  inline,
  NOW_MS,
  outcome,
  prediction,
  registration,
  stumps,
} from '../services/explanation-sampler/test/scene.ts';

export const PARTITIONS = 2;
/** Two of them share a partition. */
export const MODELS: readonly string[] = ['loan', 'job', 'rent'];
export const CONFIG: SamplerConfig = {
  ...SAMPLER_DEFAULTS,
  budgetPerSecond: 25,
  backgroundEvents: 60,
  backgroundRows: 40,
  referenceSize: 100,
  queue: 100_000,
  // Every loan that is refused, and so the last.
  mandatoryModels: MODELS,
};
const START_MS = NOW_MS - 1e8;
/** Of event time, from one prediction of all models to the next: somewhat more than the budget allows. */
const STEP_MS = 10;

export async function createTopics(log: EventLog, prefix: string): Promise<void> {
  const admin = await log.admin();
  await admin.createTopics(topicSpecs(createSamplerProcessor(), prefix, PARTITIONS));
  await admin.close();
}

export function introduction(prefix: string): readonly NewRecord[] {
  const rule = stumps(
    ['x', 'sex=F'],
    [
      { feature: 0, threshold: 0.2, value: 0.4 },
      { feature: 1, threshold: 0.5, value: -0.2 },
    ],
  );
  const columns = [feature('x', 'numeric'), feature('sex', 'categorical', true)];
  const linear = {
    format: 'weir.sklearn-linear/1',
    features: 2,
    feature_names: ['x', 'y'],
    link: 'identity',
    weights: [[0.5, 0.25]],
    intercepts: [0.25],
  };
  return placed(prefix, [
    registration('loan', columns, inline(rule)),
    categories('loan', 'sex', ['F', 'M']),
    registration('job', columns, inline(rule)),
    categories('job', 'sex', ['F', 'M']),
    registration('rent', [feature('x', 'numeric'), feature('y', 'numeric')], inline(linear)),
  ]);
}

/** Predictions `from` to `to` in turn over the models, with labels of most of them, some late. */
export function predictions(prefix: string, from: number, to: number): readonly NewRecord[] {
  const records = Array.from({ length: to - from }, (_, offset) => {
    const index = from + offset;
    const labelled = index - 40;
    const isLabelled = labelled >= 0 && labelled % 5 !== 0;
    return [predictionAt(index), ...(isLabelled ? [labelOf(labelled)] : [])];
  });
  return placed(prefix, records.flat());
}

/** One refusal of each model, long after the others: it is explained, and after everything that was selected before it. */
export function last(prefix: string): readonly NewRecord[] {
  return placed(
    prefix,
    MODELS.map((model) => refusal(model)),
  );
}

export const lastOf = (model: string): string => `last ${model}`;

function refusal(model: string): NewRecord {
  const given =
    model === 'rent' ? { numeric: [0, 0], outputs: [0.25] } : { numeric: [0.1], categorical: ['M'], outputs: [0.25] };
  return prediction({ model, id: lastOf(model), eventTimeMs: NOW_MS - 1e6, ...given });
}

function predictionAt(index: number): NewRecord {
  const model = MODELS[index % MODELS.length] as string;
  const turn = Math.floor(index / MODELS.length);
  const eventTimeMs = START_MS + index * STEP_MS;
  const id = `p${index}`;
  // Missing now and then.
  const x = index % 101 === 3 ? Number.NaN : (turn * 0.618_034) % 1;
  if (model === 'rent') {
    const y = (turn * 0.754_878) % 1;
    return prediction({ model, id, eventTimeMs, numeric: [x, y], outputs: [0.25 + 0.5 * x + 0.25 * y] });
  }
  const isWoman = turn % 2 === 0;
  const output = 0.25 + (x > 0.2 ? 0.4 : 0) - (isWoman ? 0.2 : 0);
  return prediction({ model, id, eventTimeMs, numeric: [x], categorical: [isWoman ? 'F' : 'M'], outputs: [output] });
}

function labelOf(index: number): NewRecord {
  const model = MODELS[index % MODELS.length] as string;
  return outcome(model, `p${index}`, index % 7 < 4 ? 1 : 0, START_MS + (index + 40) * STEP_MS);
}

function placed(prefix: string, records: readonly NewRecord[]): readonly NewRecord[] {
  return records.map((record) => ({
    ...record,
    topic: prefix + record.topic,
    partition: partitionFor(String(record.key), PARTITIONS),
  }));
}
