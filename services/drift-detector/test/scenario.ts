import type { NewRecord } from '@weir/event-log/port';
import { encode } from '@weir/events/codec';
import type { Scenario } from '@weir/service-kit/testing/scenario';
import { predictionOf, referenceSetOf, registrationOf } from '@weir/testkit/events';
import { createDriftProcessor } from '../src/processor.ts';
import { GOLDEN_CONFIG, goldenStates } from './golden-state.ts';

const NOW_MS = Date.parse('2026-11-24T00:00:00Z');
/** Two that predict, and one whose features come alone: inputs are merged by arrival, so a model has one of them here. */
const MODELS = ['churn', 'fraud', 'feed'];
/** Events of a model from one drift to the next. */
const CYCLE = 240;

function at(topic: string, model: string, value: Uint8Array): NewRecord {
  return { topic, partition: 0, key: Buffer.from(model), value };
}

function control(): readonly NewRecord[] {
  const values = Array.from({ length: 300 }, (_, index) => index / 300);
  const counts = values.map(() => 1);
  const eventTimeMs = NOW_MS - 1e9;
  return MODELS.flatMap((model) => [
    at(
      'models',
      model,
      registrationOf(['x', 'self'], { model, eventTimeMs, outputs: [{ name: 'score', unit: 'EUR' }] }),
    ),
    ...['x', 'score'].map((column) =>
      at('references', model, referenceSetOf({ model, column, values, counts, missing: 9, eventTimeMs })),
    ),
    at('references', model, referenceSetOf({ model, column: 'nowhere', values, counts, eventTimeMs })),
  ]);
}

/** As the reference, then shifted, then sixty times as large, then as the reference again: raised, escalated and resolved. */
function valueAt(turn: number): number {
  const even = (turn * 0.618_034) % 1;
  const phase = Math.floor((turn % CYCLE) / (CYCLE / 4));
  return [even, 0.5 + even / 2, 60 * even, even][phase] as number;
}

function event(index: number): NewRecord {
  if (index % 31 === 5) return at('predictions', 'torn', Buffer.from(`torn ${index}`));
  const turn = Math.floor(index / MODELS.length);
  const model = index % 97 === 7 ? 'stranger' : (MODELS[index % MODELS.length] as string);
  const score = index % 13 === 1 ? Number.NaN : valueAt(turn + 100);
  const self = index % 11 === 3 ? Number.POSITIVE_INFINITY : index % 5 === 2 ? Number.NEGATIVE_INFINITY : valueAt(turn);
  const isGap = turn % CYCLE > 180 && turn % 3 === 0;
  const numeric = [isGap ? Number.NaN : valueAt(turn), self];
  // Late within what is allowed and beyond, and now and then from the future.
  const late = index % 7 === 0 ? 3_000 : index % 53 === 9 ? 300_000 : 0;
  const eventTimeMs = index % 89 === 3 ? NOW_MS + 1e10 : NOW_MS - 2e6 + 100 * index - late;
  if (MODELS[index % MODELS.length] === 'feed') {
    const fields = { model, featureSet: 'fs', categorical: [], id: `f${index}`, eventTimeMs };
    return at('features', model, encode('FeaturesLogged', { ...fields, numeric: index % 41 === 2 ? [1] : numeric }));
  }
  const outputs = index % 37 === 4 ? [score, score] : [score];
  const version = index % 83 === 6 ? 'unknown' : '1';
  return at('predictions', model, predictionOf({ model, version, eventTimeMs, numeric, outputs, id: `p${index}` }));
}

export const SCENARIO: Scenario = {
  processor: createDriftProcessor(),
  config: GOLDEN_CONFIG,
  nowMs: NOW_MS,
  control,
  event,
  events: 1_500,
  minOutputs: 40,
  faultRuns: 4,
  golden: goldenStates(),
};
