/**
 * The flights as events: January trains two versions of one model and becomes the reference of their features and of their output; from
 * February on each flight is a prediction, and an outcome once it has arrived. A third model scores every tenth flight in shadow. Everything is a function of the file, so that each replay is
 * the same.
 */
import { encode } from '@weir/events/codec';
import type { ModelAccess, PredictionLogged } from '@weir/events/generated/events';
import { referenceHash } from '@weir/events/reference-hash';
import { FeatureBuilder, NUMERIC_FEATURES, scheduledMinutes } from './features.ts';
import { GradientBoosted, SHADOW_MODEL, SHADOW_VERSION, shadowId } from './gradient-boosted.ts';
import { type Fault, Injector } from './inject.ts';
import { LogisticRegression } from './logistic-regression.ts';
import { promotionPolicySet } from './promotion-policy.ts';
import { type Flights, readFlights } from './source.ts';

export const MODEL = 'flight-delay';
export const FEATURE_SET = 'flights-1';
export const OUTPUT = 'lateProbability';
export const LATE_MINUTES = 15;
const JANUARY_ENDS_MS = Date.parse('2001-02-01T00:00:00Z');
const MINUTE_MS = 60_000;
const BATCH_EVENTS = 4_000;
/** `schedule` knows the timetable only; `recent-delay` also sees how late recent arrivals were. */
const VERSIONS = { schedule: [0, 1, 2], 'recent-delay': [0, 1, 2, 3, 4] } as const;
type Version = keyof typeof VERSIONS;
type Models = Readonly<Record<Version, LogisticRegression>>;

export interface ReplayEvent {
  readonly topic: 'models' | 'references' | 'predictions' | 'outcomes';
  readonly key: string;
  readonly value: Buffer;
  readonly eventTimeMs: number;
}

/**
 * Registrations and references first, then batches of predictions and outcomes in event-time order. Faults reach the models too, as they
 * would if the pipeline that feeds them broke; January is never touched.
 */
export async function* replay(faults: readonly Fault[] = []): AsyncGenerator<readonly ReplayEvent[]> {
  const injector = new Injector(faults);
  const builder = new FeatureBuilder();
  const outcomes = new OutcomeQueue();
  const models: Models = {
    schedule: new LogisticRegression(VERSIONS.schedule),
    'recent-delay': new LogisticRegression(VERSIONS['recent-delay']),
  };
  const boosted = new GradientBoosted();
  const january = new January();
  let introduced = false;
  let events: ReplayEvent[] = [];
  for await (const flights of readFlights()) {
    for (let at = 0; at < flights.count; at += 1) {
      const features = builder.next(flights, at);
      const departureMs = flights.departureMs[at] as number;
      if (departureMs < JANUARY_ENDS_MS) {
        const label = (flights.delay[at] as number) > LATE_MINUTES ? 1 : 0;
        for (const model of Object.values(models)) model.learn(features, label);
        january.add(flights.start + at, features);
        continue;
      }
      if (!introduced) {
        introduced = true;
        yield introduction(january.columns(models), models, boosted);
        january.clear();
      }
      outcomes.takeUntil(departureMs, events);
      injector.apply(features, departureMs);
      const served = predictionOf(flights, at, features, models);
      events.push({
        topic: 'predictions',
        key: MODEL,
        value: encode('PredictionLogged', served),
        eventTimeMs: departureMs,
      });
      if (GradientBoosted.takes(flights.start + at))
        events.push({
          topic: 'predictions',
          key: SHADOW_MODEL,
          value: boosted.shadow(served),
          eventTimeMs: departureMs,
        });
      outcomes.add(flights, at);
      if (events.length >= BATCH_EVENTS) {
        yield events;
        events = [];
      }
    }
  }
  outcomes.takeUntil(Number.POSITIVE_INFINITY, events);
  if (events.length > 0) yield events;
}

function predictionOf(flights: Flights, at: number, features: readonly number[], models: Models): PredictionLogged {
  const id = `f${flights.start + at}`;
  const version = versionOf(flights.start + at);
  return {
    model: MODEL,
    version,
    featureSet: FEATURE_SET,
    eventTimeMs: flights.departureMs[at] as number,
    numeric: features,
    categorical: [flights.origin[at] as string, flights.destination[at] as string],
    outputs: [scored(models[version], features)],
    id,
    unit: id,
    segment: {},
    routing: null,
    latencyMs: null,
  };
}

/** Which version a flight is given to. Alternating by row is a fair split that needs no chance. */
function versionOf(row: number): Version {
  return row % 2 === 0 ? 'schedule' : 'recent-delay';
}

/** To four decimals, so that the reference of the output stays small. */
function scored(model: LogisticRegression, features: readonly number[]): number {
  return Math.round(model.predict(features) * 10_000) / 10_000;
}

/** The month before the first prediction. */
class January {
  readonly #rows: number[] = [];
  readonly #features: number[][] = [];

  add(row: number, features: number[]): void {
    this.#rows.push(row);
    this.#features.push(features);
  }

  clear(): void {
    this.#rows.length = 0;
    this.#features.length = 0;
  }

