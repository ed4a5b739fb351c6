/** Gate 7: interventional values of model a beside WOODELF, at its small and its large batches. */
import { TreeExplainer } from '../../packages/explain/src/tree/tree-explainer.ts';
import { largestDifference } from '../../packages/explain/test/golden.ts';
import { askPeers } from './peers.ts';
import { readModel, readRows } from './trained.ts';
import { cpuSeconds, gate } from './verdicts.ts';

interface Peer {
  readonly batches: Record<string, { readonly seconds: number; readonly values: number[][] }>;
  readonly version: string;
}

const BARS = { 64: 10, 256: 10, 30_000: 1 } as const;

export function besideWoodelf(folder: string): void {
  const peer = askPeers<Peer>('woodelf', folder, 'a', ...Object.keys(BARS));
  if (peer === undefined) return gate('7', 'speed beside WOODELF', 'no peer', 'not compared');
  const rows = readRows(folder);
  const ensemble = readModel(folder, 'a');
  for (const [size, bar] of Object.entries(BARS)) {
    const batch = rows.slice(-Number(size));
    const explainer = new TreeExplainer(ensemble, { game: 'interventional', background: rows.slice(0, 1000) });
    // Warm with other rows, as WOODELF is.
    explainer.explainAll(rows.slice(1000, 2000));
    const seconds = cpuSeconds(() => explainer.explainAll(batch));
    const { seconds: theirs, values } = peer.batches[size]!;
    const gap = Math.max(...values.map((each, at) => largestDifference(explainer.explain(batch[at]!), each)));
    if (gap > 1e-4) throw new Error(`WOODELF's values differ by ${gap}`);
    gate(
      '7',
      `model a, background 1,000, batch of ${size} (bar ${bar}x WOODELF ${peer.version})`,
      `${(theirs / seconds).toFixed(1)}x: ${(batch.length / seconds).toFixed(0)} and ${(batch.length / theirs).toFixed(0)} rows/s`,
      theirs / seconds >= Number(bar),
    );
  }
}
