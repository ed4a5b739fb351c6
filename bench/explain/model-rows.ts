/** Gate 11: error of Kernel SHAP at equal model rows, against the exact values for a background of 10,000 rows. */
import { KernelExplainer } from '../../packages/explain/src/kernel/kernel-explainer.ts';
import { margins } from '../../packages/explain/src/model/ensemble.ts';
import { playersOf } from '../../packages/explain/src/model/players.ts';
import { TreeExplainer } from '../../packages/explain/src/tree/tree-explainer.ts';
import { seeded } from '../../packages/explain/test/random.ts';
import { relative } from './kernel.ts';
import { askPeers } from './peers.ts';
import { readModel, readRows } from './trained.ts';
import { gate, median } from './verdicts.ts';

const POPULATION = 10_000;
const MODEL_ROWS = 9_600;
const ROWS_PER_PAIR = 10;

interface Peer {
  /** Per row. */
  readonly sampled: number[][];
  readonly kmeans: number[][];
}

/** @param count rows that are explained */
export function equalModelRows(folder: string, count: number): void {
  const peer = askPeers<Peer>('kernel-rows', folder, String(count));
  if (peer === undefined) return gate('11', 'Kernel SHAP error at equal model rows', 'no peer', 'not compared');
  const rows = readRows(folder);
  const ensemble = readModel(folder, 'd');
  const model = (row: Float64Array): number => margins(ensemble, row)[0]!;
  const background = rows.slice(0, POPULATION);
  const exact = new TreeExplainer(ensemble, { game: 'interventional', background });
  // What the model answered to the population stands in its log.
  const backgroundPredictions = background.map(model);
  const explained = rows.slice(-count);
  const truths = explained.map((row) => exact.explain(row));
  const players = playersOf(ensemble.featureNames);
  let most = 0;
  const own = explained.map((row, at) => {
    const explainer = new KernelExplainer(
      {
        row,
        prediction: model(row),
        background,
        backgroundPredictions,
        players,
        maxCoalitions: MODEL_ROWS / ROWS_PER_PAIR,
        rowsPerPair: ROWS_PER_PAIR,
      },
      seeded(1100 + at),
    );
    for (let asked = explainer.next(); asked !== undefined; asked = explainer.next())
      explainer.accept(asked.map(model));
    const { attributions, modelRows } = explainer.result();
    most = Math.max(most, modelRows);
    return relative(attributions, truths[at]!);
  });
  const errors = (found: readonly number[][]): number => median(found.map((phi, at) => relative(phi, truths[at]!)));
  const ours = median(own);
  for (const [name, theirs, bar] of [
    ['100 rows sampled for each', errors(peer.sampled), 0.35],
    ['kmeans(10)', errors(peer.kmeans), 0.08],
  ] as const)
    gate(
      '11',
      `model d, ${count} rows, at most ${most} model rows, population of ${POPULATION} (bar ${bar} of shap Kernel with ${name})`,
      `${(ours / theirs).toFixed(2)}; ours ${ours.toFixed(4)}, shap ${theirs.toFixed(4)}`,
      most <= MODEL_ROWS && ours / theirs <= bar,
    );
}
