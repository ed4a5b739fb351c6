import { RollingForest } from '@weir/anomaly/forest/rolling-forest';
import { newFold } from '@weir/service-kit/testing/fold-run';
import type { Scenario } from '@weir/service-kit/testing/scenario';
import { predictionOf, referenceSetOf, registrationOf } from '@weir/testkit/events';
import { createAnomalyProcessor } from '../../services/anomaly-detector/src/processor.ts';
import { uniformOf } from './streams.ts';

const print = (text: string): void => void process.stdout.write(`${text}\n`);
const FIELDS = 20;
const SLICE = 1_000;
const TIMED = 100_000;
const NOW_MS = Date.parse('2026-11-24T00:00:00Z');
const NAMES = Array.from({ length: FIELDS }, (_, i) => `f${i}`);
/** With one category beside the numbers, as the rules of bar F3. */
const KINDS = ['AA', 'UA', 'DL', 'WN', 'US', 'NW'];

type Fold = ReturnType<typeof newFold>;
const SILENT = { output: () => {}, reject: () => {} };

function feed(fold: Fold, topic: string, key: string, values: readonly Uint8Array[]): void {
  const records = values.map((value, at) => ({
    offset: BigInt(at),
    key: Buffer.from(key),
    value,
    headers: [],
    timestampMs: 0,
  }));
  fold.records(topic, records, SILENT);
}

function register(fold: Fold, model: string, values: readonly number[]): void {
  const features = [
    ...NAMES.map((name) => ({ name, type: 'numeric' as const, unit: null, protected: false })),
    { name: 'kind', type: 'categorical' as const, unit: null, protected: false },
  ];
  feed(fold, 'models', model, [registrationOf([], { model, featureSet: { id: 'fs', features } })]);
  const counts = values.map(() => 1);
  feed(
    fold,
    'references',
    model,
    NAMES.map((column) => referenceSetOf({ model, column, values, counts })),
  );
}

/** Predictions of one model, encoded. */
function predictionsOf(model: string, count: number, uniform: () => number): readonly Uint8Array[] {
  return Array.from({ length: count }, (_, at) =>
    predictionOf({
      model,
      id: String(at),
      eventTimeMs: NOW_MS - 1e9 + at,
      numeric: NAMES.map(() => uniform() + uniform() + uniform()),
      categorical: [KINDS[Math.floor(uniform() * KINDS.length)] as string],
    }),
  );
}

/** B3: records as bytes through decoding, rules, sequential tests, forest (d = 22) and calibration; CPU time of this process. */
export function pipelineSection(): void {
  const processor = createAnomalyProcessor();
  const config = processor.configOf({});
  const fold = newFold({ processor, config, nowMs: NOW_MS } as unknown as Scenario);
  const uniform = uniformOf(5);
  register(fold, 'm', ascending(2_000, uniform));
  const warm = predictionsOf('m', config.learnEvents + config.heldOutEvents + 2_000, uniform);
  for (let at = 0; at < warm.length; at += SLICE) feed(fold, 'predictions', 'm', warm.slice(at, at + SLICE));
  const ring = predictionsOf('m', 20 * SLICE, uniform);
  const start = process.cpuUsage();
  for (let done = 0; done < TIMED; done += SLICE)
    feed(fold, 'predictions', 'm', ring.slice(done % ring.length, (done % ring.length) + SLICE));
  const { user, system } = process.cpuUsage(start);
  const micros = (user + system) / TIMED;
  print(
    `\nwhole detector, ${FIELDS} numbers and a category: ${micros.toFixed(1)} µs an event, ${Math.round(1e6 / micros).toLocaleString('en')} events per CPU-second`,
  );
}

/** B4: score and learn at 160 dimensions, beside 9. */
export function wideSection(): void {
  const uniform = uniformOf(6);
  const micros = [9, 160].map((dimensions) => {
    const forest = new RollingForest({ dimensions, seed: 1 });
    const rows = Array.from({ length: 2_000 }, () =>
      Float64Array.from({ length: dimensions }, () => uniform() + uniform()),
    );
    for (let i = 0; i < 20_000; i += 1) forest.observe(rows[i % rows.length] as Float64Array);
    const start = process.cpuUsage();
    for (let i = 0; i < 40_000; i += 1) forest.observe(rows[i % rows.length] as Float64Array);
    return process.cpuUsage(start).user / 40_000;
  });
  const [narrow, wide] = micros as [number, number];
  print(
    `\nscore + learn at d = 9: ${narrow.toFixed(2)} µs, at d = 160: ${wide.toFixed(2)} µs; ratio ${(wide / narrow).toFixed(2)}`,
  );
}

const WARM_MODELS = 500;

/** C3: memory of keyed models that have learnt, both sizes of forest; what 10,000 of them would take. */
export function keysSection(): void {
  // Kept, so that the second does not live in the memory of the first.
  const folds: Fold[] = [];
  for (const forest of ['small', 'standard'] as const) {
    const processor = createAnomalyProcessor();
    const config = { ...processor.configOf({}), forest, learnEvents: 256, heldOutEvents: 1_000 };
    const fold = newFold({ processor, config, nowMs: NOW_MS } as unknown as Scenario);
    folds.push(fold);
    const uniform = uniformOf(7);
    const values = ascending(200, uniform);
    globalThis.gc?.();
    const before = process.memoryUsage().rss;
    for (let model = 0; model < WARM_MODELS; model += 1) {
      const key = `m${model}`;
      register(fold, key, values);
      feed(fold, 'predictions', key, predictionsOf(key, 1_300, uniform));
    }
    globalThis.gc?.();
    const each = (process.memoryUsage().rss - before) / WARM_MODELS;
    const saved = [...fold.keys.records()].reduce((sum, { bytes }) => sum + (bytes?.length ?? 0), 0) / WARM_MODELS;
    print(
      `\n${WARM_MODELS} warm models, ${forest} forest: ${Math.round(each / 1_000)} KB resident each (10,000: ${(each / 1e5).toFixed(1)} GB), saved ${Math.round(saved / 1_000)} KB`,
    );
  }
}

function ascending(count: number, uniform: () => number): number[] {
  return Array.from({ length: count }, () => uniform() + uniform() + uniform()).sort((a, b) => a - b);
}
