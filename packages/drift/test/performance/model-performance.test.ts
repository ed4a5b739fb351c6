import { expect, test } from 'vitest';
import { ModelPerformance, type PerformanceConfig } from '../../src/performance/model-performance.ts';
import { stream } from './stream.ts';

const CONFIG: PerformanceConfig = {
  outcomeWindows: [500],
  outcomeReference: 2_000,
  openPredictions: 300,
  heldOutcomes: 50,
  outcomesPerFalseAlarm: 1e6,
  minPerformanceEffect: 0.05,
  resolveShare: 0.8,
};

type Told = readonly [at: number, what: string];

/** Outcomes come 100 predictions later; `biasAt` is by the prediction's index. */
function feed(
  performance: ModelPerformance,
  biasAt: (index: number) => number,
  from: number,
  to: number,
  draw = stream(5),
): Told[] {
  const told: Told[] = [];
  const labels = new Map<number, 0 | 1>();
  for (let index = from; index < to; index += 1) {
    const { p, y } = draw(biasAt(index));
    labels.set(index, y);
    const judged: Parameters<ModelPerformance['predict']>[2] = ({ metric }, transition) =>
      told.push([index, `${metric} ${transition}`]);
    performance.predict(index, p, judged);
    const label = labels.get(index - 100);
    if (label !== undefined) performance.outcome(index - 100, { label, atMs: index, revision: 0 }, judged);
  }
  return told;
}

test('calm outcomes raise nothing; worse ones are raised, dated, told again when still worse, and resolved', () => {
  const performance = new ModelPerformance(CONFIG);
  const draw = stream(5);
  expect(feed(performance, () => 0, 0, 30_000, draw)).toEqual([]);
  const bias = (index: number) => (index < 34_000 ? 0.22 : index < 38_000 ? 0.5 : 0);
  const told = feed(performance, bias, 30_000, 60_000, draw);
  const calibration = told.filter(([, what]) => what.startsWith('calibration'));
  expect(calibration.map(([, what]) => what)).toEqual([
    'calibration raised',
    'calibration escalated',
    'calibration resolved',
  ]);
  expect(calibration[0]?.[0]).toBeLessThan(31_500);
  expect(calibration[1]?.[0]).toBeLessThan(35_500);
  expect(told.map(([, what]) => what)).toContain('log-loss raised');
});

test('the onset is dated', () => {
  const performance = new ModelPerformance(CONFIG);
  feed(performance, (index) => (index < 10_000 ? 0 : 0.3), 0, 11_000);
  const open = performance.evaluations.find(({ metric }) => metric === 'calibration')?.open;
  expect(Math.abs((open?.sinceMs ?? 0) - 10_100)).toBeLessThan(150);
});

test('too few events where many were predicted are found as well', () => {
  const performance = new ModelPerformance(CONFIG);
  const told = feed(performance, (index) => (index < 5_000 ? 0 : -0.2), 0, 8_000);
  expect(told.map(([, what]) => what)).toContain('calibration raised');
});

test('bins, shares and the error rate are those of the definition', () => {
  const performance = new ModelPerformance({ ...CONFIG, outcomeWindows: [4] });
  const rows = [
    [0.9, 1],
    [0.1, 0],
    [0.95, 0],
    [1, 1],
    [0.2, 1],
  ] as const;
  for (const [index, [p, label]] of rows.entries()) {
    performance.predict(index, p, () => {});
    performance.outcome(index, { label, atMs: index, revision: 0 }, () => {});
  }
  const window = performance.windows[0];
  expect(window?.observed).toBe(0.5);
  expect(window?.predicted).toBeCloseTo((0.1 + 0.95 + 1 + 0.2) / 4, 8);
  expect(window?.mean('error-rate')).toBe(0.5);
  const losses = [-Math.log(0.9), -Math.log(0.05), -Math.log(0.999), -Math.log(0.2)];
  expect(window?.mean('log-loss')).toBeCloseTo(losses.reduce((a, b) => a + b) / 4, 8);
  expect(window?.bins()[9]).toEqual({ from: 0.9, to: 1, count: 2, predicted: 0.975, observed: 0.5 });
});

test('duplicates, revisions, outcomes that come first, late ones and missing ones are counted, and memory is bounded', () => {
  const performance = new ModelPerformance(CONFIG);
  const { joiner } = performance;
  const outcome = (key: number, revision = 0) => performance.outcome(key, { label: 1, atMs: key, revision }, () => {});
  performance.predict(1, 0.5, () => {});
  performance.predict(1, 0.9, () => {});
  outcome(1);
  outcome(1);
  outcome(1, 1);
  expect(joiner.counts).toMatchObject({ joined: 1, duplicates: 1, revised: 1 });
  outcome(2);
  outcome(2, 3);
  performance.predict(2, 0.4, () => {});
  expect(joiner.counts).toMatchObject({ joined: 2, revised: 2 });
  expect(performance.reference.count).toBe(2);
  for (let key = 10; key < 10_000; key += 1) performance.predict(key, 0.5, () => {});
  expect(joiner.open).toBe(300);
  expect(joiner.counts.unanswered).toBe(9_990 - 300);
  for (let key = 20_000; key < 20_400; key += 1) outcome(key);
  outcome(10);
  expect(joiner.held).toBe(50);
  expect(joiner.counts.orphans).toBe(351);
  performance.predict(3, Number.NaN, () => {});
  expect(performance.unscored).toBe(1);
});

test.each([0, 50, 350, 1_999, 2_000, 2_099, 2_100, 2_101, 3_333, 6_500])(
  'restored after %i predictions it goes on as if it had never stopped',
  (stop) => {
    const bias = (index: number) => (index < 6_000 ? 0 : 0.3);
    const [one, other] = [new ModelPerformance(CONFIG), new ModelPerformance(CONFIG)];
    const [drawOne, drawOther] = [stream(8), stream(8)];
    feed(one, bias, 0, stop, drawOne);
    feed(other, bias, 0, stop, drawOther);
    const { head, parts } = other.save();
    const again = ModelPerformance.load(
      JSON.parse(JSON.stringify(head)),
      (index) => {
        const part = parts[index] as ArrayBufferView;
        return part.buffer.slice(part.byteOffset, part.byteOffset + part.byteLength) as ArrayBuffer;
      },
      CONFIG,
    );
    expect(again.save()).toEqual(one.save());
    expect(feed(again, bias, stop, 8_000, drawOther)).toEqual(feed(one, bias, stop, 8_000, drawOne));
    expect(again.save()).toEqual(one.save());
  },
);
