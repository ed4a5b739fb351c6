import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { expect, test } from 'vitest';
import { type Accumulate, hashOf, hexOf, Joiner } from '../src/joiner.ts';
import { NOW_MS, policySet, Stage, traffic, version } from './scene.ts';

const WINDOW_MS = 1_000;

interface Known {
  readonly timeMs: number;
  readonly given: Map<number, number>;
}

/** As the joiner, with an object for each prediction and no order to keep. */
class NaiveJoiner {
  readonly open = new Map<string, Known>();
  readonly #accumulate: Accumulate;

  constructor(accumulate: Accumulate) {
    this.#accumulate = accumulate;
  }

  outcome(id: string, atMs: number, value: number, revision: number): void {
    const known = this.open.get(id);
    if (known === undefined || atMs - known.timeMs > WINDOW_MS || known.given.has(revision)) return;
    known.given.set(revision, value);
  }

  /** Id hash and value in the order of maturity. */
  mature(watermarkMs: number): string[] {
    const due = [...this.open].filter(([, { timeMs }]) => timeMs + WINDOW_MS < watermarkMs);
    due.sort(
      ([a, { timeMs: timeA }], [b, { timeMs: timeB }]) =>
        timeA - timeB || (hexOf(hashOf(a)) < hexOf(hashOf(b)) ? -1 : 1),
    );
    return due.map(([id, { given }]) => {
      this.open.delete(id);
      const values = [...given].sort(([a], [b]) => a - b).map(([, value]) => value);
      const sum = values.reduce((total, value) => total + value, 0);
      const value = { first: values.at(-1) ?? 0, sum, max: Math.max(0, ...values) }[this.#accumulate];
      return `${hexOf(hashOf(id))} ${values.length > 0} ${value.toFixed(9)}`;
    });
  }
}

function matured(joiner: Joiner, watermarkMs: number): string[] {
  const found: string[] = [];
  while (joiner.nextArrivalMs < watermarkMs) joiner.arrive();
  while (joiner.oldestMs + WINDOW_MS < watermarkMs) {
    const slot = joiner.mature();
    const { columns } = joiner;
    const value = columns.value[slot] as number;
    found.push(`${hexOf(columns.hashOf(slot))} ${(columns.revisions[slot] as number) > 0} ${value.toFixed(9)}`);
  }
  if (joiner.nextLookMs <= watermarkMs) joiner.giveUpHeld(watermarkMs);
  return found;
}

test.each(['first', 'sum', 'max'] as const)(
  'joins under %s as a naive joiner does, restored at any place',
  (accumulate) => {
    for (let seed = 1; seed <= 30; seed += 1) {
      const random = xoroshiro128plus(seed);
      const pick = (most: number): number => uniformInt(random, 0, most);
      let joiner = new Joiner();
      const naive = new NaiveJoiner(accumulate);
      let watermarkMs = 0;
      for (let step = 0; step < 600; step += 1) {
        const id = `p${pick(200)}`;
        const timeMs = watermarkMs + pick(300);
        if (pick(2) === 0) {
          joiner.admit(id, timeMs, watermarkMs, WINDOW_MS, accumulate);
          if (!naive.open.has(id)) naive.open.set(id, { timeMs, given: new Map() });
        } else if (naive.open.has(id)) {
          const value = pick(1_000) / 1_000;
          const revision = pick(3);
          joiner.outcome(id, { atMs: timeMs, value, revision }, watermarkMs, WINDOW_MS, accumulate);
          naive.outcome(id, timeMs, value, revision);
        }
        if (pick(9) === 0) watermarkMs += pick(400);
        expect(matured(joiner, watermarkMs)).toEqual(naive.mature(watermarkMs));
        if (pick(49) !== 0) continue;
        const { head, parts } = joiner.save();
        const copies = parts.map(
          (part) => Uint8Array.from(Buffer.from(part.buffer, part.byteOffset, part.byteLength)).buffer,
        );
        joiner = Joiner.load(JSON.parse(JSON.stringify(head)) as typeof head, (index) => copies[index] as ArrayBuffer);
        const again = joiner.save();
        expect(again.head).toEqual(head);
        expect(again.parts.map((part) => Buffer.from(part.buffer))).toEqual(copies.map((part) => Buffer.from(part)));
      }
      expect(joiner.open).toBe(naive.open.size);
    }
  },
);

test('an outcome that came first is held until its prediction comes, and given up when that can no longer be', () => {
  const joiner = new Joiner();
  const held = (id: string, atMs: number) => joiner.outcome(id, { atMs, value: 1, revision: 0 }, 0, WINDOW_MS, 'first');
  held('early', 50);
  held('early', 50);
  held('never', 60);
  expect(joiner.held).toBe(2);
  const slot = joiner.admit('early', 40, 0, WINDOW_MS, 'first');
  expect(joiner.columns.revisions[slot]).toBe(1);
  joiner.giveUpHeld(61);
  expect(joiner.held).toBe(0);
  expect(joiner.counts).toMatchObject({ orphanOutcomes: 1, lateOutcomes: 0 });
  expect(joiner.admit('late', 60, 61, WINDOW_MS, 'first')).toBe(-1);
  joiner.outcome('early', { atMs: 40 + WINDOW_MS + 1, value: 0, revision: 1 }, 61, WINDOW_MS, 'first');
  expect(joiner.columns.value[slot]).toBe(1);
  expect(joiner.counts).toMatchObject({ latePredictions: 1, lateOutcomes: 1 });
});

test('arrival in another order within the allowed lateness gives the same decisions', () => {
  const decisions = (seed: number): readonly string[] => {
    const stage = new Stage();
    stage.feed(version('m', 'a'), version('m', 'b'), policySet('m'));
    const random = xoroshiro128plus(seed);
    const records = [...traffic('m', 300, NOW_MS - 1e6)];
    // Both topics are read on, each record up to 8 places late: 400 ms of 1,000.
    const places = records.map((record, at) => ({ record, place: at + (seed === 0 ? 0 : uniformInt(random, 0, 8)) }));
    stage.feed(...places.sort((a, b) => a.place - b.place).map(({ record }) => record));
    return stage.entries.map(({ decisionId }) => decisionId);
  };
  const inOrder = decisions(0);
  expect(inOrder.length).toBeGreaterThan(6);
  for (let seed = 1; seed <= 10; seed += 1) expect(decisions(seed)).toEqual(inOrder);
});
