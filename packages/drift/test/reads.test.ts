/** A state is a function of what was processed: reads at any moments change neither what is saved nor what is read later. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PANES, PanedWindow } from '../src/paned-window.ts';
import { binOf, referenceOf } from '../src/reference.ts';
import { SlidingKs } from '../src/sliding-ks.ts';
import { SlidingMissing } from '../src/sliding-missing.ts';

const value = fc.oneof(fc.integer({ min: -4, max: 4 }), fc.double({ min: -5, max: 5, noNaN: true }));
const sample = fc.array(value, { minLength: 1, maxLength: 40 });
/** Which of the reads happen after an event: bits of a number. */
const reads = fc.array(fc.nat(31), { minLength: 1, maxLength: 20 });
const readsAt = (plan: readonly number[], index: number): number => plan[index % plan.length] as number;

const steps = fc.array(fc.record({ isMissing: fc.boolean(), gap: fc.oneof(fc.nat(2), fc.nat(60)) }), {
  maxLength: 200,
});

function readMissing(missing: SlidingMissing, position: number, which: number): void {
  // Also from further on than was processed: a reader may know of positions that were not given yet.
  if (which & 1) missing.countAt(position);
  if (which & 2) missing.countAt(position + 7);
  if (which & 4) missing.onsetMs(position + (which & 1), 0.1);
  if (which & 8) void missing.oldestMs;
  if (which & 16) missing.oldestMsAt(position + 3);
}

test('missing values: equal to a ring of the last W, whenever it is read', () => {
  fc.assert(
    fc.property(steps, reads, fc.integer({ min: 1, max: 30 }), fc.boolean(), (stream, plan, capacity, advances) => {
      const read = new SlidingMissing(capacity);
      const unread = new SlidingMissing(capacity);
      const all: number[] = [];
      let position = 0;
      let given = 0;
      for (const [index, { isMissing, gap }] of stream.entries()) {
        position += 1 + gap;
        for (const missing of [read, unread]) {
          if (isMissing) missing.push(position, 10 * position);
          else if (advances) missing.advance(position);
        }
        if (isMissing) all.push(position);
        if (isMissing || advances) given = position;
        readMissing(read, position, readsAt(plan, index));
        expect(read.entries()).toEqual(unread.entries());
        const inside = all.filter((each) => each > position - capacity);
        expect(read.countAt(position)).toBe(inside.length);
        expect(read.oldestMsAt(position)).toBe(inside[0] === undefined ? undefined : 10 * inside[0]);
        const held = all.filter((each) => each > given - capacity);
        expect([...read.entries().positions]).toEqual(held);
        expect(read.oldestMs).toBe(held[0] === undefined ? undefined : 10 * held[0]);
        expect(read.onsetMs(position, 0.2)).toBe(unread.onsetMs(position, 0.2));
      }
    }),
  );
});

test('missing values: what was saved goes on as if it had never stopped, across the compaction of its arrays', () => {
  const straight = new SlidingMissing(1_500);
  let other = new SlidingMissing(1_500);
  for (let position = 1; position <= 12_000; position += 1) {
    const isMissing = position % 3 !== 0;
    for (const missing of [straight, other]) {
      if (isMissing) missing.push(position, position);
      else missing.advance(position);
    }
    if (position % 997 === 0) {
      const restored = new SlidingMissing(1_500);
      for (const each of other.entries().positions) restored.push(each, each);
      other = restored;
    }
    expect(other.countAt(position)).toBe(straight.countAt(position));
  }
  expect(other.entries()).toEqual(straight.entries());
  expect(straight.entries().positions).toHaveLength(1_000);
});

test('a window by count: reads change neither its values nor D', () => {
  fc.assert(
    fc.property(
      sample,
      fc.array(value, { maxLength: 120 }),
      reads,
      fc.integer({ min: 1, max: 20 }),
      (from, stream, plan, capacity) => {
        const reference = referenceOf(from);
        const read = new SlidingKs(reference, capacity);
        const unread = new SlidingKs(reference, capacity);
        for (const [index, x] of stream.entries()) {
          for (const ks of [read, unread]) ks.push(x);
          const which = readsAt(plan, index);
          if (which & 1) void read.height;
          if (which & 2) read.read();
          if (which & 4) read.onset();
          if (which & 8) read.counts().fill(7);
          if (which & 16) read.bins().fill(0);
          expect(read.bins()).toEqual(unread.bins());
          expect(read.counts()).toEqual(unread.counts());
        }
        expect(read.read()).toEqual(unread.read());
        expect(read.onset()).toBe(unread.onset());
      },
    ),
  );
});

test('a window by time: reads change neither its panes nor D', () => {
  const event = fc.record({ x: value, gap: fc.oneof(fc.integer({ min: -9, max: 6 }), fc.nat(3 * 120)) });
  fc.assert(
    fc.property(sample, fc.array(event, { maxLength: 80 }), reads, (from, stream, plan) => {
      const reference = referenceOf(from);
      const read = new PanedWindow(reference, 10 * PANES);
      const unread = new PanedWindow(reference, 10 * PANES);
      let timeMs = 1_000;
      for (const [index, { x, gap }] of stream.entries()) {
        timeMs += gap;
        const which = readsAt(plan, index);
        for (const window of [read, unread]) {
          window.add(binOf(reference, x), timeMs);
          // Reads while a pane has just closed, as the evaluation does.
          window.close(timeMs - 25, () => void (window === read && which & 16 && window.read()));
        }
        if (which & 1) read.read();
        if (which & 2) read.onsetMs();
        if (which & 4) read.counts().fill(7);
        if (which & 8) void [read.endMs, read.windowSize, read.nextMs, read.closed];
        expect(read.save()).toEqual(unread.save());
        expect([read.closed, read.nextMs, read.windowSize]).toEqual([unread.closed, unread.nextMs, unread.windowSize]);
      }
      expect(read.read()).toEqual(unread.read());
      expect(read.counts()).toEqual(unread.counts());
    }),
  );
});

test('a window by time: what was saved stays apart from the window that goes on', () => {
  const reference = referenceOf([1, 2, 3]);
  const window = new PanedWindow(reference, 10 * PANES);
  window.add(1, 1_000);
  const saved = window.save();
  const restored = new PanedWindow(reference, 10 * PANES);
  restored.restore(saved, window.closed);
  window.add(1, 1_001);
  restored.add(3, 1_002);
  expect([...(restored.save()[0]?.counts ?? [])]).toEqual([0, 1, 0, 1, 0, 0, 0]);
  expect([...(saved[0]?.counts ?? [])]).toEqual([0, 1, 0, 0, 0, 0, 0]);
});
