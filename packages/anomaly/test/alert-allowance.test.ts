import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AlertAllowance } from '../src/alert-allowance.ts';

test('within any n events at most burst + n / eventsPerAlert, and one whenever that allows it', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 200 }),
      fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 200 }),
      (burst, eventsPerAlert, gaps) => {
        const allowance = new AlertAllowance({ burst, eventsPerAlert });
        const sent: number[] = [];
        let position = 0;
        const fits = (): boolean =>
          [...sent, position].every((from, at) => {
            const within = sent.length + 1 - at;
            return within <= burst + (position - from) / eventsPerAlert;
          });
        for (const gap of gaps) {
          position += gap;
          const allowed = allowance.take(position);
          expect(allowed).toBe(fits());
          if (allowed) sent.push(position);
        }
      },
    ),
  );
});

test.each([
  [{ burst: 0, eventsPerAlert: 1 }, /burst is 0/],
  [{ burst: 1, eventsPerAlert: 0 }, /eventsPerAlert is 0/],
])('%j is refused', (settings, rule) => {
  expect(() => new AlertAllowance(settings)).toThrow(rule);
});
