import { expect, test } from 'vitest';
import type { QualityEvent } from '../../src/quality/event.ts';
import { profileOf } from '../../src/quality/profile.ts';
import { DISTINCT_WINDOW, DistinctRate, hashText } from '../../src/sequential/distinct-rate.ts';
import type { Fault } from '../../src/sequential/fault.ts';
import { StreamFaults } from '../../src/sequential/stream-faults.ts';
import { StuckValue } from '../../src/sequential/stuck-value.ts';
import { COLUMNS, cleanEvent, cleanEvents } from '../quality/world.ts';
import { drawsOf } from '../streams.ts';

const profile = profileOf(COLUMNS, cleanEvents(1, 10_000));
const VOLUME = { lowest: 0.01, highest: 0.02, longestGapMs: 0 };
const AT = 3_000;

type Change = (event: QualityEvent, index: number) => QualityEvent;
const number =
  (column: number, change: (value: number) => number): Change =>
  (event) => ({
    ...event,
    numeric: Array.from(event.numeric).with(column, change(event.numeric[column] as number)),
  });
const text =
  (column: number, change: (value: string) => string | null): Change =>
  (event) => ({
    ...event,
    categorical: Array.from(event.categorical).with(column, change(event.categorical[column] ?? '')),
  });

/** Faults of a stream of `events` events that changes at event `AT`, about 15 events a second. */
function faultsOf(change: Change | undefined, events = 9_000, seed = 5): (Fault & { readonly at: number })[] {
  const draws = drawsOf(seed);
  const tests = new StreamFaults(profile, { volume: VOLUME });
  const found: (Fault & { readonly at: number })[] = [];
  let timeMs = 0;
  for (let i = 1; i <= events; i += 1) {
    timeMs += -Math.log(1 - draws.uniform()) / 0.015;
    const event = cleanEvent(draws);
    for (const fault of tests.add(change !== undefined && i >= AT ? change(event, i) : event, timeMs))
      found.push({ ...fault, at: i });
  }
  return found;
}

test('a clean stream raises nothing', () => {
  expect(faultsOf(undefined, 30_000)).toEqual([]);
});

test.each<readonly [string, Change, Partial<Fault>, number]>([
  [
    'nulls',
    (event, i) => (i % 20 === 0 ? number(0, () => Number.NaN)(event, i) : event),
    { fault: 'null-rate', field: 'normal' },
    900,
  ],
  [
    'categorical nulls',
    (event, i) => (i % 10 === 0 ? text(0, () => null)(event, i) : event),
    { fault: 'null-rate', field: 'carrier' },
    900,
  ],
  ['a value that stands still', number(1, () => 4.25), { fault: 'stuck-value', field: 'lognormal', factor: 4 }, 10],
  [
    'miles in kilometres',
    number(1, (value) => value * 1.609_344),
    { fault: 'unit-change', field: 'lognormal', factor: 1.609_344 },
    4_500,
  ],
  [
    'seconds for minutes',
    number(2, (value) => value * 60),
    { fault: 'unit-change', field: 'exponential', factor: 60 },
    600,
  ],
  ['a share in percent', number(4, (value) => value * 100), { fault: 'unit-change', field: 'share', factor: 100 }, 600],
  ['Fahrenheit', number(0, (value) => value * 1.8 + 32), { fault: 'unit-change', field: 'normal', factor: 1.8 }, 600],
  ['lower case', text(0, (value) => value.toLowerCase()), { fault: 'recoding', field: 'carrier' }, 20],
  [
    'codes for labels',
    text(0, (value) => `${'AADLNWUSUAWN'.indexOf(value) / 2}`),
    { fault: 'recoding', field: 'carrier' },
    20,
  ],
  ['a prefix', text(0, (value) => `carrier_${value}`), { fault: 'recoding', field: 'carrier' }, 20],
  ['unknown values', text(0, (value) => `${value.charCodeAt(0)}?`), { fault: 'cardinality', field: 'carrier' }, 20],
  [
    'few identities',
    text(1, (value) => value.slice(0, 2).padEnd(8, '0')),
    { fault: 'cardinality', field: 'device' },
    1_100,
  ],
])('%s: the fault is named with its field, factor and beginning', (_name, change, wanted, delay) => {
  const found = faultsOf(change);
  expect(found[0]).toMatchObject(wanted);
  expect((found[0]?.at as number) - AT).toBeLessThan(delay);
  expect(found[0]?.since).toBeGreaterThan(AT - 520);
  expect(found[0]?.since).toBeLessThanOrEqual(found[0]?.at as number);
  expect(found.filter(({ fault, field }) => fault === wanted.fault && field === wanted.field)).toHaveLength(1);
});

