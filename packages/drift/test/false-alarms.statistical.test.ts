/** The table again from other seeds, and the promise itself. */
import { expect, test } from 'vitest';
import { simulate } from '../simulation/false-alarms.ts';
import { eventsBetweenFalseAlarms } from '../src/false-alarms.ts';
import { FALSE_ALARMS } from '../src/false-alarms-table.ts';

const rows = FALSE_ALARMS.filter(({ asked, referenceSize }) => asked === 100 && referenceSize === 1_000);

test.each(rows)('$rule of $windowSize values, one in $asked', (row) => {
  const { rule, windowSize, asked } = row;
  const again = simulate(row, 60, rule === 'time' ? 50 * windowSize : 50_000, 7);
  const apart = again.events / Math.max(1, again.alarms);
  expect(apart).toBeGreaterThan(eventsBetweenFalseAlarms(rule, asked, windowSize));
  // Between references alarms differ widely: 60 of them give the mean of 100 to a third.
  const before = row.events / Math.max(1, row.alarms);
  expect(apart / before).toBeGreaterThan(0.6);
  expect(apart / before).toBeLessThan(1.7);
});
