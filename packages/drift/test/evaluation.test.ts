/** Raised and resolved exactly where the definition says, whenever it is saved, restored or read. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CountEvaluation } from '../src/count-evaluation.ts';
import { effectSize } from '../src/effect-size.ts';
import { EVALUATION_DEFAULTS, type EvaluationRule, type Transition } from '../src/evaluation.ts';
import { expectedMissingShare, MissingEvaluation } from '../src/missing-evaluation.ts';
import { PANES, PanedWindow } from '../src/paned-window.ts';
import { binOf, type Reference, referenceOf } from '../src/reference.ts';
import { SlidingKs } from '../src/sliding-ks.ts';
import { threshold } from '../src/threshold.ts';
import { TimeEvaluation } from '../src/time-evaluation.ts';

interface Change {
  readonly at: number;
  readonly transition: Transition;
  readonly raisedAtMs?: number | undefined;
  readonly sinceMs?: number | undefined;
}

const rule = fc.record({
  readingsPerFalseAlarm: fc.constantFrom(10, 20, 1_000),
  minEffect: fc.constantFrom(0, 0.05, 0.2),
  resolveShare: fc.constantFrom(0.5, 0.8, 0.95, 1),
});
/** Stretches that differ in where they lie, so that much is raised and resolved. */
const stream = fc
  .array(
    fc.record({ shift: fc.constantFrom(0, 0, 3, 9), values: fc.array(fc.nat(9), { minLength: 20, maxLength: 60 }) }),
    {
      minLength: 1,
      maxLength: 6,
    },
  )
  .map((parts) => parts.flatMap(({ shift, values }) => values.map((each) => each + shift)));
const sample = fc.array(fc.nat(9), { minLength: 10, maxLength: 40 });
const moments = fc.array(fc.nat(7), { minLength: 1, maxLength: 9 });

/** D of the full window at each value, and all that follows from it. */
function countByDefinition(
  reference: Reference,
  values: readonly number[],
  capacity: number,
  by: EvaluationRule,
): Change[] {
  const ks = new SlidingKs(reference, capacity);
  const { threshold: level, recoveryLevel } = new CountEvaluation(reference, capacity, by);
  const changes: Change[] = [];
  let isOpen = false;
  let recovered = 0;
  for (const [at, x] of values.entries()) {
    ks.push(x);
    if (!ks.full) continue;
    const { statistic } = ks.read();
    if (!isOpen && statistic >= level) {
      isOpen = true;
      recovered = 0;
      const sinceMs = at - capacity + 1 + ks.onset();
      changes.push({ at, transition: 'raised', raisedAtMs: 10 * at, sinceMs: 10 * sinceMs });
    } else if (isOpen) {
      recovered = statistic < recoveryLevel ? recovered + 1 : 0;
      if (recovered < capacity) continue;
      isOpen = false;
      changes.push({ at, transition: 'resolved' });
    }
  }
  return changes;
}

test('by count: equal to the definition at every value, restored and read at any moments', () => {
  let changed = 0;
  fc.assert(
    fc.property(sample, stream, fc.integer({ min: 1, max: 25 }), rule, moments, (from, values, capacity, by, plan) => {
      const reference = referenceOf(from);
      let evaluation = new CountEvaluation(reference, capacity, by);
      const changes: Change[] = [];
      for (const [at, x] of values.entries()) {
        const transition = evaluation.add(binOf(reference, x), 10 * at);
        if (transition === 'raised') changes.push({ at, transition, ...evaluation.open });
        if (transition === 'resolved') changes.push({ at, transition });
        const moment = plan[at % plan.length] as number;
        if (moment & 1) void [evaluation.ks.height, evaluation.ks.read(), evaluation.onsetMs(), evaluation.fromMs];
        if (moment & 2) evaluation.save().bins.fill(0);
        if (moment < 4) continue;
        const restored = new CountEvaluation(reference, capacity, by);
        restored.restore(evaluation.save());
        expect(restored.save()).toEqual(evaluation.save());
        expect(restored.open).toEqual(evaluation.open);
        evaluation = restored;
      }
      changed += changes.length;
      expect(changes).toEqual(countByDefinition(reference, values, capacity, by));
    }),
    { numRuns: 150, seed: 20_261_130 },
  );
  expect(changed).toBeGreaterThan(100);
});

test('by count: what is saved does not depend on restores, although what is skipped does', () => {
  fc.assert(
    fc.property(sample, stream, fc.integer({ min: 1, max: 25 }), rule, moments, (from, values, capacity, by, plan) => {
      const reference = referenceOf(from);
      const straight = new CountEvaluation(reference, capacity, by);
      let other = new CountEvaluation(reference, capacity, by);
      for (const [at, x] of values.entries()) {
        straight.add(binOf(reference, x), at);
        other.add(binOf(reference, x), at);
        if ((plan[at % plan.length] as number) > 3) {
          const restored = new CountEvaluation(reference, capacity, by);
          restored.restore(other.save());
          other = restored;
        }
        expect(other.save()).toEqual(straight.save());
      }
    }),
  );
});

