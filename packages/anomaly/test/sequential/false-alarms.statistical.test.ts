import { expect, test } from 'vitest';
import { profileOf } from '../../src/quality/profile.ts';
import { DistributionFaults } from '../../src/sequential/distribution-faults.ts';
import { ShareRise } from '../../src/sequential/share-rise.ts';
import { StreamFaults } from '../../src/sequential/stream-faults.ts';
import { UNIT_CHANGES } from '../../src/sequential/units.ts';
import { Volume } from '../../src/sequential/volume.ts';
import { COLUMNS, cleanEvent, cleanEvents } from '../quality/world.ts';
import { drawsOf } from '../streams.ts';

test('null rate: one false alarm per 10,000 events at most, at the bound itself', () => {
  const draws = drawsOf(1);
  let alarms = 0;
  for (let run = 0; run < 300; run += 1) {
    const rise = new ShareRise(0.01, 10_000);
    for (let i = 0; i < 10_000; i += 1) if (rise.add(draws.uniform() < 0.01)) break;
    if (rise.open) alarms += 1;
  }
  // A geometric time of mean 10,000 ends within 10,000 events with probability 0.632; overshoot makes it rarer. 99 % bound of 300 runs.
  expect(alarms).toBeLessThan(300 * 0.632 + 2.33 * Math.sqrt(300 * 0.632 * 0.368));
  expect(alarms).toBeGreaterThan(20);
});

test('null rate 1 % to 3 % at one false alarm per million events: median delay at most 900 events', () => {
  const draws = drawsOf(2);
  const delays = Array.from({ length: 301 }, () => {
    const rise = new ShareRise(0.01, 1_000_000);
    for (let i = 0; i < 2_000; i += 1) rise.add(draws.uniform() < 0.01);
    let delay = 0;
    while (!rise.open) {
      delay += 1;
      rise.add(draws.uniform() < 0.03);
    }
    return delay;
  }).sort((a, b) => a - b);
  expect(delays[150]).toBeLessThanOrEqual(900);
});

test('volume: one false alarm per 10,000 events at most, at both bounds', () => {
  const draws = drawsOf(3);
  for (const rate of [1, 2]) {
    let alarms = 0;
    for (let run = 0; run < 100; run += 1) {
      const volume = new Volume({ lowest: 1, highest: 2, longestGapMs: 0 }, 10_000);
      let timeMs = 0;
      for (let i = 0; i < 10_000; i += 1) {
        const gap = -Math.log(1 - draws.uniform()) / rate;
        const fault = volume.tick(timeMs + gap) ?? volume.add(timeMs + gap);
        timeMs += gap;
        if (fault !== undefined) {
          alarms += 1;
          break;
        }
      }
    }
    expect(alarms).toBeLessThan(100 * 0.632 + 2.33 * Math.sqrt(100 * 0.632 * 0.368));
  }
});

test('all tests together keep one false alarm per 20,000 events', () => {
  const profile = profileOf(COLUMNS, cleanEvents(1, 10_000));
  const draws = drawsOf(4);
  let alarms = 0;
  for (let run = 0; run < 10; run += 1) {
    const tests = new StreamFaults(profile, { eventsPerFalseAlarm: 20_000 });
    for (let i = 0; i < 20_000; i += 1) alarms += tests.add(cleanEvent(draws), i).length;
  }
  // Poisson with mean at most 10: above 18 with probability below 1 %.
  expect(alarms).toBeLessThanOrEqual(18);
});

test('500 changes of unit: the right factor in at least 95 %, a factor without a change in at most 1 in 1,000', () => {
  const draws = drawsOf(5);
  const spreads = [0.15, 0.3, 0.5];
  let [right, wrong, clean] = [0, 0, 0];
  for (let one = 0; one < 500; one += 1) {
    const location = 5 * draws.uniform();
    const spread = spreads[one % 3] as number;
    const draw = (): number => Math.exp(location + spread * draws.normal());
    const events = Array.from({ length: 4_000 }, () => ({ numeric: [draw()], categorical: [] }));
    const profile = profileOf({ numeric: ['x'], categorical: [] }, events);
    const faults = new DistributionFaults(profile.numeric, 1_000_000);
    for (let i = 0; i < 2_560; i += 1) clean += faults.add([draw()]).length;
    const change = UNIT_CHANGES[one % UNIT_CHANGES.length] as (typeof UNIT_CHANGES)[number];
    let found: number | undefined;
    for (let i = 0; i < 2_560 && found === undefined; i += 1)
      found = faults.add([draw() * change.factor + change.offset])[0]?.factor;
    if (found === change.factor) right += 1;
    else if (found !== undefined) wrong += 1;
  }
  process.stdout.write(`unit changes: ${right} right, ${wrong} wrong of 500, ${clean} without a change\n`);
  expect(right).toBeGreaterThanOrEqual(475);
  expect(clean).toBeLessThanOrEqual(5);
});
