/** Gates 19 (delayed labels, fairlearn as the batch oracle), 20 (gap terms), 21 (throughput). */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gapDecomposition } from '../../packages/explain/src/fairness/gap.ts';
import { FairnessMonitor } from '../../packages/explain/src/fairness/monitor.ts';
import { shuffle } from '../../packages/explain/src/random.ts';
import { seeded } from '../../packages/explain/test/random.ts';
import { askPeers } from './peers.ts';
import { cpuSeconds, gate } from './verdicts.ts';

interface Event {
  readonly eventId: string;
  readonly values: readonly string[];
  readonly selected: boolean;
  readonly score: number;
  readonly label: 0 | 1;
}

function eventsOf(count: number, seed: number): Event[] {
  const uniform = seeded(seed);
  return Array.from({ length: count }, (_, at) => {
    const score = uniform();
    return {
      eventId: `${at}`,
      values: ['ABCD'[Math.floor(4 * uniform())]!],
      selected: score > 0.5,
      score,
      label: uniform() < score ? 1 : 0,
    };
  });
}

const attributes = { group: ['A', 'B', 'C', 'D'] };

export function delayedLabels(folder: string): void {
  const events = eventsOf(2000, 19);
  const rates = (monitor: FairnessMonitor): string =>
    JSON.stringify(
      monitor.report().map(({ group, metric, count, value }) => [group, metric, count, value?.toFixed(12)]),
    );
  let first = '';
  let same = 0;
  const shuffles = 1000;
  for (let round = 0; round < shuffles; round += 1) {
    const uniform = seeded(round);
    const monitor = new FairnessMonitor({ attributes });
    const actions = events.flatMap((event) => [
      () => monitor.observe(event),
      () => monitor.label({ ...event, revision: 1 }),
      () => monitor.label({ ...event, revision: 1 }),
      () => monitor.label({ ...event, label: uniform() < 0.5 ? 0 : 1, revision: 0 }),
    ]);
    for (const action of shuffle(actions, uniform)) action();
    first ||= rates(monitor);
    if (rates(monitor) === first) same += 1;
  }
  gate(
    '19',
    `${shuffles} shuffles with duplicates and revisions give the same rates to 1e-12`,
    `${same}`,
    same === shuffles,
  );
  writeFileSync(
    join(folder, 'fairness.json'),
    JSON.stringify({
      label: events.map(({ label }) => label),
      selected: events.map(({ selected }) => Number(selected)),
      group: events.map(({ values }) => values[0]),
    }),
  );
  const peer = askPeers<{ rates: Record<string, Record<string, number>> }>('fairness', folder);
  if (peer === undefined) {
    gate('19', 'rates of fairlearn', 'no peer', 'not compared');
    return;
  }
  const monitor = new FairnessMonitor({ attributes });
  for (const event of events) monitor.observe(event);
  for (const event of events) monitor.label({ ...event, revision: 0 });
  let worst = 0;
  for (const { group, metric, value } of monitor.report()) {
    const expected = peer.rates[metric]?.[group.slice('group='.length)];
    if (expected !== undefined) worst = Math.max(worst, Math.abs((value ?? Number.NaN) - expected));
  }
  gate(
    '19',
    'largest difference to fairlearn, four rates of four groups (bar 1e-12)',
    worst.toExponential(1),
    worst <= 1e-12,
  );
}

/** Generated explanations of two groups, drawn with unequal probabilities that depend on the attributions; the gap of one column is known. */
export function gapTerms(): void {
  const uniform = seeded(20);
  const players = 3;
  let covered = 0;
  let worst = 0;
  const rounds = 1000;
  for (let round = 0; round < rounds; round += 1) {
    const inA: boolean[] = [];
    const phi: number[] = [];
    const weights: number[] = [];
    for (let at = 0; at < 2000; at += 1) {
      const a = uniform() < 0.4;
      const row = [uniform(), (a ? 0.5 : 0) + uniform(), uniform()];
      const probability = 0.05 + 0.15 * row[1]!;
      if (uniform() >= probability) continue;
      inA.push(a);
      phi.push(...row);
      weights.push(1 / probability);
    }
    const terms = gapDecomposition(Float64Array.from(phi), players, inA, weights);
    const mean = (a: boolean): number => {
      let [sum, total] = [0, 0];
      for (const [at, each] of inA.entries()) {
        if (each !== a) continue;
        total += weights[at]!;
        for (let j = 0; j < players; j += 1) sum += weights[at]! * phi[at * players + j]!;
      }
      return sum / total;
    };
    worst = Math.max(worst, Math.abs(terms.reduce((sum, { gap }) => sum + gap, 0) - (mean(true) - mean(false))));
    const [low, high] = terms[1]!.interval;
    if (low <= 0.5 && 0.5 <= high) covered += 1;
  }
  gate('20', 'gap terms sum to the score gap (bar 1e-9)', worst.toExponential(1), worst <= 1e-9);
  gate(
    '20',
    'coverage of a known gap over weighted samples of about 300 (bar 93–97 %)',
    `${((100 * covered) / rounds).toFixed(1)} %`,
    covered >= 0.93 * rounds && covered <= 0.97 * rounds,
  );
}

export function throughput(): void {
  const events = eventsOf(1_000_000, 21);
  const monitor = new FairnessMonitor({ attributes, maxPending: 10_000 });
  const warm = new FairnessMonitor({ attributes, maxPending: 10_000 });
  for (const event of events.slice(0, 100_000)) {
    warm.observe(event);
    warm.label({ ...event, revision: 0 });
  }
  const labels = events.map(({ eventId, label }) => ({ eventId, label, revision: 0 }));
  // A decision and a label are two events of the stream.
  const seconds = cpuSeconds(() => {
    for (let at = 0; at < events.length; at += 1) {
      monitor.observe(events[at]!);
      if (at >= 100) monitor.label(labels[at - 100]!);
    }
  });
  const rate = (2 * events.length) / seconds;
  gate(
    '21',
    '4 groups x 6 metrics, decisions and labels, events per CPU second (bar 1,000,000)',
    rate.toFixed(0),
    rate >= 1e6,
  );
}
