import { logGamma } from '@weir/stats/log-gamma';
import { expect, test } from 'vitest';
import { rateSequence } from '../src/fairness/confidence-sequence.ts';
import { eBenjaminiHochberg } from '../src/fairness/e-bh.ts';
import { gapDecomposition } from '../src/fairness/gap.ts';
import { proposeThresholds, reweighing } from '../src/fairness/mitigation.ts';
import { FairnessMonitor } from '../src/fairness/monitor.ts';
import { loadFairness, saveFairness } from '../src/fairness/saved-state.ts';
import { shuffle } from '../src/random.ts';
import { seeded } from './random.ts';

const attributes = { sex: ['F', 'M'], race: ['A', 'B'] };
interface Event {
  readonly eventId: string;
  readonly values: readonly string[];
  readonly selected: boolean;
  readonly score: number;
  readonly label: 0 | 1;
}

function events(count: number, seed: number): Event[] {
  const uniform = seeded(seed);
  return Array.from({ length: count }, (_, at) => {
    const values = [uniform() < 0.4 ? 'F' : 'M', uniform() < 0.3 ? 'A' : 'B'];
    const score = uniform();
    return { eventId: `e${at}`, values, selected: score > 0.5, score, label: uniform() < score ? 1 : 0 };
  });
}

test('all labels in: rates, calibration and Brier score equal the batch formulas, whatever the order, duplicates and revisions', () => {
  for (let round = 0; round < 20; round += 1) {
    const stream = events(300, round);
    const uniform = seeded(1000 + round);
    const monitor = new FairnessMonitor({ attributes });
    const actions = stream.flatMap((event) => [
      () => monitor.observe(event),
      () => monitor.label({ eventId: event.eventId, label: event.label, revision: 2 }),
      () => monitor.label({ eventId: event.eventId, label: uniform() < 0.5 ? 1 : 0, revision: 1 }),
      () => monitor.label({ eventId: event.eventId, label: event.label, revision: 2 }),
    ]);
    for (const action of shuffle(actions, uniform)) action();
    for (const { group, metric, value, bounds } of monitor.report()) {
      const own = stream.filter(({ values }) =>
        group.split(', ').every((part) => values.includes(part.split('=')[1]!)),
      );
      const [of, positives] = {
        'selection-rate': [own, (e: Event) => e.selected],
        'true-positive-rate': [own.filter((e) => e.label === 1), (e: Event) => e.selected],
        'false-positive-rate': [own.filter((e) => e.label === 0), (e: Event) => e.selected],
        'positive-predictive-value': [own.filter((e) => e.selected), (e: Event) => e.label === 1],
        'over-estimation': [own, (e: Event) => e.label - e.score],
        'under-estimation': [own, (e: Event) => e.label - e.score],
      }[metric] as [Event[], (e: Event) => number | boolean];
      const expected = of.reduce((sum, e) => sum + Number(positives(e)), 0) / of.length;
      expect(Math.abs((value ?? expected) - expected), `${group} ${metric}`).toBeLessThan(1e-12);
      expect(Math.abs((bounds?.[0] ?? expected) - (bounds?.[1] ?? expected))).toBeLessThan(1e-12);
    }
    const women = stream.filter(({ values }) => values[0] === 'F');
    const brier = women.reduce((sum, e) => sum + (e.label - e.score) ** 2, 0) / women.length;
    expect(Math.abs(monitor.calibrationOf('sex=F').brier - brier)).toBeLessThan(1e-12);
  }
});

test('before labels are in, bounds hold the final value', () => {
  const stream = events(400, 5);
  const monitor = new FairnessMonitor({ attributes });
  for (const event of stream) monitor.observe(event);
  for (const event of stream.slice(0, 250)) monitor.label({ ...event, revision: 0 });
  const before = monitor.report();
  for (const event of stream.slice(250)) monitor.label({ ...event, revision: 0 });
  const held = monitor.report().filter(({ value }, at) => {
    const [low, high] = before[at]!.bounds ?? [-1, 1];
    return value === undefined || (value >= low && value <= high);
  });
  expect(held.length).toBe(before.length);
});

test('saved and loaded at any point, the monitor goes on as if it had never stopped; a changed bit is detected', () => {
  const stream = events(300, 8);
  const feed = (monitor: FairnessMonitor, from: number, to: number): void => {
    for (const [at, event] of stream.slice(from, to).entries()) {
      monitor.observe(event);
      const earlier = stream[from + at - 40];
      if (earlier !== undefined) monitor.label({ ...earlier, revision: 0 });
    }
  };
  const whole = new FairnessMonitor({ attributes });
  feed(whole, 0, 300);
  for (const cut of [0, 1, 39, 150, 299]) {
    const first = new FairnessMonitor({ attributes });
    feed(first, 0, cut);
    const second = loadFairness(saveFairness(first));
    feed(second, cut, 300);
    expect(saveFairness(second)).toEqual(saveFairness(whole));
  }
  const bytes = saveFairness(whole);
  for (let at = 0; at < bytes.length; at += Math.ceil(bytes.length / 200)) {
    const changed = bytes.slice();
    changed[at]! ^= 1 << (at % 8);
    expect(() => loadFairness(changed)).toThrow(/state/);
  }
});

