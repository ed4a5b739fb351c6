/** Gate 15 on Adult as a log: importance from samples of the sampler that the service uses, with a priority that knows the odd rows. */
import { addToHajek, emptyHajek, hajekEstimates } from '../../packages/explain/src/sampling/hajek.ts';
import { weightOf } from '../../packages/explain/src/sampling/inclusion.ts';
import { TreeExplainer } from '../../packages/explain/src/tree/tree-explainer.ts';
import { seeded } from '../../packages/explain/test/random.ts';
import { SAMPLER_DEFAULTS } from '../../services/explanation-sampler/src/config.ts';
import { newSampler } from '../../services/explanation-sampler/src/state.ts';
import { FEATURES, readModel, readRows } from './trained.ts';
import { gate, mean } from './verdicts.ts';

/** Of event time, whatever the number of rows. */
const SECONDS = 1_000;
/** Columns whose importance is estimated: the largest. */
const TOP = 5;
/** From this rank of oddness on an event is an anomaly. */
const ANOMALY = 0.99;

/** How events are weighed, by the rank of their oddness in (0, 1]. */
type Weighing = (rank: number) => { readonly weight: number; readonly mandatory?: boolean };
const UNIFORM: Weighing = () => ({ weight: 1 });
const PRIORITY: Weighing = (rank) => ({
  weight: weightOf(0.25, [{ weight: 0.75, signal: isOdd(rank) ? 1 : 0.2 * rank }]),
});
const MANDATORY: Weighing = (rank) => ({ weight: 1, mandatory: isOdd(rank) });

function isOdd(rank: number): boolean {
  return rank > ANOMALY;
}

interface Log {
  /** Per row: sizes of the attributions of the top columns. */
  readonly sizes: readonly Float64Array[];
  readonly ranks: Float64Array;
  /** What is estimated. */
  readonly truth: readonly number[];
}

interface Found {
  readonly taken: number;
  /** Largest over the columns. */
  readonly bias: number;
  readonly plainBias: number;
  /** Root mean square relative error, mean over the columns. */
  readonly error: number;
  readonly coverage: number;
  /** Share of the anomalies that were explained. */
  readonly anomalies: number;
}

export function sampledLog(folder: string, replications: number): void {
  const log = logOf(folder);
  const uniformErrors: number[] = [];
  for (const [explanations, low, high] of [
    [300, 0.93, 0.97],
    [1_000, 0.94, 0.96],
  ] as const) {
    const uniform = sample(log, explanations, UNIFORM, replications);
    const found = sample(log, explanations, PRIORITY, replications);
    const what = `Adult as a log, ${replications} replications of about ${found.taken.toFixed(0)} explanations, odd rows preferred`;
    const ratio = found.error / uniform.error;
    uniformErrors.push(uniform.error);
    gate(
      '15',
      `${what}: bias (bar 1 %), error beside a uniform sample (bar 1.1)`,
      `${percent(found.bias)}, of a plain average ${percent(found.plainBias)}; ${ratio.toFixed(2)}`,
      found.bias <= 0.01 && ratio <= 1.1,
    );
    gate(
      '15',
      `${what}: coverage (bar ${100 * low}–${100 * high} %)`,
      percent(found.coverage),
      found.coverage >= low && found.coverage <= high,
    );
  }
  const all = sample(log, 1_000, MANDATORY, replications);
  gate(
    '15',
    `the oddest 1 % mandatory, ${all.taken.toFixed(0)} explanations: share of them that is explained (bar 95 %)`,
    `${percent(all.anomalies)}; error ${(all.error / uniformErrors.at(-1)!).toFixed(2)} of a uniform sample, bias ${percent(all.bias)}`,
    all.anomalies >= 0.95,
  );
}

function logOf(folder: string): Log {
  const rows = readRows(folder);
  const phi = new TreeExplainer(readModel(folder, 'd'), { game: 'path-dependent' }).explainAll(rows);
  const size = (row: number, j: number): number => Math.abs(phi[row * FEATURES + j]!);
  const importance = Array.from({ length: FEATURES }, (_, j) => mean(rows.map((_row, at) => size(at, j))));
  const top = [...importance.keys()].sort((a, b) => importance[b]! - importance[a]!).slice(0, TOP);
  return {
    sizes: rows.map((_, at) => Float64Array.from(top, (j) => size(at, j))),
    ranks: oddness(rows),
    truth: top.map((j) => importance[j]!),
  };
}

/** Rank of the sum of squared z-scores, in (0, 1]. */
function oddness(rows: readonly Float64Array[]): Float64Array {
  const scores = new Float64Array(rows.length);
  for (let j = 0; j < FEATURES; j += 1) {
    const centre = mean(rows.map((row) => row[j]!));
    const variance = mean(rows.map((row) => (row[j]! - centre) ** 2));
    for (const [at, row] of rows.entries()) scores[at]! += (row[j]! - centre) ** 2 / variance;
  }
  const ranks = new Float64Array(rows.length);
  const order = [...scores.keys()].sort((a, b) => scores[a]! - scores[b]!);
  for (const [place, at] of order.entries()) ranks[at] = (place + 1) / rows.length;
  return ranks;
}

function sample({ sizes, ranks, truth }: Log, explanations: number, weigh: Weighing, replications: number): Found {
  const n = sizes.length;
  const bias = new Float64Array(TOP);
  const plainBias = new Float64Array(TOP);
  const squares = new Float64Array(TOP);
  let [taken, covered, anomalies] = [0, 0, 0];
  for (let round = 0; round < replications; round += 1) {
    const uniform = seeded(150_000 + round);
    const sampler = newSampler({ ...SAMPLER_DEFAULTS, budgetPerSecond: explanations / SECONDS });
    const state = emptyHajek(TOP);
    const plain = new Float64Array(TOP);
    for (let at = 0; at < n; at += 1) {
      const candidate = { hash: uniform(), eventTimeMs: (at * 1_000 * SECONDS) / n, ...weigh(ranks[at]!) };
      const choice = sampler.choose(candidate);
      if (!choice.taken) continue;
      addToHajek(state, sizes[at]!, choice.inclusionProbability);
      for (let j = 0; j < TOP; j += 1) plain[j]! += sizes[at]![j]!;
      if (isOdd(ranks[at]!)) anomalies += 1;
    }
    taken += state.count;
    for (const [j, { mean: found, interval }] of hajekEstimates(state).entries()) {
      const relative = found / truth[j]! - 1;
      bias[j]! += relative / replications;
      squares[j]! += relative ** 2 / replications;
      plainBias[j]! += (plain[j]! / state.count / truth[j]! - 1) / replications;
      if (interval[0] <= truth[j]! && truth[j]! <= interval[1]) covered += 1;
    }
  }
  return {
    taken: taken / replications,
    bias: Math.max(...bias.map(Math.abs)),
    plainBias: Math.max(...plainBias.map(Math.abs)),
    error: mean([...squares].map(Math.sqrt)),
    coverage: covered / replications / TOP,
    anomalies: anomalies / replications / ranks.filter(isOdd).length,
  };
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
