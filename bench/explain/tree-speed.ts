/** Gates 5 and 6: rows per CPU second beside shap's C code and LightGBM's pred_contrib, on the same models and rows. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseLightgbmText } from '../../packages/explain/src/model/lightgbm-text.ts';
import { TreeExplainer } from '../../packages/explain/src/tree/tree-explainer.ts';
import { largestDifference } from '../../packages/explain/test/golden.ts';
import { askPeers } from './peers.ts';
import { cpuSeconds, gate, median } from './verdicts.ts';

interface PeerAnswer {
  readonly path: { readonly seconds: number; readonly values: number[][] };
  readonly contrib: { readonly seconds: number };
  readonly interventional: { readonly seconds: number; readonly values: number[][] };
}

/** Of Adult, or of rows like it. */
const FEATURES = 12;

/** What `treeSpeed` and others read from the folder; nothing where the peers are not installed. */
export function trainModels(folder: string): void {
  const trained = askPeers<{ data: string }>('train', folder);
  if (trained !== undefined) process.stdout.write(`models trained on ${trained.data}\n`);
}

/** Rows per CPU second, one thread. */
export function treeSpeed(folder: string): void {
  if (!existsSync(join(folder, 'a.txt'))) {
    gate('5', 'path-dependent speed', 'no peer and no model', 'not compared');
    gate('6', 'interventional speed', 'no peer and no model', 'not compared');
    return;
  }
  for (const model of ['d', 'a']) compare(folder, model, FEATURES);
}

function compare(folder: string, model: string, features: number): void {
  const bytes = readFileSync(join(folder, 'rows.f64'));
  const flat = new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  const rows = Array.from({ length: flat.length / features }, (_, at) =>
    flat.subarray(at * features, (at + 1) * features),
  );
  const ensemble = parseLightgbmText(readFileSync(join(folder, `${model}.txt`), 'utf8'));
  const background = rows.slice(0, 1000);
  const timed = rows.slice(-4000);
  const speed = (explainer: TreeExplainer): { cold: number; warm: number; unseen: number } => {
    const cold = cpuSeconds(() => explainer.explainAll(timed));
    const warm = median(Array.from({ length: 5 }, () => cpuSeconds(() => explainer.explainAll(timed))));
    const unseen = cpuSeconds(() => explainer.explainAll(rows.slice(2000, 6000)));
    return { cold: timed.length / cold, warm: timed.length / warm, unseen: 4000 / unseen };
  };
  const path = new TreeExplainer(ensemble, { game: 'path-dependent' });
  const pathSpeed = speed(path);
  const both = new TreeExplainer(ensemble, { game: 'interventional', background });
  const bothSpeed = speed(both);
  const peer = askPeers<PeerAnswer>('trees', folder, model, '400', '1000');
  if (peer === undefined) {
    gate('5', `model ${model}, path-dependent`, `${pathSpeed.warm.toFixed(0)} rows/s`, 'not compared');
    gate('6', `model ${model}, interventional`, `${bothSpeed.warm.toFixed(0)} rows/s`, 'not compared');
    return;
  }
  // Timings count only when both sides computed the same thing.
  const last = rows.slice(-400);
  const difference = Math.max(
    ...peer.path.values.map((values, at) => largestDifference(path.explain(last[at]!), values)),
  );
  const gap = Math.max(
    ...peer.interventional.values.map((values, at) => largestDifference(both.explain(last[at]!), values)),
  );
  if (difference > 1e-9 || gap > 1e-5) throw new Error(`model ${model}: values differ by ${difference} and ${gap}`);
  const shown = (s: typeof pathSpeed): string =>
    `${s.warm.toFixed(0)} warm, ${s.cold.toFixed(0)} cold, ${s.unseen.toFixed(0)} never seen`;
  const toShap = pathSpeed.warm * peer.path.seconds;
  const toLightgbm = pathSpeed.warm * peer.contrib.seconds;
  const toBoth = bothSpeed.warm * peer.interventional.seconds;
  gate(
    '5',
    `model ${model}, path-dependent (bar 3x shap C)`,
    `${shown(pathSpeed)}; ${toShap.toFixed(1)}x shap C, ${toLightgbm.toFixed(1)}x LightGBM`,
    toShap >= 3,
  );
  gate(
    '6',
    `model ${model}, interventional, background 1,000 (bar 150x shap C)`,
    `${shown(bothSpeed)}; ${toBoth.toFixed(0)}x shap C`,
    toBoth >= 150,
  );
  const built = cpuSeconds(
    () => new TreeExplainer(ensemble, { game: 'interventional', background: rows.slice(0, 10_000) }),
  );
  const ten = new TreeExplainer(ensemble, { game: 'interventional', background: rows.slice(0, 10_000) });
  const tenSpeed = speed(ten);
  gate(
    '6',
    `model ${model}, background 10,000: speed against 1,000 (bar 0.9)`,
    `${(tenSpeed.warm / bothSpeed.warm).toFixed(2)}, built in ${built.toFixed(2)} s`,
    tenSpeed.warm >= 0.9 * bothSpeed.warm,
  );
}
