/** Gate 10: error of Kernel SHAP beside shap's at equal coalitions, on games whose exact values are known. Gate 12: coverage of the intervals. */
import { KernelExplainer } from '../../packages/explain/src/kernel/kernel-explainer.ts';
import { playersOf } from '../../packages/explain/src/model/players.ts';
import { seeded } from '../../packages/explain/test/random.ts';
import { exact, type Game, gameOf, network, type PeerGame } from './kernel-games.ts';
import { askPeers } from './peers.ts';
import { gate, median } from './verdicts.ts';

/** Coalitions as a multiple of the columns → largest share of shap's median error. */
const BARS = { 2: 0.4, 4: 0.5, 8: 0.45, 16: 0.5 } as const;
const P95_BAR = 0.5;
/** Relative error of a model without interactions, which both tools must find exactly. */
const EXACT = 1e-9;

/** @param count rows of each game */
export function kernelError(folder: string, count: number): void {
  const answer = askPeers<{ readonly games: readonly PeerGame[] }>('kernel', folder, String(count));
  if (answer === undefined) {
    gate('10', 'Kernel SHAP error at equal coalitions', 'no peer', 'not compared');
    return;
  }
  for (const peer of answer.games) {
    const game = gameOf(folder, peer);
    for (const [multiple, bar] of Object.entries(BARS)) {
      const own = errorsOf(game, Number(multiple) * game.rows[0]!.length);
      const theirs = peer.kernel[multiple]!.map((phi, at) => relative(phi, game.truths[at]!));
      compare(`${game.name}, ${count} rows, ${multiple}M coalitions`, own, theirs, bar);
    }
  }
}

function compare(what: string, own: readonly number[], theirs: readonly number[], bar: number): void {
  const finite = own.every(Number.isFinite);
  const [ours, shap] = [median(own), median(theirs)];
  if (Math.max(...own) <= EXACT) {
    gate(
      '10',
      `${what} (bar exact: no interactions)`,
      `${ours.toExponential(1)}; shap ${shap.toExponential(1)}`,
      finite,
    );
    return;
  }
  const p95 = (errors: readonly number[]): number =>
    errors.toSorted((a, b) => a - b)[Math.floor(0.95 * errors.length)]!;
  const [ratio, high] = [ours / shap, p95(own) / p95(theirs)];
  gate(
    '10',
    `${what} (bar ${bar} of shap Kernel, p95 ${P95_BAR})`,
    `${ratio.toFixed(2)}, p95 ${high.toFixed(2)}; shap ${shap.toFixed(4)}`,
    finite && ratio <= bar && high <= P95_BAR,
  );
}

function errorsOf({ model, rows, background, truths }: Game, maxCoalitions: number): number[] {
  const players = playersOf(Array.from({ length: rows[0]!.length }, (_, j) => `f${j}`));
  const backgroundPredictions = background.map(model);
  return rows.map((row, at) => {
    const options = {
      row,
      prediction: model(row),
      background,
      backgroundPredictions,
      players,
      maxCoalitions,
      rowsPerPair: 'all' as const,
    };
    const explainer = new KernelExplainer(options, seeded(at));
    for (let batch = explainer.next(); batch !== undefined; batch = explainer.next())
      explainer.accept(batch.map(model));
    return relative(explainer.result().attributions, truths[at]!);
  });
}

/** Of the Euclidean norms. */
export function relative(found: ArrayLike<number>, truth: Float64Array): number {
  let error = 0;
  let size = 0;
  for (let i = 0; i < truth.length; i += 1) {
    error += (found[i]! - truth[i]!) ** 2;
    size += truth[i]! ** 2;
  }
  return Math.sqrt(error / size);
}

export function kernelCoverage(): void {
  const M = 8;
  const uniform = seeded(12);
  const draw = (): Float64Array => Float64Array.from({ length: M }, () => 2 * uniform() - 1);
  const background = Array.from({ length: 40 }, draw);
  const players = playersOf(Array.from({ length: M }, (_, j) => `f${j}`));
  const weights = Array.from({ length: 6 }, () => Array.from({ length: M + 1 }, () => 3 * uniform() - 1.5));
  const model = network({
    hidden: weights.map((row) => row.slice(0, M)),
    bias: weights.map((row) => row[M]!),
    out: [1, -1, 1, -1, 1, -1],
  });
  let covered = 0;
  const rounds = 625;
  for (let round = 0; round < rounds; round += 1) {
    const row = draw();
    const truth = exact(model, row, background);
    const options = {
      row,
      prediction: model(row),
      background,
      backgroundPredictions: background.map(model),
      players,
      maxCoalitions: 96,
      rowsPerPair: 10,
    };
    const explainer = new KernelExplainer(options, seeded(90_000 + round));
    for (let batch = explainer.next(); batch !== undefined; batch = explainer.next())
      explainer.accept(batch.map(model));
    for (const [i, [low, high]] of explainer.result().intervals.entries())
      if (low <= truth[i]! && truth[i]! <= high) covered += 1;
  }
  const share = covered / (rounds * M);
  gate(
    '12',
    `95 % intervals over ${rounds * M} (row, feature) (bar 93–97 %)`,
    `${(share * 100).toFixed(1)} %`,
    share >= 0.93 && share <= 0.97,
  );
}
