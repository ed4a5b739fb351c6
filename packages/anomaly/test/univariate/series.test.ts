import { expect, test } from 'vitest';
import { StateReader } from '../../src/state/state-reader.ts';
import { StateWriter } from '../../src/state/state-writer.ts';
import { CHANNELS, Channels } from '../../src/univariate/channels.ts';
import { Lags } from '../../src/univariate/lags.ts';
import { Shingle } from '../../src/univariate/shingle.ts';
import { drawsOf } from '../streams.ts';

test('a shingle holds the last rows, oldest first, NaN before they came', () => {
  const shingle = new Shingle(3, 2);
  expect(Array.from(shingle.push([1, 2]))).toEqual([Number.NaN, Number.NaN, Number.NaN, Number.NaN, 1, 2]);
  shingle.push([3, 4]);
  shingle.push([5, 6]);
  expect(Array.from(shingle.push([7, 8]))).toEqual([3, 4, 5, 6, 7, 8]);
});

test('lags are the change, the distance from the moving mean, and the change since each period', () => {
  const lags = new Lags({ halfLife: 1, periods: [2, 3] });
  const out = new Float64Array(lags.size);
  const rows = [1, 4, 9, 16, Number.NaN, 36].map((value) => {
    lags.push(value, out, 0);
    return Array.from(out);
  });
  expect(rows[0]).toEqual([Number.NaN, Number.NaN, Number.NaN, Number.NaN]);
  expect(rows[3]).toEqual([7, 16 - 5.75, 12, 15]);
  expect(rows[4]).toEqual([Number.NaN, Number.NaN, Number.NaN, Number.NaN]);
  expect(rows[5]).toEqual([20, 36 - 10.875, 20, 27]);
});

test('each channel speaks of its own fault, and is silent on a quiet series', () => {
  const faults: [string, (i: number, quiet: number) => number][] = [
    ['range', (_i, quiet) => quiet + 9],
    ['difference', (i, quiet) => (i % 2 === 0 ? 1.4 : -1.4) + 0.1 * quiet],
    ['deviation', (i, quiet) => quiet + (i % 8 < 4 ? 0.95 : -0.95)],
    ['residual', (_i, quiet) => quiet + 9],
  ];
  const heard: string[] = [];
  for (const [name, fault] of faults) {
    const draws = drawsOf(1);
    const channels = new Channels(50);
    const out = new Float64Array(CHANNELS.length);
    const channel = CHANNELS.indexOf(name as (typeof CHANNELS)[number]);
    let [quietest, loudest] = [0, 0];
    for (let i = 0; i < 1_100; i += 1) {
      // A slow sine of a day of 200 values, with noise.
      const quiet = Math.sin((2 * Math.PI * i) / 200) + 0.05 * draws.normal();
      channels.push(i < 1_000 ? quiet : fault(i, quiet), out, 0);
      if (i >= 500 && i < 1_000) quietest = Math.max(quietest, out[channel] as number);
      if (i >= 1_000) loudest = Math.max(loudest, out[channel] as number);
    }
    if (quietest < 0.5 && loudest > 2 * quietest + 0.05) heard.push(name);
  }
  expect(heard).toEqual([...CHANNELS]);
});

test('the deviation does not cancel at an offset of a billion, and a constant series stays finite', () => {
  const channels = new Channels(20);
  const out = new Float64Array(4);
  for (let i = 0; i < 5_000; i += 1) channels.push(1e9 + (i % 2), out, 0);
  expect(Array.from(out)).toEqual([0, 0, expect.closeTo(0, 3), 0]);
  const constant = new Channels(20);
  for (let i = 0; i < 100; i += 1) constant.push(7, out, 0);
  constant.push(8, out, 0);
  expect(out.every((value) => Number.isFinite(value))).toBe(true);
  constant.push(Number.NaN, out, 0);
  expect(out.every((value) => Number.isNaN(value))).toBe(true);
});

test('saved and restored, series go on as if they had never stopped', () => {
  const draws = drawsOf(2);
  const kind = { id: 9, name: 'test', version: 1, oldest: 1 };
  for (const make of [() => new Channels(10), () => new Lags({ halfLife: 5, periods: [7] })]) {
    const whole = make();
    const [out, other] = [new Float64Array(4), new Float64Array(4)];
    for (let i = 0; i < 35; i += 1) whole.push(draws.normal(), out, 0);
    const writer = new StateWriter();
    whole.write(writer);
    const restored = make();
    restored.read(new StateReader(writer.finish(kind), kind));
    for (let i = 0; i < 100; i += 1) {
      const value = draws.normal();
      whole.push(value, out, 0);
      restored.push(value, other, 0);
      expect(other).toEqual(out);
    }
  }
});
