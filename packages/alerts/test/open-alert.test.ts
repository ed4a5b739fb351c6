import fc from 'fast-check';
import { expect, test } from 'vitest';
import { raiseAlert } from '../src/alert.ts';
import { openAlertOf } from '../src/open-alert.ts';
import { checkLevels, severityOf, worse } from '../src/severity.ts';
import { cause, finding, LEVELS } from './findings.ts';

test('an open alert is plain data: JSON gives it back', () => {
  const { open } = raiseAlert(finding(), cause('p7'), LEVELS);
  open.recovery = 3;
  expect(openAlertOf(JSON.parse(JSON.stringify(open)))).toEqual(open);
});

test('an open alert of a state from before severities is a warning, and its calm values are its recovery', () => {
  const saved = { id: 'a', fingerprint: 'f', raisedAtMs: 5, sinceMs: 4, calm: 7 };
  expect(openAlertOf(saved)).toEqual({
    id: 'a',
    fingerprint: 'f',
    raisedAtMs: 5,
    sinceMs: 4,
    severity: 'warning',
    recovery: 7,
  });
});

test.each([
  ['null', null, /is null; it must be an object/],
  [
    'a missing id',
    { fingerprint: 'f', raisedAtMs: 5, sinceMs: 4, recovery: 0 },
    /has id undefined; it must be a string/,
  ],
  ['a time of text', { id: 'a', fingerprint: 'f', raisedAtMs: '5', sinceMs: 4, recovery: 0 }, /has raisedAtMs "5"/],
  [
    'another severity',
    { id: 'a', fingerprint: 'f', raisedAtMs: 5, sinceMs: 4, severity: 'high', recovery: 0 },
    /"high"/,
  ],
])('%s is refused by name', (_, saved, message) => {
  expect(() => openAlertOf(saved)).toThrow(message);
});

const levels = fc
  .tuple(fc.double({ min: 0, noNaN: true }), fc.double({ min: 0, noNaN: true }))
  .map(([a, b]) => ({ warning: Math.min(a, b), critical: Math.max(a, b) }));

test('severity grows with the size of the effect, whatever its sign, and changes at the levels', () => {
  const urgency = (effect: number, at: { warning: number; critical: number }): number =>
    ['info', 'warning', 'critical'].indexOf(severityOf(effect, at));
  fc.assert(
    fc.property(levels, fc.double({ noNaN: true }), fc.double({ noNaN: true }), (at, a, b) => {
      checkLevels(at);
      const [small, large] = Math.abs(a) <= Math.abs(b) ? [a, b] : [b, a];
      expect(urgency(small, at)).toBeLessThanOrEqual(urgency(large, at));
      expect(urgency(a, at)).toBe(urgency(-a, at));
      expect(worse(severityOf(small, at), severityOf(large, at))).toBe(severityOf(large, at));
      expect(severityOf(at.critical, at)).toBe('critical');
    }),
  );
  expect([0.09, 0.1, 0.29, 0.3].map((effect) => severityOf(effect, LEVELS))).toEqual([
    'info',
    'warning',
    'warning',
    'critical',
  ]);
  expect(severityOf(Number.NaN, LEVELS)).toBe('warning');
  expect(severityOf(1, { warning: 0, critical: Number.POSITIVE_INFINITY })).toBe('warning');
});

test.each([
  { warning: 0.3, critical: 0.1 },
  { warning: -1, critical: 1 },
  { warning: Number.NaN, critical: 1 },
  { warning: 0, critical: Number.NaN },
])('levels $warning and $critical are refused', (bad) => {
  expect(() => checkLevels(bad)).toThrow(/0 ≤ warning ≤ critical/);
});