test('a stream that is fair by sex and by race but not by both raises an alarm for the intersections', () => {
  const uniform = seeded(3);
  const monitor = new FairnessMonitor({ attributes });
  for (let at = 0; at < 20_000; at += 1) {
    const [f, a] = [uniform() < 0.5, uniform() < 0.5];
    monitor.observe({
      eventId: `${at}`,
      values: [f ? 'F' : 'M', a ? 'A' : 'B'],
      selected: uniform() < (f === a ? 0.2 : 0.4),
    });
  }
  const alarmed = monitor.report().filter(({ status }) => status === 'alarm');
  expect(alarmed.map(({ group }) => group)).toEqual(['sex=F, race=A', 'sex=M, race=B']);
});

test('a group below the minimum size is neither shown nor alarmed on; unknown values are counted', () => {
  const monitor = new FairnessMonitor({ attributes: { sex: ['F', 'M'] } });
  for (let at = 0; at < 500; at += 1)
    monitor.observe({ eventId: `${at}`, values: [at < 19 ? 'F' : at < 40 ? undefined : 'M'], selected: at >= 40 });
  const cell = monitor.report().find(({ group, metric }) => group === 'sex=F' && metric === 'selection-rate')!;
  expect(cell.status).toBe('warming-up');
  expect(cell.value).toBeUndefined();
  expect(monitor.unknown[0]).toBe(21);
});

test('a confidence sequence holds the rate at every time in at least 95 % of streams', () => {
  let failed = 0;
  for (let round = 0; round < 300; round += 1) {
    const uniform = seeded(round);
    let positives = 0;
    let outside = false;
    for (let n = 1; n <= 1000; n += 1) {
      if (uniform() < 0.2) positives += 1;
      // Every time early on, then often enough.
      if (n > 50 && n % 25 !== 0) continue;
      const [low, high] = rateSequence(positives, n, 0.05);
      outside ||= low > 0.2 || high < 0.2;
    }
    if (outside) failed += 1;
  }
  // 5 % and three standard errors.
  expect(failed).toBeLessThanOrEqual(15 + 3 * Math.sqrt(300 * 0.05 * 0.95));
  const [low, high] = rateSequence(200, 1000, 0.05);
  expect(high - low).toBeLessThan(0.1);
});

test('log gamma, e-BH, reweighing and thresholds by hand', () => {
  expect(Math.abs(logGamma(0.5) - Math.log(Math.PI) / 2)).toBeLessThan(1e-13);
  expect(Math.abs(logGamma(11) - Math.log(3_628_800))).toBeLessThan(1e-12);
  expect(eBenjaminiHochberg([Math.log(26), Math.log(50), 0, Math.log(41)], 0.05)).toEqual([1, 3]);
  expect(
    reweighing([
      [30, 10],
      [30, 30],
    ]),
  ).toEqual([
    [0.8, 1.6],
    [1.2, 0.8],
  ]);
  const proposal = proposeThresholds(
    [{ scores: [0.1, 0.2, 0.3, 0.4] }, { scores: [0.5, 0.6, 0.7, 0.8] }],
    'selection-rate',
    0.5,
  );
  expect(proposal).toEqual({ thresholds: [0.3, 0.7], rates: [0.5, 0.5] });
});

test('gap terms sum to the score gap and name the proxy', () => {
  const uniform = seeded(21);
  const n = 500;
  const inA = Array.from({ length: n }, () => uniform() < 0.5);
  // sex has no weight; the proxy carries it.
  const phi = new Float64Array(n * 3);
  for (let at = 0; at < n; at += 1) phi.set([0, inA[at]! ? uniform() : uniform() - 1, uniform()], at * 3);
  const terms = gapDecomposition(phi, 3, inA);
  const score = (a: boolean): number => {
    const rows = [...inA.keys()].filter((at) => inA[at] === a);
    return rows.reduce((sum, at) => sum + phi[at * 3]! + phi[at * 3 + 1]! + phi[at * 3 + 2]!, 0) / rows.length;
  };
  expect(Math.abs(terms.reduce((sum, { gap }) => sum + gap, 0) - (score(true) - score(false)))).toBeLessThan(1e-9);
  expect(terms[0]!.gap).toBe(0);
  expect(terms[1]!.interval[0]).toBeGreaterThan(0.9);
});
