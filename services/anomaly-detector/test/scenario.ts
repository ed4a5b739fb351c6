/** What the promises of the kit are tested on. */
import type { NewRecord } from '@weir/event-log/port';
import { encode } from '@weir/events/codec';
import type { Scenario } from '@weir/service-kit/testing/scenario';
import { createAnomalyProcessor } from '../src/processor.ts';
import { at, even, NOW_MS, predictionAt, registered, SCENE_CONFIG, turnOf } from './scene.ts';

/** One that predicts, and one whose features come alone and stay in their warm-up: inputs are merged by arrival. */
const MODELS = ['churn', 'feed'];

function control(): readonly NewRecord[] {
  return MODELS.flatMap(registered);
}

function event(index: number): NewRecord {
  if (index % 31 === 5) return at('predictions', 'torn', Buffer.from(`torn ${index}`));
  const turn = index;
  if (index % 9 === 4) {
    const numeric =
      index % 41 === 2 ? [1] : [even(turn, 5), index % 5 === 1 ? Number.POSITIVE_INFINITY : even(turn, 6)];
    const fields = { model: 'feed', featureSet: 'fs', categorical: ['Bonn'], id: `f${index}` };
    return at('features', 'feed', encode('FeaturesLogged', { ...fields, numeric, eventTimeMs: NOW_MS - 4e6 + index }));
  }
  const model = index % 97 === 7 ? 'stranger' : 'churn';
  // Late within what is usual and far beyond, and now and then from the future.
  const late = index % 7 === 0 ? 3_000 : index % 53 === 9 ? 300_000 : 0;
  const eventTimeMs = index % 89 === 3 ? NOW_MS + 1e10 : NOW_MS - 4e6 + 100 * index - late;
  const change = {
    eventTimeMs,
    ...(index % 37 === 4 ? { outputs: [1, 1] } : {}),
    ...(index % 83 === 6 ? { version: 'unknown' } : {}),
    ...(index % 61 === 8 ? { outputs: [index % 2 === 0 ? Number.NaN : Number.NEGATIVE_INFINITY] } : {}),
  };
  return at('predictions', model, predictionAt(model, turn, turnOf(turn), change));
}

/** Odd events, every kind of fault and every refusal; long enough to warm up. */
export const SCENARIO: Scenario = {
  processor: createAnomalyProcessor(),
  // Every violation and every odd event leaves, too.
  config: { ...SCENE_CONFIG, quarantine: true },
  nowMs: NOW_MS,
  control,
  event,
  events: 2_600,
  minOutputs: 200,
};