test('missing values: equal to the definition at every value, restored and read at any moments', () => {
  const gaps = fc
    .array(fc.record({ share: fc.constantFrom(0, 1, 5, 9), length: fc.nat(60) }), { minLength: 1, maxLength: 6 })
    .map((parts) => parts.flatMap(({ share, length }) => Array.from({ length }, (_, at) => (7 * at) % 10 < share)));
  let changed = 0;
  fc.assert(
    fc.property(gaps, fc.integer({ min: 1, max: 40 }), rule, moments, (isMissing, capacity, by, plan) => {
      const share = expectedMissingShare(50, 2);
      let evaluation = new MissingEvaluation(capacity, share, by);
      const { raiseCount, recoveryCount } = evaluation;
      let isOpen = false;
      let recovered = 0;
      for (const [at, missing] of isMissing.entries()) {
        const transition = evaluation.add(at + 1, missing, 10 * at);
        const count = isMissing.slice(Math.max(0, at + 1 - capacity), at + 1).filter(Boolean).length;
        let expected: Transition | undefined;
        if (isOpen) {
          recovered = count <= recoveryCount ? recovered + 1 : 0;
          if (recovered >= capacity) {
            isOpen = false;
            expected = 'resolved';
          }
        } else if (missing && count >= raiseCount) {
          isOpen = true;
          recovered = count <= recoveryCount ? 1 : 0;
          expected = 'raised';
        }
        if (expected !== undefined) changed += 1;
        // Where it escalates is in escalation.test.ts.
        expect(transition === 'escalated' ? undefined : transition).toBe(expected);
        expect(evaluation.open?.raisedAtMs === 10 * at).toBe(expected === 'raised');
        const moment = plan[at % plan.length] as number;
        if (moment & 1) void [evaluation.missing.countAt(at + 1), evaluation.missing.onsetMs(at + 1, share)];
        if (moment < 4) continue;
        const restored = new MissingEvaluation(capacity, share, by);
        restored.restore(evaluation.save(), at + 1);
        expect(restored.save()).toEqual(evaluation.save());
        evaluation = restored;
      }
    }),
    { numRuns: 150, seed: 20_261_130 },
  );
  expect(changed).toBeGreaterThan(100);
});

test('missing values: present ones may be left out while nothing is open', () => {
  const share = 0.02;
  const by = { ...EVALUATION_DEFAULTS, readingsPerFalseAlarm: 1_000 };
  const all = new MissingEvaluation(100, share, by);
  const few = new MissingEvaluation(100, share, by);
  for (let position = 1; position <= 3_000; position += 1) {
    const isMissing = position % 100 === 0 || (position > 1_000 && position < 1_400 && position % 3 === 0);
    const transition = all.add(position, isMissing, position);
    const same = isMissing || few.open !== null ? few.add(position, isMissing, position) : undefined;
    expect(same).toBe(transition);
  }
  expect(few.save()).toEqual(all.save());
});

test('by time: warming up, raised, resolved after a whole span, restored at any moment', () => {
  const reference = referenceOf(Array.from({ length: 100 }, (_, index) => index));
  const spanMs = 100 * PANES;
  const by = { ...EVALUATION_DEFAULTS, readingsPerFalseAlarm: 1_000, minValues: 50 };
  const run = (every: number): readonly unknown[] => {
    let evaluation = new TimeEvaluation(reference, spanMs, by);
    const changes: unknown[] = [];
    for (let index = 0; index < 2_000; index += 1) {
      const timeMs = 10 * index;
      // Shifted from the first value, and for a while from 6 s on.
      const shift = timeMs < 300 || (timeMs >= 6_000 && timeMs < 8_000) ? 60 : 0;
      evaluation.add(binOf(reference, ((37 * index) % 100) + shift), timeMs);
      evaluation.close(timeMs, (transition, endMs) => changes.push({ transition, endMs, ...evaluation.open }));
      if (index % every !== 0) continue;
      const restored = new TimeEvaluation(reference, spanMs, by);
      restored.restore(evaluation.save());
      expect(restored.save()).toEqual(evaluation.save());
      evaluation = restored;
    }
    return changes;
  };
  const changes = run(7);
  expect(changes).toEqual(run(1_999));
  expect(changes).toMatchObject([
    { transition: 'raised', raisedAtMs: expect.any(Number) as number, sinceMs: 6_000 },
    { transition: 'resolved' },
  ]);
  const [raised, resolved] = changes as readonly { readonly endMs: number }[];
  expect(raised?.endMs).toBeGreaterThan(6_000);
  expect(raised?.endMs).toBeLessThanOrEqual(6_600);
  expect(resolved?.endMs).toBeGreaterThan(8_000 + spanMs / 2);
  // D of the window ending at a pane falls below the level, and stays there for a span.
  expect(((resolved?.endMs ?? 0) - 8_000) / spanMs).toBeLessThanOrEqual(2);
});

