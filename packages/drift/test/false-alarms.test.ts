import { expect, test } from 'vitest';
import { cells } from '../simulation/false-alarms.ts';
import { eventsBetweenFalseAlarms, simulatedFalseAlarms } from '../src/false-alarms.ts';
import { FALSE_ALARMS } from '../src/false-alarms-table.ts';

test('the table has the simulated rows, and in each alarms are further apart than was asked for', () => {
  expect(
    FALSE_ALARMS.map(({ rule, windowSize, referenceSize, asked }) => ({ rule, windowSize, referenceSize, asked })),
  ).toEqual(cells());
  for (const { rule, windowSize, asked, atLeast } of FALSE_ALARMS)
    expect(atLeast).toBeGreaterThan(eventsBetweenFalseAlarms(rule, asked, windowSize) / 2);
});

test('the nearest row in window and reference, not beyond the rate that was asked for', () => {
  const of = (windowSize: number, referenceSize: number, asked: number) =>
    simulatedFalseAlarms({ rule: 'count', windowSize, referenceSize, asked });
  expect(of(1_000, 1_000, 1e9)).toMatchObject({ windowSize: 1_000, referenceSize: 1_000, asked: 10_000 });
  expect(of(150, 50_000, 5_000)).toMatchObject({ windowSize: 100, referenceSize: 10_000, asked: 1_000 });
  expect(of(1, 1, 10)).toMatchObject({ windowSize: 100, referenceSize: 1_000, asked: 100 });
});

test('a time window is read once a pane', () => {
  expect(eventsBetweenFalseAlarms('count', 1e6, 1_200)).toBe(1e6);
  expect(eventsBetweenFalseAlarms('time', 1e6, 1_200)).toBe(1e8);
  expect(eventsBetweenFalseAlarms('time', 1e6, 3)).toBe(1e6);
});
