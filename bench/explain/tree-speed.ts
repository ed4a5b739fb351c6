/** Gates 5 and 6: rows per CPU second beside shap's C code and LightGBM's pred_contrib, on the same models and rows. */
import type { TreeEnsemble } from '../../packages/explain/src/model/ensemble.ts';
import { TreeExplainer } from '../../packages/explain/src/tree/tree-explainer.ts';
import { largestDifference } from '../../packages/explain/test/golden.ts';
import { askPeers } from './peers.ts';
import { readModel, readRows } from './trained.ts';
import { cpuSeconds, gate, median } from './verdicts.ts';

interface PeerAnswer {
  readonly path: { readonly seconds: number; readonly values: number[][] };
  readonly contrib: { readonly seconds: number };
  readonly interventional: { readonly seconds: number; readonly values: number[][] };
}

/** From small to large, and rows that are timed. */
const MODELS = { d: 4_000, a: 4_000, e: 1_000, b: 1_000, c: 1_000 } as const;
/** Rows of the peers. */
const PEER_ROWS = 400;
/** Seconds to build an explainer for a background of 1,000 rows. */
const BUILD_BAR = 2;

/** One thread. */
export function treeSpeed(folder: string): void {
  for (const [model, timed] of Object.entries(MODELS)) compare(folder, model, timed);
}

function compare(folder: string, model: string, timed: number): void {
  const rows = readRows(folder);
  const ensemble = readModel(folder, model);
  const path = new TreeExplainer(ensemble, { game: 'path-dependent' });
  const pathSpeed = speedOf(path, rows, timed);
  const { explainer: both, seconds } = built(ensemble, rows.slice(0, 1_000));
  const bothSpeed = speedOf(both, rows, timed);
  const peer = askPeers<PeerAnswer>('trees', folder, model, String(PEER_ROWS), '1000');
  if (peer === undefined) {
    gate('5', `model ${model}, path-dependent`, shown(pathSpeed), 'not compared');
    gate('6', `model ${model}, interventional`, shown(bothSpeed), 'not compared');
    return;
  }
  // Timings count only when both sides computed the same thing.
  const last = rows.slice(-PEER_ROWS);
  const difference = Math.max(
    ...peer.path.values.map((values, at) => largestDifference(path.explain(last[at]!), values)),
  );
  const gap = Math.max(
    ...peer.interventional.values.map((values, at) => largestDifference(both.explain(last[at]!), values)),
  );
  if (difference > 1e-9 || gap > 1e-5) throw new Error(`model ${model}: values differ by ${difference} and ${gap}`);
  const toShap = pathSpeed.warm * peer.path.seconds;
  const toLightgbm = pathSpeed.warm * peer.contrib.seconds;
  const toBoth = bothSpeed.warm * peer.interventional.seconds;
  gate(
    '5',
    `model ${model}, path-dependent (bar 3x shap C)`,
    `${toShap.toFixed(1)}x shap C, ${toLightgbm.toFixed(1)}x LightGBM; ${shown(pathSpeed)}`,
    toShap >= 3,
  );
  gate(
    '6',
    `model ${model}, interventional, background 1,000 (bar 150x shap C, built in ${BUILD_BAR} s)`,
    `${toBoth.toFixed(0)}x shap C, ${seconds.toFixed(2)} s, difference ${gap.toExponential(1)}; ${shown(bothSpeed)}`,
    toBoth >= 150 && seconds <= BUILD_BAR,
  );
  const large = built(ensemble, rows.slice(0, 10_000));
  const largeSpeed = speedOf(large.explainer, rows, timed);
  gate(
    '6',
    `model ${model}, background 10,000: speed against 1,000 (bar 0.9)`,
    `${(largeSpeed.warm / bothSpeed.warm).toFixed(2)}, built in ${large.seconds.toFixed(2)} s`,
    largeSpeed.warm >= 0.9 * bothSpeed.warm,
  );
}

function built(
  ensemble: TreeEnsemble,
  background: readonly Float64Array[],
): { readonly explainer: TreeExplainer; readonly seconds: number } {
  const explainers: TreeExplainer[] = [];
  const seconds = cpuSeconds(
    () => void explainers.push(new TreeExplainer(ensemble, { game: 'interventional', background })),
  );
  return { explainer: explainers[0] as TreeExplainer, seconds };
}

/** Rows per CPU second: the first time, when the same rows come again, and of rows that were not seen before by an explainer that is warm. */
interface Speed {
  readonly cold: number;
  readonly warm: number;
  readonly unseen: number;
}

function speedOf(explainer: TreeExplainer, rows: readonly Float64Array[], count: number): Speed {
  const timed = rows.slice(-count);
  const perSecond = (some: readonly Float64Array[]): number =>
    count / cpuSeconds(() => void explainer.explainAll(some));
  const cold = perSecond(timed);
  const warm = median(Array.from({ length: 5 }, () => perSecond(timed)));
  return { cold, warm, unseen: perSecond(rows.slice(2000, 2000 + count)) };
}

function shown({ cold, warm, unseen }: Speed): string {
  return `${warm.toFixed(0)} rows/s warm, ${cold.toFixed(0)} cold, ${unseen.toFixed(0)} never seen`;
}
