/**
 * The path-dependent game: a player outside the coalition follows both branches, weighted by the training rows that took them. For a leaf whose
 * path has d players with satisfied conditions o_i and cover ratios z_i,
 *   w_i = (o_i − z_i) ∫₀¹ Π_{j≠i} (p·o_j + (1 − p)·z_j) dp,
 * a polynomial of degree d − 1 in p: Gauss–Legendre with ⌈d/2⌉ points is exact.
 * Source: Lundberg et al. (2020), From local explanations to global understanding; the integral form: Quadrature-TreeSHAP, arXiv 2605.04497.
 */
import type { TreeEnsemble } from '../model/ensemble.ts';
import type { LeafGame } from './game.ts';
import { gaussLegendre } from './gauss-legendre.ts';
import type { Paths } from './paths.ts';

export class PathDependentGame implements LeafGame {
  readonly #paths: Paths;
  readonly #rules: ReturnType<typeof gaussLegendre>[] = [];
  readonly #prefix = new Float64Array(64);

  constructor(paths: Paths) {
    this.#paths = paths;
  }

  prepare(): void {}

  /** O(d²). Products run from both ends, so nothing is divided and z = 0 is no special case. */
  weights(leaf: number, mask: number, out: Float64Array): void {
    const d = this.#paths.length[leaf]!;
    const from = this.#paths.start[leaf]!;
    const z = this.#paths.pathZ;
    const prefix = this.#prefix;
    const { nodes, weights } = this.#rule((d + 1) >> 1);
    out.fill(0, 0, d);
    for (let q = 0; q < nodes.length; q += 1) {
      const p = nodes[q]!;
      let product = weights[q]!;
      for (let i = 0; i < d; i += 1) {
        prefix[i] = product;
        product *= ((mask >>> i) & 1) * p + (1 - p) * z[from + i]!;
      }
      product = 1;
      for (let i = d - 1; i >= 0; i -= 1) {
        out[i]! += prefix[i]! * product;
        product *= ((mask >>> i) & 1) * p + (1 - p) * z[from + i]!;
      }
    }
    for (let i = 0; i < d; i += 1) out[i]! *= ((mask >>> i) & 1) - z[from + i]!;
  }

  #rule(points: number): ReturnType<typeof gaussLegendre> {
    return (this.#rules[points] ??= gaussLegendre(Math.max(1, points)));
  }
}

/** The K base values: the mean prediction over training rows as the covers tell it, Σ leaves v Π z. O(total path length). */
export function pathDependentBase(ensemble: TreeEnsemble, paths: Paths): Float64Array {
  const base = ensemble.base.slice();
  for (let tree = 0; tree < ensemble.treeOutput.length; tree += 1) {
    const output = ensemble.treeOutput[tree]!;
    for (let node = ensemble.treeStart[tree]!; node < ensemble.treeStart[tree + 1]!; node += 1) {
      if (ensemble.feature[node]! >= 0) continue;
      let share = 1;
      for (let i = 0; i < paths.length[node]!; i += 1) share *= paths.pathZ[paths.start[node]! + i]!;
      const at = ensemble.at[node]!;
      if (output >= 0) base[output]! += share * ensemble.values[at]!;
      else for (let k = 0; k < base.length; k += 1) base[k]! += share * ensemble.values[at + k]!;
    }
  }
  return base;
}
