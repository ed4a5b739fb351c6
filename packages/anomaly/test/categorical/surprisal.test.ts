import { expect, test } from 'vitest';
import { DecayedCounts } from '../../src/categorical/decayed-counts.ts';
import { Surprisal } from '../../src/categorical/surprisal.ts';
import { hashText } from '../../src/sequential/distinct-rate.ts';
import { drawsOf } from '../streams.ts';

test('decayed counts are never too low, and nearly exact for a few values', () => {
  const draws = drawsOf(1);
  const counts = new DecayedCounts(500);
  const exact = new Map<string, number>();
  let total = 0;
  for (let i = 0; i < 50_000; i += 1) {
    const value = `v${draws.below(20)}`;
    for (const [key, count] of exact) exact.set(key, count * 2 ** (-1 / 500));
    total = total * 2 ** (-1 / 500) + 2 ** (-1 / 500);
    exact.set(value, (exact.get(value) ?? 0) + 2 ** (-1 / 500));
    counts.add(hashText(value));
  }
  expect(counts.total / total).toBeCloseTo(1, 9);
  for (const [value, count] of exact) {
    expect(counts.countOf(hashText(value))).toBeGreaterThan(count * (1 - 1e-9));
    expect(counts.countOf(hashText(value))).toBeLessThan(count + total * 0.01);
  }
});

test('surprisal is −ln of the share, high for a value that is new, NaN for a missing one', () => {
  const draws = drawsOf(2);
  const surprisal = new Surprisal(2);
  const out = new Float64Array(surprisal.size);
  for (let i = 0; i < 20_000; i += 1)
    surprisal.observe([draws.uniform() < 0.9 ? 'a' : 'b', draws.uniform() < 0.5 ? 'x' : 'y'], out, 0);
  surprisal.observe(['a', 'x'], out, 0);
  expect(out[0]).toBeCloseTo(-Math.log(0.9), 1);
  surprisal.observe(['b', null], out, 0);
  expect(out[0]).toBeCloseTo(-Math.log(0.1), 1);
  expect(out[1]).toBeNaN();
  surprisal.observe(['new', 'x'], out, 0);
  expect(out[0]).toBeGreaterThan(8);
});

test('usual values in an unusual combination are a surprise of the pair alone', () => {
  const draws = drawsOf(3);
  const surprisal = new Surprisal(2);
  const out = new Float64Array(surprisal.size);
  for (let i = 0; i < 20_000; i += 1) {
    const side = draws.uniform() < 0.5;
    surprisal.observe(side ? ['eu', 'euro'] : ['us', 'dollar'], out, 0);
  }
  surprisal.observe(['eu', 'euro'], out, 0);
  expect(out[2]).toBe(0);
  surprisal.observe(['eu', 'dollar'], out, 0);
  expect(out[2]).toBeGreaterThan(6);
  expect(Math.max(out[0] as number, out[1] as number)).toBeLessThan(1);
});

test('a new category becomes usual, and a restore goes on as if there had been none', () => {
  const draws = drawsOf(4);
  const surprisal = new Surprisal(1, 1_000);
  const [out, other] = [new Float64Array(2), new Float64Array(2)];
  for (let i = 0; i < 5_000; i += 1) surprisal.observe([`${draws.below(5)}`], out, 0);
  const restored = Surprisal.restore(surprisal.save());
  surprisal.observe(['late'], out, 0);
  restored.observe(['late'], other, 0);
  const first = out[0] as number;
  for (let i = 0; i < 5_000; i += 1) {
    const value = draws.uniform() < 0.5 ? 'late' : `${draws.below(5)}`;
    surprisal.observe([value], out, 0);
    restored.observe([value], other, 0);
    expect(other).toEqual(out);
  }
  surprisal.observe(['late'], out, 0);
  expect(first).toBeGreaterThan(7);
  expect(out[0]).toBeLessThan(1);
});
