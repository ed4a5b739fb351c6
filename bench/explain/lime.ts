/** Gate 14: how stable LIME is over seeds, beside lime of the same rows, and how near to what lime tends to. */
import { discretise } from '../../packages/explain/src/lime/discretiser.ts';
import { LimeExplainer } from '../../packages/explain/src/lime/lime-explainer.ts';
import { predict } from '../../packages/explain/src/model/ensemble.ts';
import { largestDifference } from '../../packages/explain/test/golden.ts';
import { askPeers } from './peers.ts';
import { readModel, readRows } from './trained.ts';
import { gate, mean, median } from './verdicts.ts';

/** Calls at which lime's own coefficients are as good as its limit. */
const LONG_RUN = 200_000;
const LONG_ROWS = 3;

/** @param count rows; @param seeds of each row */
export function lime(folder: string, count: number, seeds: number): void {
  const rows = readRows(folder);
  const ensemble = readModel(folder, 'd');
  const features = discretise(rows.slice(0, 1000));
  const explain = (row: Float64Array, seed: number): number[] => {
    const explainer = new LimeExplainer({ row, features, calls: 4096, seed });
    for (let asked = explainer.next(); asked !== undefined; asked = explainer.next())
      explainer.accept(asked.map((each) => predict(ensemble, each)[0]!));
    return [...explainer.result().attributions];
  };
  const own = rows.slice(-count).map((row) => Array.from({ length: seeds }, (_, seed) => explain(row, seed + 1)));
  const ours = stability(own);
  const peer = askPeers<{ coefficients: number[][][] }>('lime', folder, 'd', String(count), String(seeds), '5000');
  const theirs = peer === undefined ? 'no peer' : `lime at 5,000 calls ${stability(peer.coefficients).shown}`;
  gate(
    '14',
    `LIME at 4,096 calls, model d, ${count} rows x ${seeds} seeds (bar J@3 0.95, CV 0.03, flips 1 %)`,
    `${ours.shown}; ${theirs}`,
    ours.met,
  );
  const again = rows
    .slice(-count)
    .every((row, at) => explain(row, 1).every((each, j) => Object.is(each, own[at]![0]![j])));
  gate('14', 'bit-identical on replay', String(again), again);
  const long = askPeers<{ coefficients: number[][][] }>('lime', folder, 'd', String(LONG_ROWS), '1', String(LONG_RUN));
  if (long === undefined) return gate('14', `coefficients beside lime at ${LONG_RUN} calls`, 'no peer', 'not compared');
  const gaps = long.coefficients.map(([limit], at) => {
    const found = explain(rows[rows.length - LONG_ROWS + at]!, 1);
    return largestDifference(Float64Array.from(found), limit!) / Math.max(...limit!.map(Math.abs));
  });
  gate(
    '14',
    `coefficients beside lime at ${LONG_RUN} calls, ${LONG_ROWS} rows, of the largest (bar 2 %)`,
    `${(100 * Math.max(...gaps)).toFixed(1)} %`,
    Math.max(...gaps) <= 0.02,
  );
}

/** Over seeds, mean over rows: Jaccard index of the top 3, and of the top 5 by mean size the coefficient of variation and flips of sign. */
function stability(coefficients: readonly (readonly (readonly number[])[])[]): { shown: string; met: boolean } {
  const jaccard: number[] = [];
  const variation: number[] = [];
  const flips: number[] = [];
  for (const seeds of coefficients) {
    const tops = seeds.map((each) => new Set(ranking(each).slice(0, 3)));
    for (const [at, top] of tops.entries())
      for (const other of tops.slice(at + 1)) jaccard.push(top.intersection(other).size / top.union(other).size);
    const means = seeds[0]!.map((_, j) => mean(seeds.map((each) => each[j]!)));
    for (const j of ranking(means).slice(0, 5)) {
      const values = seeds.map((each) => each[j]!);
      variation.push(Math.sqrt(mean(values.map((value) => (value - means[j]!) ** 2))) / Math.abs(means[j]!));
      flips.push(mean(values.map((value) => (Math.sign(value) === Math.sign(means[j]!) ? 0 : 1))));
    }
  }
  const [j, cv, flip] = [mean(jaccard), median(variation), mean(flips)];
  return {
    shown: `J@3 ${j.toFixed(2)}, CV ${cv.toFixed(3)}, flips ${(100 * flip).toFixed(1)} %`,
    met: j >= 0.95 && cv <= 0.03 && flip <= 0.01,
  };
}

function ranking(values: readonly number[]): number[] {
  return [...values.keys()].sort((a, b) => Math.abs(values[b]!) - Math.abs(values[a]!));
}
