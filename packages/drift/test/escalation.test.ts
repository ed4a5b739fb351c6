/** An open evaluation does not hide the next change: escalated where the definition says, and only there. */
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { expect, test } from 'vitest';
import { CountEvaluation } from '../src/count-evaluation.ts';
import { EVALUATION_DEFAULTS, type EvaluationRule } from '../src/evaluation.ts';
import { expectedMissingShare, MissingEvaluation } from '../src/missing-evaluation.ts';
import { PANES } from '../src/paned-window.ts';
import { binOf, referenceOf } from '../src/reference.ts';
import { SlidingKs } from '../src/sliding-ks.ts';
import { threshold } from '../src/threshold.ts';
import { TimeEvaluation } from '../src/time-evaluation.ts';

const REFERENCE = referenceOf(Array.from({ length: 500 }, (_, index) => index / 500));
const RULE: EvaluationRule = { ...EVALUATION_DEFAULTS, readingsPerFalseAlarm: 1_000 };
const W = 100;

function random(seed: number): () => number {
  const generator = xoroshiro128plus(seed);
  for (let index = 0; index < 100; index += 1) uniformFloat64(generator);
  return () => uniformFloat64(generator);
}

/** Places at which an evaluation of these values escalates, by two windows kept whole. */
function byDefinition(values: readonly number[]): readonly number[] {
  const bins = values.map((x) => binOf(REFERENCE, x));
  const evaluation = new CountEvaluation(REFERENCE, W, RULE);
  const found: number[] = [];
  let toldAt: number | undefined;
  for (let at = 0; at < bins.length; at += 1) {
    const transition = evaluation.add(bins[at] as number, at);
    if (transition === 'raised') toldAt = at;
    if (transition === 'resolved') toldAt = undefined;
    if (toldAt === undefined || at < toldAt + 2 * W || transition === 'raised') continue;
    const told = bins.slice(toldAt + 1, toldAt + 1 + W);
    const now = bins.slice(at + 1 - W, at + 1);
    const second = new SlidingKs(referenceOf(told), W);
    for (const bin of now) second.push(bin);
    if (second.read().statistic < threshold(W, W, RULE)) continue;
    const before = readOf(told);
    const after = readOf(now);
    const isBack = after.statistic < before.statistic && after.direction === before.direction;
    if (after.statistic >= evaluation.threshold && !isBack) found.push(at);
    toldAt = at;
  }
  return found;
}

function readOf(bins: readonly number[]) {
  const ks = new SlidingKs(REFERENCE, W);
  for (const bin of bins) ks.pushBin(bin);
  return ks.read();
}

function escalations(values: readonly number[], restoreEvery = Infinity): readonly number[] {
  let evaluation = new CountEvaluation(REFERENCE, W, RULE);
  const found: number[] = [];
  for (const [at, x] of values.entries()) {
    if (evaluation.add(binOf(REFERENCE, x), at) === 'escalated') found.push(at);
    if (at % restoreEvery !== restoreEvery - 1) continue;
    const restored = new CountEvaluation(REFERENCE, W, RULE);
    restored.restore(evaluation.save());
    expect(restored.save()).toEqual(evaluation.save());
    evaluation = restored;
  }
  return found;
}

test('by count: where two whole windows say so, restored at any moment', () => {
  let escalated = 0;
  for (let seed = 1; seed <= 40; seed += 1) {
    const next = random(seed);
    const values: number[] = [];
    for (let part = 0; part < 8; part += 1) {
      const shift = [0, 0.4, 0.6, -0.4, 0.9, 0.2][Math.floor(6 * next())] as number;
      for (let index = 60 + 400 * next(); index > 0; index -= 1) values.push(next() + shift);
    }
    const expected = byDefinition(values);
    expect(escalations(values)).toEqual(expected);
    expect(escalations(values, 1 + Math.floor(90 * next()))).toEqual(expected);
    escalated += expected.length;
  }
  expect(escalated).toBeGreaterThan(20);
});