test('by time: equal to the definition at every pane, restored and read at any moments', () => {
  const spanMs = 10 * PANES;
  let changed = 0;
  const events = fc
    .array(
      fc.record({
        shift: fc.constantFrom(0, 0, 4, 9),
        gaps: fc.array(fc.integer({ min: -9, max: 20 }), { minLength: 30, maxLength: 90 }),
      }),
      { minLength: 1, maxLength: 5 },
    )
    .map((parts) => {
      let timeMs = 1_000;
      return parts.flatMap(({ shift, gaps }) =>
        gaps.map((gap) => {
          timeMs += gap;
          return { x: ((7 * timeMs) % 10) + shift, timeMs };
        }),
      );
    });
  fc.assert(
    fc.property(sample, events, rule, fc.nat(12), moments, (from, stream, by, minValues, plan) => {
      const reference = referenceOf(from);
      const timeRule = { ...by, minValues: minValues + 1 };
      const window = new PanedWindow(reference, spanMs);
      let evaluation = new TimeEvaluation(reference, spanMs, timeRule);
      let first: number | undefined;
      let recoveringSinceMs: number | undefined;
      let isOpen = false;
      for (const [index, { x, timeMs }] of stream.entries()) {
        const bin = binOf(reference, x);
        expect(evaluation.add(bin, timeMs)).toBe(window.add(bin, timeMs));
        const changes: unknown[] = [];
        const expected: unknown[] = [];
        evaluation.close(timeMs - 15, (transition, endMs) => {
          // Where it escalates is in escalation.test.ts.
          if (transition !== 'escalated') changes.push({ transition, endMs });
        });
        window.close(timeMs - 15, (endMs) => {
          first ??= window.closed;
          const n = window.windowSize;
          if (window.closed - first < PANES - 1 || n <= minValues) return;
          const { statistic } = window.read();
          const level = threshold(reference.m, n, by);
          if (!isOpen) {
            isOpen = statistic >= level;
            if (isOpen) expected.push({ transition: 'raised', endMs });
            return;
          }
          recoveringSinceMs = statistic < level * by.resolveShare ? (recoveringSinceMs ?? endMs) : undefined;
          if (recoveringSinceMs === undefined || endMs - recoveringSinceMs < spanMs) return;
          isOpen = false;
          recoveringSinceMs = undefined;
          expected.push({ transition: 'resolved', endMs });
        });
        changed += changes.length;
        expect(changes).toEqual(expected);
        expect(evaluation.open !== null).toBe(isOpen);
        const moment = plan[index % plan.length] as number;
        if (moment & 1) void [evaluation.threshold, evaluation.isWarmingUp, evaluation.window.read()];
        if (moment < 4) continue;
        const restored = new TimeEvaluation(reference, spanMs, timeRule);
        restored.restore(evaluation.save());
        expect(restored.save()).toEqual(evaluation.save());
        evaluation = restored;
      }
    }),
    { numRuns: 60, seed: 20_261_130 },
  );
  expect(changed).toBeGreaterThan(20);
});

test('a window that may not raise only resolves what it was restored with', () => {
  const reference = referenceOf([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  const by = { ...EVALUATION_DEFAULTS, readingsPerFalseAlarm: 10 };
  const first = new CountEvaluation(reference, 20, by);
  const high = binOf(reference, 100);
  for (let at = 0; at < 20; at += 1) first.add(high, at);
  expect(first.open).not.toBeNull();
  const retiring = new CountEvaluation(reference, 20, by, false);
  retiring.restore(first.save());
  const transitions: (Transition | undefined)[] = [];
  for (let at = 0; at < 100; at += 1)
    transitions.push(retiring.add(at < 60 ? binOf(reference, (at % 9) + 1) : high, at));
  expect(transitions.filter(Boolean)).toEqual(['resolved']);
});

test('evaluation is skipped where it could change nothing', () => {
  const reference = referenceOf(Array.from({ length: 500 }, (_, index) => index));
  const evaluation = new CountEvaluation(reference, 1_000, EVALUATION_DEFAULTS);
  let asked = 0;
  const { height } = Object.getOwnPropertyDescriptors(SlidingKs.prototype);
  Object.defineProperty(evaluation.ks, 'height', {
    get() {
      asked += 1;
      return height.get?.call(evaluation.ks) as number;
    },
  });
  for (let at = 0; at < 20_000; at += 1) evaluation.add(binOf(reference, (373 * at) % 500), at);
  expect(asked).toBeGreaterThan(10);
  expect(asked).toBeLessThan(400);
});

test('the effect is the chance that a value of the window lies above one of the reference', () => {
  fc.assert(
    fc.property(sample, fc.array(fc.nat(12), { minLength: 1, maxLength: 30 }), (from, values) => {
      const reference = referenceOf(from);
      const ks = new SlidingKs(reference, values.length);
      for (const x of values) ks.push(x);
      let score = 0;
      for (const x of values) for (const y of from) score += x > y ? 1 : x === y ? 0.5 : 0;
      const expected = score / (values.length * from.length) - 0.5;
      expect(effectSize(reference, ks.counts(), values.length)).toBeCloseTo(expected, 12);
    }),
  );
});
