import { expect, test } from 'vitest';
import { proposalsOf } from '../src/fairness/advice.ts';
import { addToGap, gapDecomposition, gapFields, gapTerms } from '../src/fairness/gap.ts';
import { FairnessMonitor } from '../src/fairness/monitor.ts';
import { loadFairness, saveFairness } from '../src/fairness/saved-state.ts';
import { seeded } from './random.ts';

/** B scores lower by a fifth, X has 10 events. */
function watched(): { monitor: FairnessMonitor; scores: Map<string, number[]>; labels: Map<string, number[]> } {
  const uniform = seeded(77);
  const monitor = new FairnessMonitor({ attributes: { group: ['A', 'B', 'X'] } });
  const scores = new Map<string, number[]>();
  const labels = new Map<string, number[]>();
  for (let at = 0; at < 4_010; at += 1) {
    const group = at >= 4_000 ? 'X' : at % 2 === 0 ? 'A' : 'B';
    const score = Math.round(100 * (group === 'B' ? 0.8 * uniform() : uniform())) / 100;
    const label = uniform() < score ? 1 : 0;
    monitor.observe({ eventId: `${at}`, values: [group], selected: score >= 0.5, score });
    // What was said first is taken back.
    monitor.label({ eventId: `${at}`, label: 1, revision: 0 });
    monitor.label({ eventId: `${at}`, label, revision: 1 });
    for (const [map, value] of [
      [scores, score],
      [labels, label],
    ] as const)
      map.set(group, [...(map.get(group) ?? []), value]);
  }
  return { monitor, scores, labels };
}

test('thresholds bring each group to the rate of all, as counted on the raw scores; small groups count for nothing', () => {
  const { monitor, scores, labels } = watched();
  const [proposal] = proposalsOf(monitor);
  const all = ['A', 'B'].flatMap((group) => scores.get(group)!);
  const target = all.filter((score) => score >= 0.5).length / all.length;
  expect(proposal!.selectionRate.map(({ group }) => group)).toEqual(['group=A', 'group=B']);
  for (const { group, threshold, rateNow, rate } of proposal!.selectionRate) {
    const own = scores.get(group.slice(6))!;
    const rateAt = (least: number): number => own.filter((score) => score >= least).length / own.length;
    expect(rate).toBeCloseTo(rateAt(threshold), 12);
    expect(rateNow).toBeCloseTo(rateAt(0.5), 12);
    // No other hundredth is nearer.
    for (let edge = 0; edge < 100; edge += 1)
      expect(Math.abs(rate - target)).toBeLessThanOrEqual(Math.abs(rateAt(edge / 100) - target) + 1e-12);
  }
  for (const { group, threshold, rate } of proposal!.truePositiveRate) {
    const own = scores.get(group.slice(6))!.filter((_, at) => labels.get(group.slice(6))![at] === 1);
    expect(rate).toBeCloseTo(own.filter((score) => score >= threshold).length / own.length, 12);
  }
  const [a, b] = proposal!.reweighing;
  const [ones, zeros] = [1, 0].map((label) => (group: string) => labels.get(group)!.filter((y) => y === label).length);
  // Under the weights both groups have the same share of label 1.
  const share = (group: string, weights: typeof a): number =>
    (weights!.labelOne * ones!(group)) / (weights!.labelOne * ones!(group) + weights!.labelZero * zeros!(group));
  expect(share('A', a)).toBeCloseTo(share('B', b), 12);
});

test('saved and loaded, the proposals are the same', () => {
  const { monitor } = watched();
  const bytes = saveFairness(monitor);
  expect(proposalsOf(loadFairness(bytes))).toEqual(proposalsOf(monitor));
});

test('what is shown of the others does not tell of a small group', () => {
  const { monitor, scores } = watched();
  const cell = monitor.report().find(({ group, metric }) => group === 'group=A' && metric === 'selection-rate')!;
  const b = scores.get('B')!;
  expect(cell.othersCount).toBe(b.length);
  expect(cell.othersValue).toBe(b.filter((score) => score >= 0.5).length / b.length);
});

test('sums of a stream give the terms of its rows, and groups add up', () => {
  const uniform = seeded(5);
  const players = 4;
  const fields = gapFields(players);
  const sums = new Float64Array(3 * fields);
  const n = 600;
  const group = Array.from({ length: n }, () => Math.floor(3 * uniform()));
  const phi = Float64Array.from({ length: n * players }, () => uniform() - 0.5);
  const weights = Array.from({ length: n }, () => 1 + 20 * uniform());
  for (let at = 0; at < n; at += 1)
    addToGap(sums, group[at]! * fields, phi.subarray(at * players, (at + 1) * players), weights[at]!);
  const streamed = gapTerms(sums, players, [fields], [0, 2 * fields]);
  const whole = gapDecomposition(
    phi,
    players,
    group.map((each) => each === 1),
    weights,
  );
  for (const [j, { gap, interval }] of streamed.entries()) {
    expect(gap).toBeCloseTo(whole[j]!.gap, 12);
    expect(interval[0]).toBeCloseTo(whole[j]!.interval[0], 12);
  }
  // By definition: the difference of the weighted means.
  const mean = (j: number, a: boolean): number => {
    const rows = [...group.keys()].filter((at) => (group[at] === 1) === a);
    return (
      rows.reduce((sum, at) => sum + weights[at]! * phi[at * players + j]!, 0) /
      rows.reduce((sum, at) => sum + weights[at]!, 0)
    );
  };
  for (const [j, { gap }] of streamed.entries()) expect(gap).toBeCloseTo(mean(j, true) - mean(j, false), 12);
  expect(() => gapTerms(new Float64Array(2 * fields), players, [0], [fields])).toThrow(/rows of both groups/);
});
