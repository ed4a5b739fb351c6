/** Gate 10: error of Kernel SHAP beside shap's at equal coalitions, on games whose exact values are known. Gate 12: coverage of the intervals. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { KernelExplainer, type Surrogate } from '../../packages/explain/src/kernel/kernel-explainer.ts';
import { margins } from '../../packages/explain/src/model/ensemble.ts';
import { parseLightgbmText } from '../../packages/explain/src/model/lightgbm-text.ts';
import { playersOf } from '../../packages/explain/src/model/players.ts';
import { TreeExplainer } from '../../packages/explain/src/tree/tree-explainer.ts';
import { shapleyByEnumeration } from '../../packages/explain/test/enumeration.ts';
import { seeded } from '../../packages/explain/test/random.ts';
import { askPeers } from './peers.ts';
import { gate, median } from './verdicts.ts';

interface KernelAnswer {
  readonly games: readonly {
    readonly name: string;
    readonly rows: number[][];
    readonly background: number[][];
    readonly mlp?: { readonly hidden: number[][]; readonly bias: number[]; readonly out: number[] };
    readonly tree?: string;
    readonly surrogate: string;
    /** [coalitions][row] → attributions. */
    readonly kernel: Record<string, number[][]>;
  }[];
}

export function kernelError(folder: string): void {
  const answer = askPeers<KernelAnswer>('kernel', folder);
  if (answer === undefined) {
    gate('10', 'Kernel SHAP error at equal coalitions', 'no peer', 'not compared');
    return;
  }
  const bars: Record<string, number> = { 24: 0.4, 48: 0.5, 96: 0.45, 192: 0.5 };
  for (const game of answer.games) {
    const model = game.mlp === undefined ? treeModel(folder, game.tree!) : network(game.mlp);
    const background = game.background.map((row) => Float64Array.from(row));
    const rows = game.rows.map((row) => Float64Array.from(row));
    const M = rows[0]!.length;
    const players = playersOf(Array.from({ length: M }, (_, j) => `f${j}`));
    const surrogate = parseLightgbmText(readFileSync(join(folder, game.surrogate), 'utf8'));
    const exactSurrogate = new TreeExplainer(surrogate, { game: 'interventional', background }, { players });
    // Exact tree values equal enumeration (gate 3) and are had sooner.
    const truths =
      game.mlp === undefined
        ? treeValues(folder, game.tree!, rows, background)
        : rows.map((row) => exact(model, row, background));
    const backgroundPredictions = background.map(model);
    for (const [coalitions, theirs] of Object.entries(game.kernel)) {
      const errors = (helped: boolean): number[] =>
        rows.map((row, at) => {
          const helper: Surrogate = {
            predict: (x) => margins(surrogate, x)[0]!,
            attributions: exactSurrogate.explain(row),
            baseValue: exactSurrogate.baseValues[0]!,
          };
          const options = {
            row,
            prediction: model(row),
            background,
            backgroundPredictions,
            players,
            maxCoalitions: Number(coalitions),
            rowsPerPair: 'all' as const,
          };
          const explainer = new KernelExplainer(helped ? { ...options, surrogate: helper } : options, seeded(at));
          for (let batch = explainer.next(); batch !== undefined; batch = explainer.next())
            explainer.accept(batch.map(model));
          return relative(explainer.result().attributions, truths[at]!);
        });
      const ours = median(errors(false));
      const withSurrogate = median(errors(true));
      const peers = median(theirs.map((phi, at) => relative(phi, truths[at]!)));
      const ratio = withSurrogate / peers;
      gate(
        '10',
        `${game.name}, ${coalitions} coalitions (bar ${bars[coalitions]} of shap Kernel)`,
        `${ratio.toFixed(2)} with surrogate, ${(ours / peers).toFixed(2)} without; shap ${peers.toFixed(4)}`,
        ratio <= bars[coalitions]!,
      );
    }
  }
}

function relative(found: ArrayLike<number>, truth: Float64Array): number {
  let error = 0;
  let size = 0;
  for (let i = 0; i < truth.length; i += 1) {
    error += (found[i]! - truth[i]!) ** 2;
    size += truth[i]! ** 2;
  }
  return Math.sqrt(error / size);
}

function exact(
  model: (x: Float64Array) => number,
  row: Float64Array,
  background: readonly Float64Array[],
): Float64Array {
  const mixed = row.slice();
  return shapleyByEnumeration(row.length, (coalition) => {
    let sum = 0;
    for (const other of background) {
      for (let j = 0; j < row.length; j += 1) mixed[j] = ((coalition >> j) & 1) === 1 ? row[j]! : other[j]!;
      sum += model(mixed);
    }
    return sum / background.length;
  });
}

function network({
  hidden,
  bias,
  out,
}: {
  hidden: number[][];
  bias: number[];
  out: number[];
}): (x: Float64Array) => number {
  return (x) => {
    let sum = 0;
    for (let h = 0; h < out.length; h += 1) {
      let z = bias[h]!;
      for (let j = 0; j < x.length; j += 1) z += hidden[h]![j]! * x[j]!;
      sum += out[h]! * Math.tanh(z);
    }
    return sum;
  };
}

function treeModel(folder: string, name: string): (x: Float64Array) => number {
  const ensemble = parseLightgbmText(readFileSync(join(folder, name), 'utf8'));
  return (x) => margins(ensemble, x)[0]!;
}

function treeValues(
  folder: string,
  name: string,
  rows: readonly Float64Array[],
  background: readonly Float64Array[],
): Float64Array[] {
  const explainer = new TreeExplainer(parseLightgbmText(readFileSync(join(folder, name), 'utf8')), {
    game: 'interventional',
    background,
  });
  return rows.map((row) => explainer.explain(row));
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
