/** Every fault of `weir dev --inject` on every column, and ten days of flights without one. */

import { NUMERIC_FEATURES } from '@weir/flights/features';
import { FAULTS, parseFault } from '@weir/flights/inject';
import { expect, test } from 'vitest';
import { FLIGHTS_CONFIG, flightRun } from './flight-run.ts';

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

test('ten days without a fault raise no quality alert', async () => {
  const { raised, events } = await flightRun([], Date.parse('2001-02-11T00:00Z'), CONFIG);
  expect(events).toBeGreaterThan(150_000);
  expect(raised.filter(({ kind }) => kind === 'quality').map(({ summary }) => summary)).toEqual([]);
});
