import { expect, test } from 'vitest';
import { BudgetCalibration } from '../../src/calibration/budget.ts';
import { cauchyCombination, eValueOf } from '../../src/calibration/combine.ts';
import { ELond } from '../../src/calibration/e-lond.ts';
import { gammaAt } from '../../src/calibration/gamma-sequence.ts';
import { LordPlusPlus } from '../../src/calibration/lord.ts';
import { ParetoTail } from '../../src/calibration/pareto-tail.ts';
import { rateRange } from '../../src/calibration/rate-range.ts';
import { RecentScores } from '../../src/calibration/recent-scores.ts';
import { ReferenceCalibration } from '../../src/calibration/reference.ts';
import { StateReader } from '../../src/state/state-reader.ts';
import { StateWriter } from '../../src/state/state-writer.ts';
import { drawsOf } from '../streams.ts';

const KIND = { id: 99, name: 'test', version: 4, oldest: 1 };
function saved(part: { write(writer: StateWriter): void }): StateReader {
  const writer = new StateWriter();
  part.write(writer);
  return new StateReader(writer.finish(KIND), KIND);
}

test('reference: p equals the definition in the kept top, and is never below it elsewhere', () => {
  const draws = drawsOf(1);
  const scores = Float64Array.from({ length: 5_000 }, () => Math.round(draws.uniform() * 3_000) / 3_000);
  const calibration = ReferenceCalibration.from(scores);
  const sorted = scores.toSorted();
  const largest = sorted[4_999] as number;
  for (let i = 0; i < 500; i += 1) {
    const score = i % 2 === 0 ? draws.uniform() * largest : (sorted[draws.below(5_000)] as number);
    const exact = (1 + sorted.filter((each) => each >= score).length) / 5_001;
    expect(calibration.pValue(score)).toBeGreaterThanOrEqual(exact - 1e-15);
    // A kept quantile stands for at most 10 scores, ties for a few more; the top is exact.
    const slack = score > (sorted[5_000 - 250] as number) ? 1e-15 : 20 / 5_001;
    expect(calibration.pValue(score)).toBeLessThanOrEqual(exact + slack);
  }
  expect(calibration.pValue(Number.NaN)).toBe(1);
  expect(calibration.pValue(largest + 1)).toBeLessThanOrEqual(1 / 5_001);
  expect(calibration.pValue(largest + 1)).toBeGreaterThan(0);
});

test('reference: restored, it gives the same p-values; too few scores are refused', () => {
  const draws = drawsOf(2);
  const calibration = ReferenceCalibration.from(Array.from({ length: 1_500 }, () => draws.normal()));
  const restored = ReferenceCalibration.read(saved(calibration));
  for (let i = 0; i < 500; i += 1) {
    const score = 2 * draws.normal();
    expect(restored.pValue(score)).toBe(calibration.pValue(score));
  }
  expect(() => ReferenceCalibration.from([1, 2, 3])).toThrow('the reference has 3 scores; 1000 are needed');
});

/** Ascending excesses of a generalised Pareto law. */
function excessesOf(shape: number, scale: number, count: number, seed: number): Float64Array {
  const draws = drawsOf(seed);
  return Float64Array.from({ length: count }, () => {
    const u = 1 - draws.uniform();
    return shape === 0 ? -scale * Math.log(u) : (scale / shape) * (u ** -shape - 1);
  }).sort();
}

test.each([
  [-0.6, 1],
  [-0.3, 1],
  [0, 2],
  [0.3, 0.5],
])('the tail of many excesses is that of their law, shape %d and scale %d', (shape, scale) => {
  const excesses = excessesOf(shape, scale, 5_000, 3);
  const tail = new ParetoTail(excesses);
  for (const share of [0.5, 0.1, 0.01]) {
    const x = shape === 0 ? -scale * Math.log(share) : (scale / shape) * (share ** -shape - 1);
    expect(tail.above(x) / share).toBeGreaterThan(0.8);
    expect(tail.above(x) / share).toBeLessThan(1.25);
  }
});

test.each([-0.6, 0, 0.4])('a tail falls with distance, and is free of scale; shape %d', (shape) => {
  const excesses = excessesOf(shape, 1, 200, 4);
  const [one, other] = [new ParetoTail(excesses), new ParetoTail(excesses.map((each) => 1_000 * each))];
  let before = 1;
  for (let x = 0.01; x < 20; x *= 1.3) {
    expect(one.above(x)).toBeLessThanOrEqual(before);
    expect(other.above(1_000 * x)).toBeCloseTo(one.above(x), 9);
    before = one.above(x);
  }
});

test('a tail of ties: above equal excesses comes nothing, and zeros among them are borne', () => {
  expect(new ParetoTail(new Float64Array(50)).above(1e-9)).toBe(0);
  const half = Float64Array.from({ length: 100 }, (_, i) => Math.max(0, i - 50) / 50);
  expect(new ParetoTail(half).above(0.5)).toBeGreaterThan(0.1);
  expect(new ParetoTail(half).above(10)).toBeLessThan(0.02);
});

