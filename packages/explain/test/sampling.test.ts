import { expect, test } from 'vitest';
import { AttributionDrift } from '../src/drift/attribution.ts';
import { addToHajek, emptyHajek, hajekEstimates, mergeHajek } from '../src/sampling/hajek.ts';
import { InclusionSampler, weightOf } from '../src/sampling/inclusion.ts';
import { PriorityReservoir } from '../src/sampling/priority-reservoir.ts';
import { normalDraw, seeded } from './random.ts';

interface Event {
  readonly hash: number;
  readonly eventTimeMs: number;
  readonly weight: number;
  readonly x: number;
}

/** Rare large values that the weight prefers: an adversarial priority. `burst`: ten times the rate in the third second. */
function stream(seed: number, seconds: number, rate: number, burst = 1): Event[] {
  const uniform = seeded(seed);
  const events: Event[] = [];
  for (let second = 0; second < seconds; second += 1) {
    const count = rate * (second === 2 ? burst : 1);
    for (let at = 0; at < count; at += 1) {
      const x = uniform() < 0.05 ? 5 + uniform() : uniform();
      events.push({
        hash: uniform(),
        eventTimeMs: second * 1000 + (at * 1000) / count,
        weight: weightOf(0.2, [{ weight: 0.8, signal: x / 6 }]),
        x,
      });
    }
  }
  return events;
}

test('Hájek means of the sample have no visible bias and their intervals cover; a plain average of it is far off', () => {
  let covered = 0;
  let bias = 0;
  let plainBias = 0;
  const rounds = 300;
  for (let round = 0; round < rounds; round += 1) {
    const events = stream(round, 10, 300);
    const sampler = new InclusionSampler({ budgetPerSecond: 30, minInclusion: 0.01 });
    const state = emptyHajek(1);
    let plain = 0;
    for (const event of events) {
      const { taken, inclusionProbability } = sampler.choose(event);
      if (!taken) continue;
      addToHajek(state, [event.x], inclusionProbability);
      plain += event.x;
    }
    const truth = events.reduce((sum, { x }) => sum + x, 0) / events.length;
    const { mean, interval } = hajekEstimates(state)[0]!;
    if (interval[0] <= truth && truth <= interval[1]) covered += 1;
    bias += (mean / truth - 1) / rounds;
    plainBias += (plain / state.count / truth - 1) / rounds;
  }
  expect(Math.abs(bias)).toBeLessThan(0.015);
  expect(plainBias).toBeGreaterThan(0.3);
  expect(covered / rounds).toBeGreaterThan(0.91);
});

test('the budget holds in every second, a burst of ten times included, and mandatory events are always taken', () => {
  for (let seed = 0; seed < 20; seed += 1) {
    const sampler = new InclusionSampler({ budgetPerSecond: 50 });
    const taken = [0, 0, 0, 0, 0, 0];
    for (const event of stream(seed, 6, 1000, 10))
      if (sampler.choose(event).taken) taken[Math.floor(event.eventTimeMs / 1000)]! += 1;
    // A bucket of one second stands behind the budget.
    for (const count of taken) expect(count).toBeLessThanOrEqual(101);
    expect(taken.reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(6 * 50 + 51);
    expect(taken.reduce((a, b) => a + b, 0)).toBeGreaterThan(150);
  }
  const sampler = new InclusionSampler({ budgetPerSecond: 1 });
  for (let at = 0; at < 50; at += 1) {
    expect(sampler.choose({ hash: 0.999, eventTimeMs: at, weight: 1, mandatory: true })).toEqual({
      taken: true,
      inclusionProbability: 1,
    });
  }
});

test('a sampler restored from its state chooses what an uninterrupted one does', () => {
  const events = stream(4, 5, 200);
  const whole = new InclusionSampler({ budgetPerSecond: 20 });
  let restored = new InclusionSampler({ budgetPerSecond: 20 });
  for (const [at, event] of events.entries()) {
    if (at % 97 === 0) restored = new InclusionSampler({ budgetPerSecond: 20 }, structuredClone(restored.state));
    expect(restored.choose(event)).toEqual(whole.choose(event));
  }
});

test('a reservoir does not depend on order, merges to the whole, and estimates sums without bias', () => {
  let estimate = 0;
  let truth = 0;
  for (let round = 0; round < 400; round += 1) {
    const uniform = seeded(round);
    const items = Array.from({ length: 100 }, (_, id) => ({
      id,
      weight: 0.1 + uniform(),
      hash: uniform(),
      x: uniform(),
    }));
    const build = (chosen: typeof items): PriorityReservoir<(typeof items)[number]> => {
      const reservoir = new PriorityReservoir<(typeof items)[number]>(20);
      for (const item of chosen) reservoir.add(item, item.weight, item.hash);
      return reservoir;
    };
    const whole = [...build(items).sample()];
    const merged = build(items.slice(60).reverse());
    merged.merge(build(items.slice(0, 60)));
    expect([...merged.sample()]).toEqual(whole);
    for (const { value, inclusionProbability } of whole) estimate += value.x / inclusionProbability;
    truth += items.reduce((sum, { x }) => sum + x, 0);
  }
  expect(Math.abs(estimate / truth - 1)).toBeLessThan(0.02);
});

test('sums of partitions merge to those of the whole; an impossible inclusion probability is refused', () => {
  const [whole, left, right] = [emptyHajek(2), emptyHajek(2), emptyHajek(2)];
  for (let at = 1; at <= 10; at += 1) {
    addToHajek(whole, [at, at * at], 1 / at);
    addToHajek(at % 2 === 0 ? left : right, [at, at * at], 1 / at);
  }
  mergeHajek(left, right);
  for (const [j, { mean }] of hajekEstimates(left).entries())
    expect(Math.abs(mean - hajekEstimates(whole)[j]!.mean)).toBeLessThan(1e-12);
  expect(() => addToHajek(whole, [1, 1], 0)).toThrow('the inclusion probability is 0');
});

/** Shares of about .5, .3, .1, .1. */
function attributions(uniform: () => number, scales: readonly number[]): number[] {
  return scales.map((scale) => scale * (1 + 0.3 * normalDraw(uniform)));
}

function referenceOf(scales: readonly number[]): number[] {
  const uniform = seeded(1);
  const sums = scales.map(() => 0);
  for (let at = 0; at < 20_000; at += 1) {
    const phi = attributions(uniform, scales);
    const total = phi.reduce((sum, each) => sum + each * each, 0);
    for (const [j, each] of phi.entries()) sums[j]! += (each * each) / total / 20_000;
  }
  return sums;
}

test('attribution drift: the top feature falling to nothing is found within 300 explanations; none is found without drift', () => {
  const scales = [0.7, 0.55, 0.32, 0.32];
  const reference = referenceOf(scales);
  for (let seed = 0; seed < 8; seed += 1) {
    const uniform = seeded(500 + seed);
    const monitor = new AttributionDrift({ reference, minInclusion: 1 });
    for (let at = 0; at < 5000; at += 1) monitor.observe(attributions(uniform, scales), 1);
    expect(monitor.observe(attributions(uniform, scales), 1).drift).toBe(false);
    let found = 0;
    for (let at = 1; at <= 300 && found === 0; at += 1) {
      const { drift, contributors } = monitor.observe(attributions(uniform, [0, 0.55, 0.32, 0.32]), 1);
      if (!drift) continue;
      found = at;
      expect(contributors.some(({ feature, direction }) => feature === 0 && direction === 'fall')).toBe(true);
    }
    expect(found).toBeGreaterThan(0);
  }
});
