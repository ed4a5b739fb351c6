/** Faults of `weir dev --inject` in the first days of the flights: each is named for what it is, and nothing else is told of the data. */
import { parseFault } from '@weir/flights/inject';
import { expect, test } from 'vitest';
import { flightRun } from './flight-run.ts';

const MORNING = ['2001-02-02T10:30Z', '2001-02-02T13:30Z'] as const;
/** Few flights depart at night, and the hour begins anew. */
const MIDNIGHT = ['2001-02-03T00:00Z', '2001-02-03T09:00Z'] as const;

/** The first one makes the flights: January trains their models. */
const FIRST_MS = 60_000;
const THREE_FAULTS = {
  faults: ['unit:distance', 'stuck:departureHour', 'nulls:originRecentDelay'],
  // The model's output is missing where its input is.
  rules: [
    'null-rate originRecentDelay',
    'null-rate lateProbability',
    'stuck-value departureHour',
    'unit-change distance',
  ],
};

async function qualityAlerts([from, until]: readonly [string, string], ...faults: readonly string[]) {
  const { raised, events } = await flightRun(
    faults.map((fault) => parseFault(`${fault}@${from}`)),
    Date.parse(until),
  );
  expect(events).toBeGreaterThan(25_000);
  return raised.filter(({ kind, escalates }) => kind === 'quality' && escalates === null);
}

test('a change of unit, a stuck value and missing values at once', { timeout: FIRST_MS }, async () => {
  const alerts = await qualityAlerts(MORNING, ...THREE_FAULTS.faults);
  expect(new Set(alerts.map(({ rule, column }) => `${rule} ${column}`))).toEqual(new Set(THREE_FAULTS.rules));
  const [unit] = alerts.filter(({ rule }) => rule === 'unit-change');
  expect(unit).toMatchObject({
    severity: 'critical',
    summary: expect.stringMatching(/distance: unit changed \(was mi\), ×1\.609 since 2001-02-02T1/) as unknown,
    quality: { fault: 'unit-change', factor: 1.609_344 },
    rate: {
      // The hour of the day is not independent of the hour before it.
      guarantee: expect.stringMatching(/^arl, .*; not promised here: .*departureHour \(\d+ %\)/) as unknown,
      expectedEventsBetweenFalseAlarms: 1_000_000,
    },
  });
  expect(alerts.find(({ rule }) => rule === 'stuck-value')?.summary).toMatch(/departureHour: stuck at 10\.5 h since/);
});

test('columns that hold the values of the one before', async () => {
  const alerts = await qualityAlerts(MORNING, 'shift:departureHour');
  expect(alerts.map(({ rule, column }) => `${rule} ${column}`)).toEqual(['shifted-columns departureHour']);
  expect(alerts[0]?.summary).toMatch(
    /columns shifted by one: departureHour, originTraffic, originRecentDelay, networkRecentDelay hold/,
  );
});

test('columns that hold the values of the one before from midnight on', async () => {
  const alerts = await qualityAlerts(MIDNIGHT, 'shift:departureHour');
  expect(alerts.map(({ rule, column }) => `${rule} ${column}`)).toEqual(['shifted-columns departureHour']);
  expect(alerts[0]?.summary).toMatch(/networkRecentDelay hold .* since 2001-02-0(?:2T23:5|3T00:0)/);
});

test('a change of unit, a stuck value and missing values from midnight on', async () => {
  const alerts = await qualityAlerts(MIDNIGHT, ...THREE_FAULTS.faults);
  expect(new Set(alerts.map(({ rule, column }) => `${rule} ${column}`))).toEqual(new Set(THREE_FAULTS.rules));
});
