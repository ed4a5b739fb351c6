/** The applicants as events of two models: one that counts career gaps, and its honest twin that does not. Neither sees the sex. */
import { encode } from '@weir/events/codec';
import { categoricalReferenceHash, referenceHash } from '@weir/events/reference-hash';
import { type LinearModel, linearPredict, parseSklearnLinear } from '@weir/explain/model/linear';
import { type Applicant, applicants } from './applicants.ts';

export const BIASED = 'loan';
export const HONEST = 'loan-honest';
const FEATURES = ['age', 'income', 'debtRatio', 'employed', 'careerGap'] as const;
const START_MS = Date.parse('2026-01-01T00:00:00Z');
/** Between two applications. */
const EVERY_MS = 600_000;
const DAY_MS = 86_400_000;

/** Weights of income, debt ratio, years in employment and career gap. The honest ones are those of the truth. */
const WEIGHTS: Readonly<Record<string, readonly number[]>> = {
  [BIASED]: [0.08, -5, 0.15, -0.7],
  [HONEST]: [0.08, -5, 0.15, 0],
};
/** So that both approve about as many. */
const INTERCEPTS: Readonly<Record<string, number>> = { [BIASED]: -1.49 + 1.6, [HONEST]: -1.49 };

export interface LendingEvent {
  readonly topic: 'models' | 'references' | 'predictions' | 'outcomes';
  readonly key: string;
  readonly value: Buffer;
  readonly eventTimeMs: number;
}

/** Registrations and references, then each application under both models, and what became of it, in event-time order. */
export function* lending(seed: number, count: number): Generator<LendingEvent> {
  const models = new Map(Object.keys(WEIGHTS).map((model) => [model, parseSklearnLinear(content(model))]));
  for (const model of models.keys()) yield* introduction(model);
  const known: { readonly atMs: number; readonly id: string; readonly label: number }[] = [];
  const each = applicants(seed);
  for (let index = 0; index < count; index += 1) {
    const eventTimeMs = START_MS + index * EVERY_MS;
    while ((known[0]?.atMs ?? Number.POSITIVE_INFINITY) <= eventTimeMs) {
      const { id, label, atMs } = known.shift() as (typeof known)[number];
      for (const model of models.keys()) yield outcome(model, id, label, atMs);
    }
    const applicant = each.next().value;
    const id = `a${index}`;
    for (const [model, linear] of models) yield application(model, linear, applicant, id, eventTimeMs);
    // A credit bureau tells of all applicants, also of those who borrowed elsewhere.
    const atMs = Math.round(eventTimeMs + applicant.knownAfterDays * DAY_MS);
    let at = known.length;
    while (at > 0 && (known[at - 1]?.atMs ?? 0) > atMs) at -= 1;
    known.splice(at, 0, { atMs, id, label: applicant.repays ? 1 : 0 });
  }
}

function content(model: string): object {
  return {
    format: 'weir.sklearn-linear/1',
    features: 4,
    feature_names: FEATURES.slice(1),
    link: 'logistic',
    weights: [WEIGHTS[model]],
    intercepts: [INTERCEPTS[model]],
  };
}

function application(
  model: string,
  linear: LinearModel,
  applicant: Applicant,
  id: string,
  eventTimeMs: number,
): LendingEvent {
  const numeric = FEATURES.map((name) => applicant[name]);
  const value = encode('PredictionLogged', {
    model,
    version: '1',
    featureSet: 'applicant-1',
    eventTimeMs,
    numeric,
    categorical: [applicant.sex],
    outputs: [linearPredict(linear, numeric.slice(1))[0] as number],
    id,
    unit: null,
    segment: {},
    routing: null,
    latencyMs: null,
  });
  return { topic: 'predictions', key: model, value, eventTimeMs };
}

function outcome(model: string, predictionId: string, label: number, eventTimeMs: number): LendingEvent {
  const value = encode('OutcomeObserved', { model, predictionId, eventTimeMs, label, reward: null, revision: 0 });
  return { topic: 'outcomes', key: model, value, eventTimeMs };
}

function* introduction(model: string): Generator<LendingEvent> {
  const eventTimeMs = START_MS;
  const units: Readonly<Record<string, string | null>> = { age: 'a', income: 'kEUR', employed: 'a', careerGap: 'a' };
  const numeric = FEATURES.map((name) => ({
    name,
    type: 'numeric' as const,
    unit: units[name] ?? null,
    protected: name === 'age',
  }));
  const features = [...numeric, { name: 'sex', type: 'categorical' as const, unit: null, protected: true }];
  const version = encode('ModelVersionRegistered', {
    model,
    version: '1',
    featureSet: { id: 'applicant-1', features },
    outputs: [{ name: 'repays', unit: null }],
    access: { kind: 'inline', location: JSON.stringify(content(model)) },
    digest: null,
    eventTimeMs,
    id: `${model}/1`,
  });
  yield { topic: 'models', key: model, value: version, eventTimeMs };
  const ages = Array.from({ length: 45 }, (_, index) => 20 + index);
  const head = { model, missing: 0, source: 'the generator', eventTimeMs };
  const references = [
    {
      column: 'age',
      values: ages,
      counts: ages.map(() => 1),
      categories: null,
      hash: referenceHash(
        ages,
        ages.map(() => 1),
        0,
      ),
    },
    {
      column: 'sex',
      values: [],
      counts: [45, 55],
      categories: ['F', 'M'],
      hash: categoricalReferenceHash(['F', 'M'], [45, 55], 0),
    },
  ];
  for (const reference of references) {
    const value = encode('ReferenceSet', { ...head, ...reference, id: `${model}/${reference.column}` });
    yield { topic: 'references', key: model, value, eventTimeMs };
  }
}
