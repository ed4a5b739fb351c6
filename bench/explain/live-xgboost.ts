/** Gate 2, live: beside the contributions of the XGBoost that is installed. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseXgboostJson } from '../../packages/explain/src/model/xgboost.ts';
import { TreeExplainer } from '../../packages/explain/src/tree/tree-explainer.ts';
import { largestDifference } from '../../packages/explain/test/golden.ts';
import { askPeers } from './peers.ts';
import { FEATURES, readRows } from './trained.ts';
import { gate } from './verdicts.ts';

export function liveXgboost(folder: string): void {
  const peer = askPeers<{ contributions: number[][]; version: string }>('xgboost', folder);
  if (peer === undefined) return gate('2', 'XGBoost pred_contribs, live', 'no peer', 'not compared');
  const rows = readRows(folder);
  const ensemble = parseXgboostJson(readFileSync(join(folder, 'xgboost.json'), 'utf8'));
  const explainer = new TreeExplainer(ensemble, { game: 'path-dependent' });
  const worst = Math.max(
    ...peer.contributions.map((values, at) => {
      const own = explainer.explain(rows[rows.length - peer.contributions.length + at]!);
      const size = Math.max(...values.map(Math.abs));
      return largestDifference(own, values.slice(0, FEATURES)) / (1 + size);
    }),
  );
  gate('2', `XGBoost ${peer.version} pred_contribs, live (bar 1e-6 relative)`, worst.toExponential(1), worst <= 1e-6);
}
