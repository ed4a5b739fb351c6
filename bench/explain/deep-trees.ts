/** Gate 8: trees of 255 leaves and some 30 levels beside shap's C code. */
import { TreeExplainer } from '../../packages/explain/src/tree/tree-explainer.ts';
import { largestDifference } from '../../packages/explain/test/golden.ts';
import { askPeers } from './peers.ts';
import { readModel, readRows } from './trained.ts';
import { cpuSeconds, gate } from './verdicts.ts';

export function deepTrees(folder: string): void {
  const rows = readRows(folder);
  const explainer = new TreeExplainer(readModel(folder, 'f'), { game: 'path-dependent' });
  const timed = rows.slice(-100);
  const speed = timed.length / cpuSeconds(() => explainer.explainAll(timed));
  const peer = askPeers<{ path: { seconds: number; values: number[][] } }>('trees', folder, 'f', '40', '100');
  const shown = `${speed.toFixed(0)} rows/s`;
  if (peer === undefined) return gate('8', 'deep trees, model f', shown, 'not compared');
  const last = rows.slice(-40);
  const difference = Math.max(
    ...peer.path.values.map((values, at) => largestDifference(explainer.explain(last[at]!), values)),
  );
  const ratio = speed * peer.path.seconds;
  gate(
    '8',
    'deep trees, model f (bar 5x shap C, 1e-11)',
    `${shown}, ${ratio.toFixed(1)}x shap C, difference ${difference.toExponential(1)}`,
    ratio >= 5 && difference <= 1e-11,
  );
}