  /**
   * Values by column. Of the output: each flight scored by the version that its row would have been given to, as that version stands at the
   * end of its training. The versions share the column, and so the reference mixes them as their traffic is mixed; the flights are those
   * that they were trained on, which so few weights cannot have learnt by heart.
   */
  columns(models: Models): ReadonlyMap<string, readonly number[]> {
    const features = NUMERIC_FEATURES.map(
      ({ name }, index) => [name, this.#features.map((each) => each[index] as number)] as const,
    );
    const output = this.#features.map((each, index) => scored(models[versionOf(this.#rows[index] as number)], each));
    return new Map([...features, [OUTPUT, output] as const]);
  }
}

/** Outcomes wait here until their flight has arrived, in buckets of a minute: the file's resolution. */
class OutcomeQueue {
  readonly #byMinute = new Map<number, { readonly row: number; readonly late: 0 | 1 }[]>();
  #minute = Number.NaN;

  add(flights: Flights, at: number): void {
    const delay = flights.delay[at] as number;
    const departureMinute = Math.floor((flights.departureMs[at] as number) / MINUTE_MS);
    if (Number.isNaN(this.#minute)) this.#minute = departureMinute;
    const minute = departureMinute + Math.ceil(scheduledMinutes(flights.distance[at] as number) + Math.max(0, delay));
    const outcome = { row: flights.start + at, late: delay > LATE_MINUTES ? (1 as const) : (0 as const) };
    const bucket = this.#byMinute.get(minute);
    if (bucket === undefined) this.#byMinute.set(minute, [outcome]);
    else bucket.push(outcome);
  }

  /** Everything that arrived by `nowMs`, in order. */
  takeUntil(nowMs: number, events: ReplayEvent[]): void {
    const now = Math.floor(nowMs / MINUTE_MS);
    for (; this.#minute <= now && this.#byMinute.size > 0; this.#minute += 1) {
      for (const { row, late } of this.#byMinute.get(this.#minute) ?? []) {
        const id = `f${row}`;
        const eventTimeMs = this.#minute * MINUTE_MS;
        events.push(outcomeOf(MODEL, id, late, eventTimeMs));
        if (GradientBoosted.takes(row)) events.push(outcomeOf(SHADOW_MODEL, shadowId(id), late, eventTimeMs));
      }
      this.#byMinute.delete(this.#minute);
    }
  }
}

function outcomeOf(model: string, predictionId: string, label: 0 | 1, eventTimeMs: number): ReplayEvent {
  const value = encode('OutcomeObserved', { model, predictionId, eventTimeMs, label, reward: null, revision: 0 });
  return { topic: 'outcomes', key: model, value, eventTimeMs };
}

/** The linear models stand in their registrations, as January left them; the trees are a file. References are those of the served model. */
function introduction(
  january: ReadonlyMap<string, readonly number[]>,
  models: Models,
  boosted: GradientBoosted,
): ReplayEvent[] {
  const names = NUMERIC_FEATURES.map(({ name }) => name);
  const eventTimeMs = JANUARY_ENDS_MS;
  const inline = (version: Version) => ({ kind: 'inline', location: JSON.stringify(models[version].export(names)) });
  const registrations = [
    ...(Object.keys(VERSIONS) as Version[]).map((version) => registrationOf(MODEL, version, inline(version))),
    registrationOf(SHADOW_MODEL, SHADOW_VERSION, boosted.access),
  ];
  const references = [...january].map(([name, column]): ReplayEvent => {
    const { values, counts } = tally(column);
    const hash = referenceHash(values, counts, 0);
    const value = encode('ReferenceSet', {
      model: MODEL,
      column: name,
      values,
      counts,
      missing: 0,
      hash,
      source:
        name === OUTPUT ? 'flights of January 2001, scored by the versions they trained' : 'flights of January 2001',
      eventTimeMs,
      id: `${MODEL}/${name}/${hash}`,
      categories: null,
    });
    return { topic: 'references', key: MODEL, value, eventTimeMs };
  });
  return [...registrations, promotionPolicySet(JANUARY_ENDS_MS), ...references];
}

function registrationOf(model: string, version: string, access: ModelAccess): ReplayEvent {
  const features = [
    ...NUMERIC_FEATURES.map(({ name, unit }) => ({ name, type: 'numeric' as const, unit, protected: false })),
    ...['origin', 'destination'].map((name) => ({ name, type: 'categorical' as const, unit: null, protected: false })),
  ];
  const eventTimeMs = JANUARY_ENDS_MS;
  const value = encode('ModelVersionRegistered', {
    model,
    version,
    featureSet: { id: FEATURE_SET, features },
    outputs: [{ name: OUTPUT, unit: null }],
    access,
    digest: null,
    eventTimeMs,
    id: `${model}/${version}`,
  });
  return { topic: 'models', key: model, value, eventTimeMs };
}

/** Distinct values, ascending, and their counts. */
function tally(column: readonly number[]): { values: number[]; counts: number[] } {
  const counted = new Map<number, number>();
  for (const value of column) counted.set(value + 0, (counted.get(value + 0) ?? 0) + 1);
  const sorted = [...counted].sort(([a], [b]) => a - b);
  return { values: sorted.map(([value]) => value), counts: sorted.map(([, count]) => count) };
}
