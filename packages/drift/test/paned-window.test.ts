import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PANES, PanedWindow } from '../src/paned-window.ts';
import { binOf, referenceOf } from '../src/reference.ts';
import { SlidingKs } from '../src/sliding-ks.ts';

const SPAN_MS = 10 * PANES;
const LATENESS_MS = 25;
const PANE_MS = SPAN_MS / PANES;

interface Timed {
  readonly x: number;
  readonly timeMs: number;
}

const value = fc.oneof(fc.integer({ min: -4, max: 4 }), fc.double({ min: -5, max: 5, noNaN: true }));
/** Gaps of any length between events, some longer than the window. */
const stream = fc
  .array(fc.record({ x: value, gap: fc.oneof(fc.nat(6), fc.nat(6), fc.nat(3 * SPAN_MS)) }), {
    minLength: 1,
    maxLength: 120,
  })
  .map((events) => {
    let timeMs = 1_000;
    return events.map(({ x, gap }): Timed => {
      timeMs += gap;
      return { x, timeMs };
    });
  });
const sample = fc.array(value, { minLength: 1, maxLength: 30 });

interface Closed {
  readonly endMs: number;
  readonly statistic: number;
  readonly windowSize: number;
}

/** What each close says, with the watermark behind the newest event seen. `restore` moves everything into a new window after each event. */
function run(reference: readonly number[], events: readonly Timed[], restore = false): readonly Closed[] {
  let window = new PanedWindow(referenceOf(reference), SPAN_MS);
  const closed: Closed[] = [];
  let newest = Number.NEGATIVE_INFINITY;
  const visit = (endMs: number): void => {
    const { statistic, windowSize } = window.read();
    closed.push({ endMs, statistic, windowSize });
  };
  for (const { x, timeMs } of events) {
    expect(window.add(binOf(window.reference, x), timeMs)).toBe(true);
    newest = Math.max(newest, timeMs);
    window.close(newest - LATENESS_MS, visit);
    if (!restore) continue;
    const again = new PanedWindow(window.reference, SPAN_MS);
    again.restore(
      window.save().map(({ pane, counts }) => ({ pane, counts: counts.slice() })),
      window.closed,
    );
    window = again;
  }
  window.close(Number.MAX_SAFE_INTEGER, visit);
  return closed;
}

/** Late by less than is allowed: each event may be overtaken by those that follow within the lateness. */
function overtaken(events: readonly Timed[], keys: readonly number[]): readonly Timed[] {
  return events
    .map((event, index) => ({ event, arrivalMs: event.timeMs + (keys[index % keys.length] as number) }))
    .sort((a, b) => a.arrivalMs - b.arrivalMs)
    .map(({ event }) => event);
}

test('each close gives D of the values of the last panes, by the definition of the kernel', () => {
  fc.assert(
    fc.property(sample, stream, (reference, events) => {
      const expected: Closed[] = [];
      for (const pane of new Set(events.map(({ timeMs }) => Math.floor(timeMs / PANE_MS)))) {
        const inside = events.filter(({ timeMs }) => {
          const own = Math.floor(timeMs / PANE_MS);
          return own <= pane && own > pane - PANES;
        });
        const ks = new SlidingKs(referenceOf(reference), inside.length);
        for (const { x } of inside) ks.push(x);
        expected.push({ endMs: (pane + 1) * PANE_MS, statistic: ks.read().statistic, windowSize: inside.length });
      }
      expect(run(reference, events)).toEqual(expected);
    }),
  );
});

test('the order of arrival within the lateness, and a restore at any event, change nothing', () => {
  fc.assert(
    fc.property(
      sample,
      stream,
      fc.array(fc.nat(LATENESS_MS - 1), { minLength: 7, maxLength: 7 }),
      (reference, events, keys) => {
        const straight = run(reference, events);
        expect(run(reference, overtaken(events, keys))).toEqual(straight);
        expect(run(reference, events, true)).toEqual(straight);
      },
    ),
  );
});

test('panes of a span without whole twelfths end at whole milliseconds, and share all of them', () => {
  const window = new PanedWindow(referenceOf([1]), 1_000);
  const closed: number[] = [];
  for (let timeMs = 0; timeMs < 1_000; timeMs += 1) expect(window.add(1, timeMs)).toBe(true);
  window.close(1_000, (endMs) => {
    closed.push(endMs);
    expect(window.windowSize).toBe(endMs);
  });
  expect(closed).toEqual([84, 167, 250, 334, 417, 500, 584, 667, 750, 834, 917, 1_000]);
  expect(window.endMs).toBe(1_000);
});

test('a change is dated to the pane in which it began', () => {
  const reference = referenceOf(Array.from({ length: 100 }, (_, index) => index));
  const window = new PanedWindow(reference, SPAN_MS);
  // From pane 7 on every value is of the upper half.
  for (let timeMs = 0; timeMs < SPAN_MS; timeMs += 1)
    window.add(binOf(reference, timeMs < 7 * PANE_MS ? (37 * timeMs) % 100 : 50 + ((37 * timeMs) % 50)), timeMs);
  window.close(SPAN_MS, () => {});
  expect(window.onsetMs()).toBe(7 * PANE_MS);
});

test('a value whose pane has closed is refused', () => {
  const window = new PanedWindow(referenceOf([1, 2, 3]), SPAN_MS);
  expect(window.add(1, 105)).toBe(true);
  window.close(110, () => {});
  expect(window.add(1, 109)).toBe(false);
  expect(window.add(1, 110)).toBe(true);
});
