/** Every fault of `weir dev --inject` on every column, and ten days of flights without one. */

import { NUMERIC_FEATURES } from '@weir/flights/features';
import { FAULTS, parseFault } from '@weir/flights/inject';
import { replay } from '@weir/flights/replay';
import { expect, test } from 'vitest';
import { FLIGHTS_CONFIG, flightRun } from './flight-run.ts';
import { cleanFlights, injectedFlights } from './injected-flights.ts';

// Two days and a half, so that nights and mornings are known.
const CONFIG = { ...FLIGHTS_CONFIG, learnEvents: 34_000 };
const RULES = { unit: 'unit-change', stuck: 'stuck-value', nulls: 'null-rate', shift: 'shifted-columns' } as const;
/** In the middle of a morning, and while few flights depart and columns change by themselves. */
const TIMES = [
  ['2001-02-04T10:30Z', '2001-02-04T14:00Z'],
  ['2001-02-06T00:00Z', '2001-02-06T13:00Z'],
] as const;
const CASES = TIMES.flatMap(([from, until]) =>
  Object.keys(FAULTS).flatMap((name) =>
    NUMERIC_FEATURES.map(({ name: column }) => [name as keyof typeof RULES, column as string, from, until] as const),
  ),
);

test.each(CASES)('%s of %s from %s is named for what it is', async (name, column, from, until) => {
  const { raised } = await flightRun([parseFault(`${name}:${column}@${from}`)], Date.parse(until), CONFIG);
  const told = raised.filter(({ kind, escalates }) => kind === 'quality' && escalates === null);
  // The first column has none before it: from the second one on they are shifted.
  const first = name === 'shift' && column === 'distance' ? 'departureHour' : column;
  expect(told.map((alert) => `${alert.rule} ${alert.column}`)).toContain(`${RULES[name]} ${first}`);
  // What breaks a rule may be told beside it: a mile that is no whole number any more.
  const others = told.filter(
    (alert) => alert.rule !== RULES[name] && !(alert.rule.startsWith('rule-') && alert.column === column),
  );
  expect(others.map(({ summary }) => summary)).toEqual([]);
});

/** Columns that move by their whole range overnight, and nights of which no setting was made. */
const NIGHTS = ['2001-02-05', '2001-02-07', '2001-02-08'].flatMap((date) =>
  ['departureHour', 'networkRecentDelay'].map((column) => [column, date] as const),
);

test.each(NIGHTS)('a change of unit of %s at midnight of %s is named with its factor', async (column, date) => {
  const fault = parseFault(`unit:${column}@${date}T00:00Z`);
  const { raised } = await flightRun([fault], Date.parse(`${date}T13:00Z`), CONFIG);
  const told = raised.filter(({ kind, escalates }) => kind === 'quality' && escalates === null);
  const factor = column === 'departureHour' ? 10 : 60;
  expect(told.find(({ rule }) => rule === 'unit-change')).toMatchObject({ column, quality: { factor } });
  expect(told.filter(({ rule }) => rule.startsWith('rule-')).map(({ summary }) => summary)).toEqual([]);
});

test('the flights of these tests are those of `weir dev --inject`', async () => {
  const faults = ['unit:departureHour', 'nulls:originRecentDelay', 'shift:originTraffic'].map((fault) =>
    parseFault(`${fault}@2001-02-01T12:00Z`),
  );
  const untilMs = Date.parse('2001-02-01T13:00Z');
  const wanted: string[] = [];
  for await (const batch of replay(faults)) {
    const kept = batch.filter(({ topic, eventTimeMs }) => topic !== 'outcomes' && eventTimeMs < untilMs);
    wanted.push(...kept.map(({ topic, value }) => `${topic} ${value.toString('base64')}`));
    if ((batch.at(-1)?.eventTimeMs ?? 0) >= untilMs) break;
  }
  const made = injectedFlights(await cleanFlights(untilMs), faults);
  expect(made.map(({ topic, value }) => `${topic} ${value.toString('base64')}`)).toEqual(wanted);
});

test('ten days without a fault raise no quality alert', async () => {
  const { raised, events } = await flightRun([], Date.parse('2001-02-11T00:00Z'), CONFIG);
  expect(events).toBeGreaterThan(150_000);
  expect(raised.filter(({ kind }) => kind === 'quality').map(({ summary }) => summary)).toEqual([]);
});