test('a drift in February, and in May everything times 60 while its alert is open', () => {
  const next = random(1);
  const values = Array.from({ length: 4_000 }, (_, index) => {
    const drifted = next() * 0.7 + (index > 1_000 ? 0.3 : 0);
    return index > 3_000 ? 60 * drifted : drifted;
  });
  const found = escalations(values);
  expect(found).toHaveLength(1);
  expect(found[0]).toBeGreaterThan(3_000);
  expect(found[0]).toBeLessThan(3_000 + W);
});

test('on the way back it keeps silent, and what comes after it is seen', () => {
  const next = random(2);
  const level = [0, 0.6, 0.3, 0.6];
  const values = Array.from({ length: 4_000 }, (_, index) => next() * 0.4 + (level[Math.floor(index / 1_000)] ?? 0));
  const found = escalations(values);
  expect(found).toHaveLength(1);
  expect(found[0]).toBeGreaterThan(3_000);
});

test('without another change it escalates no more often than the rule allows', () => {
  const by = { ...RULE, readingsPerFalseAlarm: 100 };
  const bins = 300_000;
  let escalated = 0;
  for (let seed = 1; seed <= 3; seed += 1) {
    const next = random(seed);
    const evaluation = new CountEvaluation(REFERENCE, W, by);
    for (let at = 0; at < bins; at += 1)
      if (evaluation.add(binOf(REFERENCE, 0.5 + next() / 2), at) === 'escalated') escalated += 1;
    expect(evaluation.open).not.toBeNull();
  }
  // Of 900,000 readings 9,000 may pass the level, in clusters of which the first escalates; some are passed over as a way back.
  expect(escalated).toBeGreaterThan(0);
  expect(escalated).toBeLessThan(9_000);
});

test('by time: the first whole span after it was told is what later ones are compared with', () => {
  const spanMs = 100 * PANES;
  const by = { ...RULE, minValues: 50 };
  const run = (restoreEvery: number): readonly [string, number][] => {
    const next = random(3);
    let evaluation = new TimeEvaluation(REFERENCE, spanMs, by);
    const found: [string, number][] = [];
    for (let timeMs = 0; timeMs < 30_000; timeMs += 5) {
      const x = next() * 0.7 + (timeMs > 8_000 ? 0.3 : 0);
      evaluation.add(binOf(REFERENCE, timeMs > 20_000 ? 60 * x : x), timeMs);
      evaluation.close(timeMs, (transition, endMs) => found.push([transition, endMs]));
      if (timeMs % restoreEvery !== 0) continue;
      const restored = new TimeEvaluation(REFERENCE, spanMs, by);
      restored.restore(evaluation.save());
      expect(restored.save()).toEqual(evaluation.save());
      evaluation = restored;
    }
    return found;
  };
  const found = run(35);
  expect(found).toEqual(run(1e9));
  expect(found.map(([transition]) => transition)).toEqual(['raised', 'escalated']);
  expect(found[1]?.[1]).toBeGreaterThan(20_000);
  expect(found[1]?.[1]).toBeLessThan(20_000 + spanMs);
});

test('missing values: a tenth, then nearly all', () => {
  const run = (restoreEvery: number): readonly [string, number][] => {
    const next = random(4);
    let evaluation = new MissingEvaluation(W, expectedMissingShare(500, 2), RULE);
    const found: [string, number][] = [];
    for (let position = 1; position <= 6_000; position += 1) {
      const share = position > 4_000 ? 0.9 : position > 1_000 ? 0.2 : 0;
      const transition = evaluation.add(position, next() < share, position);
      if (transition !== undefined) found.push([transition, position]);
      if (position % restoreEvery !== 0) continue;
      const restored = new MissingEvaluation(W, expectedMissingShare(500, 2), RULE);
      restored.restore(evaluation.save(), position);
      expect(restored.save()).toEqual(evaluation.save());
      evaluation = restored;
    }
    return found;
  };
  const found = run(37);
  expect(found).toEqual(run(1e9));
  expect(found.map(([transition]) => transition)).toEqual(['raised', 'escalated']);
  expect(found[1]?.[1]).toBeGreaterThan(4_000);
  expect(found[1]?.[1]).toBeLessThan(4_000 + W);
});
