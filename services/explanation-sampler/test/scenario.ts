/** Three models: one is explained and its attributions shift, one treats a group worse, one cannot be read. */
import type { NewRecord } from '@weir/event-log/port';
import { decode } from '@weir/events/codec';
import { newFold } from '@weir/service-kit/testing/fold-run';
import type { Scenario } from '@weir/service-kit/testing/scenario';
import type { SimulatedLog } from '@weir/testkit/simulated-log';
import { SAMPLER_DEFAULTS, type SamplerConfig } from '../src/config.ts';
import { ModelHost } from '../src/models/model-host.ts';
import { createSamplerProcessor } from '../src/processor.ts';
import { effectsOf } from '../src/service.ts';
import type { ModelState } from '../src/state.ts';
import { categories, feature, inline, NOW_MS, outcome, prediction, record, registration, stumps } from './scene.ts';

export const CONFIG: SamplerConfig = {
  ...SAMPLER_DEFAULTS,
  budgetPerSecond: 100,
  backgroundEvents: 30,
  backgroundRows: 20,
  referenceSize: 60,
  kept: 20,
  segments: ['region=N|S'],
};
const MODELS = ['price', 'credit', 'broken'];
const PRICE = stumps(
  ['x', 'y', 'colour=red'],
  [
    { feature: 0, threshold: 0.5, value: 1 },
    { feature: 1, threshold: 0.5, value: 0.5 },
    { feature: 1, threshold: 10, value: 5 },
    { feature: 2, threshold: 0.5, value: 0.25 },
  ],
);
const EVENTS = 1_200;
/** Of each model: from here on `y` decides, and from there on not any more. */
const SHIFT_FROM = 250;
const SHIFT_TO = 330;

function control(): readonly NewRecord[] {
  const columns = [feature('x', 'numeric'), feature('y', 'numeric'), feature('colour', 'categorical')];
  return [
    registration('price', columns, inline(PRICE)),
    registration('credit', [feature('income', 'numeric'), feature('sex', 'categorical', true)], null),
    categories('credit', 'sex', ['F', 'M']),
    registration('broken', columns, { kind: 'file', location: 'nowhere.json' }),
  ];
}

function event(index: number): NewRecord {
  if (index % 31 === 5) return record('predictions', 'torn', Buffer.from(`torn ${index}`));
  const turn = Math.floor(index / MODELS.length);
  const model = index % 97 === 7 ? 'stranger' : (MODELS[index % MODELS.length] as string);
  const even = (turn * 0.618_034) % 1;
  const late = index % 7 === 0 ? 3_000 : 0;
  const eventTimeMs = index % 89 === 3 ? NOW_MS + 1e10 : NOW_MS - 2e6 + 100 * index - late;
  const version = index % 83 === 6 ? 'unknown' : '1';
  const id = `p${index}`;
  if (model === 'credit') {
    if (index % 41 === 1)
      return outcome('credit', `p${index - 3}`, index % 5 === 0 ? 0.5 : index % 2, eventTimeMs, index % 3);
    const sex = turn % 19 === 0 ? null : turn % 2 === 0 ? 'F' : 'M';
    const score = turn % 23 === 0 ? Number.NaN : even < (sex === 'F' ? 0.05 : 0.9) ? 0.8 : 0.3;
    const segment: Record<string, string> = turn % 3 === 0 ? {} : { region: turn % 3 === 1 ? 'N' : 'elsewhere' };
    return prediction({
      model,
      id,
      version,
      eventTimeMs,
      numeric: [even],
      categorical: [sex],
      outputs: [score],
      segment,
    });
  }
  const isShifted = turn >= SHIFT_FROM && turn < SHIFT_TO;
  const x = index % 13 === 1 ? Number.NaN : even;
  const y = isShifted ? 20 : index % 11 === 3 ? Number.NEGATIVE_INFINITY : (turn * 0.414_214) % 1;
  const numeric = index % 43 === 2 ? [x] : [x, y];
  const colour = turn % 3 === 0 ? 'red' : turn % 5 === 0 ? null : 'blue';
  return prediction({ model, id, version, eventTimeMs, numeric, categorical: [colour], outputs: [even] });
}

/** Without golden states and the wait for answers. */
export const BASE: Scenario = {
  processor: createSamplerProcessor(),
  config: CONFIG,
  nowMs: NOW_MS,
  control,
  event,
  events: EVENTS,
  minOutputs: 2,
  outputs: ['explanations', 'alerts'],
  faultRuns: 3,
  effects: () => effectsOf(new ModelHost({ directory: '', maxBytes: 1e6, urls: [] })),
};

/** Selected events of a model that can be read: without answers all of them wait. */
export function selectedOf(scenario: Pick<Scenario, 'control' | 'event' | 'events'>, model: string): number {
  const fold = newFold(BASE);
  const sink = { output: () => {}, reject: () => {} };
  const events = Array.from({ length: scenario.events }, (_, index) => scenario.event(index));
  for (const [index, { topic, key, value }] of [...scenario.control(), ...events].entries())
    fold.records(topic, [{ offset: BigInt(index), key, value, headers: [], timestampMs: 0 }], sink);
  const version = (fold.keys.get(model)?.state as ModelState | undefined)?.versions.get('1');
  return (version?.queue.length ?? 0) + (version?.batch?.items.length ?? 0);
}

export const SELECTED: number = selectedOf(BASE, 'price');

/** Looks without a new explanation after which none is expected: a log without transactions loses some for good. */
const MAX_LOOKS = 2_000;

/** Whether fewer than `count` explanations are committed and more may come. */
export function awaitsExplanations(count: number): (log: SimulatedLog) => boolean {
  const seen = new WeakMap<object, { explanations: number; looks: number }>();
  return (log) => {
    const explanations = log.committed('weir.explanations').length;
    const before = seen.get(log);
    const looks = before?.explanations === explanations ? before.looks + 1 : 0;
    seen.set(log, { explanations, looks });
    return looks <= MAX_LOOKS && explanations < count;
  };
}

const awaits = awaitsExplanations(SELECTED);
/** The alert of the model that cannot be read waits for its answer, too. */
const awaitsAlert = awaitsExplanations(Number.POSITIVE_INFINITY);

export const SCENARIO: Scenario = {
  ...BASE,
  isAsking: (log) =>
    awaits(log) ||
    (!log.committed('weir.alerts').some(({ value }) => {
      const { name, event: alert } = decode(value as Uint8Array);
      return name === 'AlertRaised' && alert.rule === 'model-access';
    }) &&
      awaitsAlert(log)),
};
