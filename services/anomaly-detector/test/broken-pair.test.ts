/** An event whose columns are each usual and do not go together: odd, at the rate that was asked for, and named by both columns. */
import { CounterRandom } from '@weir/anomaly/counter-random';
import type { StateKind } from '@weir/anomaly/state/state-kind';
import { StateReader } from '@weir/anomaly/state/state-reader';
import { StateWriter } from '@weir/anomaly/state/state-writer';
import { expect, test } from 'vitest';
import { ANOMALY_DEFAULTS } from '../src/config.ts';
import { featuresOf } from '../src/observe-outliers.ts';
import { Outliers } from '../src/outliers.ts';

const MONITOR: StateKind = { id: 16, name: 'monitor', version: 4, oldest: 1 };
const COLUMNS = { numbers: ['distance', 'duration', 'price'], outputs: 0, texts: [] };
const CONFIG = { ...ANOMALY_DEFAULTS, learnEvents: 2_000, heldOutEvents: 2_000, eventsPerAlarm: 100 };

function rowsFrom(seed: number): () => Float64Array {
  const random = new CounterRandom(new Uint32Array(4));
  random.seed(seed);
  const uniform = (): number => random.uniform();
  return () => {
    const distance = 1_000 * uniform();
    return Float64Array.of(distance, distance / 8 + 10 * uniform(), 50 * uniform());
  };
}

function warm(config: typeof CONFIG, next: () => Float64Array): Outliers {
  const outliers = new Outliers('m', COLUMNS, config);
  while (outliers.phase !== 'ready') outliers.warm(next(), 0, [], 0);
  return outliers;
}

test('it is odd, both columns are named with what the other lets expect, and usual events keep the rate', () => {
  const next = rowsFrom(1);
  const outliers = warm(CONFIG, next);
  expect(outliers.pairs).toBe(1);
  let usual = 0;
  for (let i = 0; i < 10_000; i += 1) if (outliers.decide(next(), 0, [], 0).isAlarm) usual += 1;
  // Of nine references of ten.
  const { lowest = 0, highest = 0 } = outliers.rateRange ?? {};
  expect(usual / 10_000).toBeGreaterThan(lowest);
  expect(usual / 10_000).toBeLessThan(highest);
  const { isAlarm, pValue } = outliers.decide(Float64Array.of(300, 110, 25), 0, [], 0);
  expect(isAlarm).toBe(true);
  expect(pValue).toBeLessThan(0.001);
  const features = featuresOf(outliers).toSorted((a, b) => a.feature.localeCompare(b.feature));
  expect(features.map(({ feature, direction, observed }) => ({ feature, direction, observed }))).toEqual([
    { feature: 'distance', direction: -1, observed: 300 },
    { feature: 'duration', direction: 1, observed: 110 },
  ]);
  const [distance, duration] = features;
  // 800 miles take 100 to 110 minutes, 300 take 37.5 to 47.5.
  expect(distance?.expectedLow).toBeGreaterThan(700);
  expect(distance?.expectedHigh).toBeLessThan(950);
  expect(duration?.expectedLow).toBeGreaterThan(30);
  expect(duration?.expectedHigh).toBeLessThan(55);
});

test('what the forest finds is told by the forest', () => {
  const next = rowsFrom(2);
  const outliers = warm(CONFIG, next);
  expect(outliers.decide(Float64Array.of(500, 67, 5_000), 0, [], 0).isAlarm).toBe(true);
  expect(featuresOf(outliers)[0]?.feature).toBe('price');
});

test.each([1_000, 3_000, 4_100])('restored after %i events, it decides as one that never stopped', (events) => {
  const next = rowsFrom(3);
  const whole = new Outliers('m', COLUMNS, CONFIG);
  const take = (outliers: Outliers, row: Float64Array): unknown => {
    if (outliers.phase !== 'ready') {
      outliers.warm(row, 0, [], 0);
      return outliers.phase;
    }
    const decision = { ...outliers.decide(row, 0, [], 0) };
    return { ...decision, pairs: outliers.pairs, features: decision.isAlarm ? featuresOf(outliers) : [] };
  };
  for (let i = 0; i < events; i += 1) take(whole, next());
  const writer = new StateWriter();
  whole.write(writer);
  const restored = new Outliers('m', COLUMNS, CONFIG);
  const reader = new StateReader(writer.finish(MONITOR), MONITOR);
  restored.read(reader);
  reader.end();
  for (let i = events; i < 4_300; i += 1) {
    const row = next();
    expect(take(restored, row)).toEqual(take(whole, row));
  }
});

test('under the guarantee budget there are no pairs', () => {
  const next = rowsFrom(4);
  const outliers = warm({ ...CONFIG, guarantee: 'budget' }, next);
  outliers.decide(Float64Array.of(300, 110, 25), 0, [], 0);
  expect([outliers.pairs, outliers.brokenPair]).toEqual([0, undefined]);
});
