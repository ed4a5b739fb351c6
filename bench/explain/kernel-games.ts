/** The games of gate 10 as peers.py makes them: a model, rows, a background, and the exact attributions. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { margins } from '../../packages/explain/src/model/ensemble.ts';
import { parseLightgbmText } from '../../packages/explain/src/model/lightgbm-text.ts';
import { gaussLegendre } from '../../packages/explain/src/tree/gauss-legendre.ts';
import { TreeExplainer } from '../../packages/explain/src/tree/tree-explainer.ts';
import { shapleyByEnumeration } from '../../packages/explain/test/enumeration.ts';

export type Model = (row: Float64Array) => number;

interface Network {
  readonly hidden: number[][];
  readonly bias: number[];
  readonly out: number[];
}

interface SupportVectors {
  readonly vectors: number[][];
  readonly weights: number[];
  readonly gamma: number;
  readonly intercept: number;
}

export interface PeerGame {
  readonly name: string;
  readonly rows: number[][];
  readonly background: number[][];
  readonly network?: Network;
  readonly svm?: SupportVectors;
  readonly linear?: number[];
  readonly tree?: string;
  /** Coalitions as a multiple of the columns → attributions of shap's Kernel SHAP per row. */
  readonly kernel: Record<string, number[][]>;
}

export interface Game {
  readonly name: string;
  readonly model: Model;
  readonly rows: readonly Float64Array[];
  readonly background: readonly Float64Array[];
  readonly truths: readonly Float64Array[];
}

export function gameOf(folder: string, peer: PeerGame): Game {
  const background = peer.background.map((row) => Float64Array.from(row));
  const rows = peer.rows.map((row) => Float64Array.from(row));
  const { name } = peer;
  if (peer.network !== undefined) {
    const model = network(peer.network);
    return { name, model, rows, background, truths: rows.map((row) => exact(model, row, background)) };
  }
  if (peer.svm !== undefined) {
    const { svm } = peer;
    return {
      name,
      model: kernelMachine(svm),
      rows,
      background,
      truths: rows.map((row) => exactSvm(svm, row, background)),
    };
  }
  if (peer.linear !== undefined) {
    const weights = peer.linear;
    const mean = (j: number): number => background.reduce((sum, row) => sum + row[j]!, 0) / background.length;
    const truths = rows.map((row) => row.map((x, j) => weights[j]! * (x - mean(j))));
    return { name, model: (row) => weights.reduce((sum, w, j) => sum + w * row[j]!, 0), rows, background, truths };
  }
  const ensemble = parseLightgbmText(readFileSync(join(folder, peer.tree!), 'utf8'));
  // Exact tree values equal enumeration (gate 3).
  const explainer = new TreeExplainer(ensemble, { game: 'interventional', background });
  const truths = rows.map((row) => explainer.explain(row));
  return { name, model: (row) => margins(ensemble, row)[0]!, rows, background, truths };
}

export function network({ hidden, bias, out }: Network): Model {
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

function kernelMachine({ vectors, weights, gamma, intercept }: SupportVectors): Model {
  return (x) => {
    let sum = intercept;
    for (const [v, vector] of vectors.entries()) {
      let distance = 0;
      for (let j = 0; j < x.length; j += 1) distance += (x[j]! - vector[j]!) ** 2;
      sum += weights[v]! * Math.exp(-gamma * distance);
    }
    return sum;
  };
}

/** By all coalitions, 2^M model calls a background row. */
export function exact(model: Model, row: Float64Array, background: readonly Float64Array[]): Float64Array {
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

/** A Gaussian kernel is a product over columns, so φ_i = ∫ Σ_v w (a_i − b_i) ∏_{j ≠ i} (p a_j + (1 − p) b_j) dp; exact for M ≤ 16. */
function exactSvm(
  { vectors, weights, gamma }: SupportVectors,
  row: Float64Array,
  background: readonly Float64Array[],
): Float64Array {
  const { nodes, weights: of } = gaussLegendre(8);
  const phi = new Float64Array(row.length);
  for (const other of background) {
    for (const [v, vector] of vectors.entries()) {
      const a = row.map((x, j) => Math.exp(-gamma * (x - vector[j]!) ** 2));
      const b = other.map((x, j) => Math.exp(-gamma * (x - vector[j]!) ** 2));
      for (const [p, t] of nodes.entries()) {
        const factors = a.map((each, j) => t * each + (1 - t) * b[j]!);
        const product = factors.reduce((x, y) => x * y, 1);
        for (let i = 0; i < phi.length; i += 1)
          phi[i]! += (of[p]! * weights[v]! * (a[i]! - b[i]!) * product) / factors[i]! / background.length;
      }
    }
  }
  return phi;
}
