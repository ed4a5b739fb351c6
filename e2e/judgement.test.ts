/** The judge of the fault runs, on what it must find. */
import { expect, test } from 'vitest';
import { compare } from './judgement.ts';

const EXPECTED = { 'alerts/0': ['a', 'b', 'b'], 'alerts/1': ['c'], 'x.dlq/0': ['d', 'e'] };

test('the same records are whole, also where one is due twice', () => {
  expect(compare(EXPECTED, EXPECTED)).toEqual({
    expected: { alerts: 4, 'x.dlq': 2 },
    lost: 0,
    doubled: 0,
    strange: 0,
    reordered: 0,
    samples: [],
  });
});

test.each([
  ['lost', { ...EXPECTED, 'alerts/0': ['a', 'b'] }],
  ['lost', { 'alerts/0': ['a', 'b', 'b'], 'x.dlq/0': ['d', 'e'] }],
  ['doubled', { ...EXPECTED, 'alerts/1': ['c', 'c'] }],
  ['strange', { ...EXPECTED, 'alerts/1': ['c', 'f'] }],
  ['strange', { ...EXPECTED, 'alerts/2': ['a'] }],
  ['reordered', { ...EXPECTED, 'x.dlq/0': ['e', 'd'] }],
] as const)('one %s', (what, found) => {
  const { lost, doubled, strange, reordered } = compare(EXPECTED, found);
  const counts = { lost, doubled, strange, reordered };
  expect(counts).toEqual({ lost: 0, doubled: 0, strange: 0, reordered: 0, [what]: 1 });
});