test('features that moved by one column are named as such, and not as changes of unit', () => {
  const rotate: Change = (event) => {
    const values = Array.from(event.numeric);
    return { ...event, numeric: [values[3], ...values.slice(0, 3), ...values.slice(4)] as number[] };
  };
  const found = faultsOf(rotate);
  const shift = found.find(({ fault }) => fault === 'shifted-columns');
  expect(shift).toMatchObject({ field: 'lognormal', factor: 1 });
  expect(shift?.detail).toContain('lognormal, exponential, count hold the values of the column before each');
  expect(found.filter(({ fault, field }) => fault === 'unit-change' && field !== 'normal')).toEqual([]);
});

test('events that stop are absent within the time that the reference allows, and only once', () => {
  const tests = new StreamFaults(profile, { volume: VOLUME });
  for (let i = 0; i < 100; i += 1) tests.add(cleanEvents(i, 1)[0] as QualityEvent, i * 70);
  expect(tests.tick(6_930 + 1_000)).toBeUndefined();
  expect(tests.tick(6_930 + 3_000)).toMatchObject({ fault: 'absence', field: 'event', since: 6_930 });
  expect(tests.tick(6_930 + 4_000)).toBeUndefined();
});

test.each([
  ['half', 0.005, 0.5],
  ['double', 0.04, 2],
])('events at %s the rate are a fault of volume, once, and again after it has recovered', (_name, rate, factor) => {
  const draws = drawsOf(3);
  const tests = new StreamFaults(profile, { volume: VOLUME });
  const [event] = cleanEvents(2, 1) as [QualityEvent];
  const found: Fault[] = [];
  let timeMs = 0;
  for (let i = 0; i < 8_000; i += 1) {
    timeMs += -Math.log(1 - draws.uniform()) / (i % 4_000 < 2_000 ? 0.015 : rate);
    found.push(...tests.add(event, timeMs).filter(({ fault }) => fault === 'volume'));
  }
  expect(found.map((fault) => fault.factor)).toEqual([factor, factor]);
});

test('saved and restored at any cut, the tests go on as if they had never stopped', () => {
  const change: Change = (event, i) =>
    i % 3 === 0 ? number(0, () => Number.NaN)(event, i) : text(0, (value) => value.toLowerCase())(event, i);
  for (const cut of [0, 1, 300, 515, 1_003, 1_200]) {
    const draws = drawsOf(8);
    const whole = new StreamFaults(profile, { volume: VOLUME });
    let other = new StreamFaults(profile, { volume: VOLUME });
    const [found, restored]: [Fault[], Fault[]] = [[], []];
    for (let i = 0; i < 2_000; i += 1) {
      if (i === cut) {
        const state = other.save();
        other = new StreamFaults(profile, { volume: VOLUME });
        other.restore(state);
      }
      const event = cleanEvent(draws);
      const changed = i > 1_000 ? change(event, i) : event;
      found.push(...whole.add(changed, i * 70));
      restored.push(...other.add(changed, i * 70));
    }
    expect(found.length).toBeGreaterThan(1);
    expect(restored).toEqual(found);
    expect(new Uint8Array(other.save())).toEqual(new Uint8Array(whole.save()));
  }
});

test('a state of other columns is refused', () => {
  const state = new StreamFaults(profile).save();
  expect(() => new StreamFaults(profile, { volume: VOLUME }).restore(state)).toThrow(
    'faults state is of 10 numeric and 4 categorical columns without volume',
  );
});

test('a run counts as stuck by chance of repeats, and never below twice the longest of the reference', () => {
  expect(new StuckValue(0.5, 1, 1_000_000).limit).toBe(21);
  expect(new StuckValue(0.5, 40, 1_000_000).limit).toBe(80);
  expect(new StuckValue(0.95, 1, 1_000_000).limit).toBe(271);
  expect(new StuckValue(0.995, 1, 1_000_000).limit).toBe(Infinity);
});

test('distinct values are counted exactly', () => {
  const draws = drawsOf(4);
  for (const kinds of [1, 7, 300, 100_000]) {
    const test = new DistinctRate(1, 1, 1_000_000);
    const seen = new Set<string>();
    for (let i = 0; i < DISTINCT_WINDOW; i += 1) {
      const value = `v${draws.below(kinds)}`;
      seen.add(value);
      test.add(hashText(value));
    }
    expect(test.distinct).toBe(seen.size);
  }
});