test('reference: a state of before holds four numbers of a tail that are read over', () => {
  const draws = drawsOf(8);
  const calibration = ReferenceCalibration.from(Array.from({ length: 4_000 }, () => draws.normal()));
  const old = { ...KIND, version: 3 };
  const writer = new StateWriter();
  calibration.write(writer);
  for (let i = 0; i < 4; i += 1) writer.f64(i);
  const reader = new StateReader(writer.finish(old), old);
  expect(ReferenceCalibration.read(reader).pValue(4)).toBe(calibration.pValue(4));
  reader.end();
});

test('the rates of nine references of ten are within the range that is told', () => {
  const draws = drawsOf(9);
  const { lowest, highest } = rateRange(0.01, 999);
  let within = 0;
  for (let i = 0; i < 4_000; i += 1) {
    // The level is the tenth largest of 999 uniform scores.
    const level = Float64Array.from({ length: 999 }, () => draws.uniform()).sort()[989] as number;
    if (1 - level >= lowest && 1 - level <= highest) within += 1;
  }
  expect(within / 4_000).toBeCloseTo(0.9, 1);
  expect(rateRange(1e-4, 4_000).highest).toBeCloseTo(4.15e-4, 5);
  expect(() => rateRange(0, 10)).toThrow(/alpha is 0/);
});

test('surprise is −ln of the share of recent scores, and free of scale', () => {
  const draws = drawsOf(4);
  const [one, other] = [new RecentScores(200), new RecentScores(200)];
  const window: number[] = [];
  for (let i = 0; i < 1_000; i += 1) {
    const score = draws.uniform();
    one.push(score);
    other.push(1_000 * score - 7);
    window.push(score);
    if (window.length > 200) window.shift();
    const probe = draws.uniform() * 0.9;
    const below = window.filter((each) => each < probe).length;
    const n = window.length;
    const expected =
      n > 1 && below < n - Math.max(1, Math.round(n * 0.05))
        ? -Math.log((n + 1 - below) / (n + 1))
        : one.surprise(probe);
    expect(one.surprise(probe)).toBeCloseTo(expected, 12);
    expect(other.surprise(1_000 * probe - 7)).toBeCloseTo(one.surprise(probe), 6);
  }
});

test('budget: the alarm rate keeps its bound on streams made to break it', () => {
  const draws = drawsOf(5);
  const streams: ((i: number) => number)[] = [
    () => draws.uniform(),
    (i) => i,
    (i) => (i < 10_000 ? draws.uniform() : 5 + draws.uniform()),
    (i) => Math.floor(i / 7_000) * draws.normal(),
    () => 0.5,
    (i) => (i % 100 < 30 ? 1 : 0) + draws.uniform(),
  ];
  for (const stream of streams) {
    const budget = new BudgetCalibration(0.01);
    let alarms = 0;
    for (let i = 0; i < 30_000; i += 1) if (budget.add(stream(i))) alarms += 1;
    expect(Math.abs(alarms / 30_000 - 0.01)).toBeLessThanOrEqual(budget.slackAfter(30_000));
  }
});

test('budget: dropping flagged scores from a sliding window runs away, this does not', () => {
  const draws = drawsOf(6);
  const window = Array.from({ length: 500 }, () => draws.normal());
  const budget = new BudgetCalibration(0.01);
  let [naive, ours] = [0, 0];
  for (let i = 0; i < 40_000; i += 1) {
    const score = draws.normal();
    const rank = window.filter((each) => each >= score).length;
    if ((rank + 1) / (window.length + 1) <= 0.01) naive += 1;
    else {
      window.shift();
      window.push(score);
    }
    if (budget.add(score)) ours += 1;
  }
  expect(naive / 40_000).toBeGreaterThan(0.1);
  expect(ours / 40_000).toBeCloseTo(0.01, 3);
});

test('budget and FDR go on after a restore as if they had never stopped', () => {
  const draws = drawsOf(7);
  for (const make of [() => new BudgetCalibration(0.02), () => new LordPlusPlus(0.3), () => new ELond(0.3)]) {
    const whole = make();
    for (let i = 0; i < 3_000; i += 1) whole.add(draws.uniform() ** 9);
    const restored = make();
    restored.read(saved(whole));
    for (let i = 0; i < 3_000; i += 1) {
      const value = draws.uniform() ** 9;
      expect(restored.add(value)).toBe(whole.add(value));
    }
  }
});

test('the error that is spent sums to at most 1', () => {
  let sum = 0;
  for (let t = 1; t <= 1_000_000; t += 1) sum += gammaAt(t);
  expect(sum).toBeGreaterThan(0.3);
  expect(sum).toBeLessThan(1);
});

test('e-values of uniform p have mean 1; the Cauchy combination of one value is the value', () => {
  const n = 1_000_000;
  let sum = 0;
  for (let i = 0; i < n; i += 1) sum += eValueOf((i + 0.5) / n) / n;
  expect(sum).toBeCloseTo(1, 2);
  for (const p of [1e-300, 1e-12, 0.01, 0.5, 0.99]) expect(cauchyCombination([p]) / p).toBeCloseTo(1, 6);
  expect(cauchyCombination([])).toBe(1);
  expect(cauchyCombination([0.5, 1e-20])).toBeCloseTo(2e-20, 25);
});
