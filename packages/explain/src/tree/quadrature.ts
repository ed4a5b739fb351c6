/**
 * Path-dependent attributions of one tree by quadrature, without tables: for deep trees, and for rows too diverse to be worth remembering.
 * One pass down builds Π_j (p·o_j + (1 − p)·z_j) at each node and quadrature point, one pass up sums leaves below each edge. A path that tests
 * a player again replaces that player's factor; the sum below the later edge is taken out of the earlier one's.
 * Source: Quadrature-TreeSHAP, arXiv 2605.04497. Cost O(nodes · points) per row; exact, since ⌈d/2⌉ points integrate degree d − 1 exactly.
 */
import { goesLeft, type TreeEnsemble } from '../model/ensemble.ts';
import { gaussLegendre } from './gauss-legendre.ts';
import type { Paths } from './paths.ts';

export class Quadrature {
  readonly #ensemble: TreeEnsemble;
  readonly #paths: Paths;
  readonly #rules = new Map<number, ReturnType<typeof gaussLegendre>>();
  /** Per node of the tree and point: the product of factors on its path, the factor of its edge, the sum over leaves below. */
  #product = new Float64Array(0);
  #factor = new Float64Array(0);
  #sum = new Float64Array(0);
  /** Per node of the tree: whether all tests of its edge's player are passed. */
  #passed = new Uint8Array(0);

  constructor(ensemble: TreeEnsemble, paths: Paths) {
    this.#ensemble = ensemble;
    this.#paths = paths;
  }

  /** Adds the attributions of tree `tree` to `phi` (K × P from `to`); the row begins at `offset` of `rows`, from `asCompared`. */
  add(tree: number, rows: Float64Array, offset: number, phi: Float64Array, to: number, playerCount: number): void {
    const first = this.#ensemble.treeStart[tree]!;
    const end = this.#ensemble.treeStart[tree + 1]!;
    const rule = this.#ruleOf(tree, first, end);
    this.#reserve((end - first) * rule.nodes.length, end - first);
    this.#down(first, end, rule, rows, offset);
    const output = this.#ensemble.treeOutput[tree]!;
    if (output >= 0) this.#up(first, end, rule, 0, phi, to + output * playerCount);
    else for (let k = 0; k < this.#ensemble.outputs; k += 1) this.#up(first, end, rule, k, phi, to + k * playerCount);
  }

  #ruleOf(tree: number, first: number, end: number): ReturnType<typeof gaussLegendre> {
    let rule = this.#rules.get(tree);
    if (rule === undefined) {
      let longest = 1;
      for (let node = first; node < end; node += 1) longest = Math.max(longest, this.#paths.length[node]!);
      rule = gaussLegendre((longest + 1) >> 1);
      this.#rules.set(tree, rule);
    }
    return rule;
  }

  #reserve(cells: number, nodes: number): void {
    if (this.#product.length >= cells && this.#passed.length >= nodes) return;
    this.#product = new Float64Array(cells);
    this.#factor = new Float64Array(cells);
    this.#sum = new Float64Array(cells);
    this.#passed = new Uint8Array(nodes);
  }

  #down(first: number, end: number, rule: ReturnType<typeof gaussLegendre>, rows: Float64Array, offset: number): void {
    const { feature, left, right } = this.#ensemble;
    this.#product.fill(1, 0, rule.nodes.length);
    for (let node = first; node < end; node += 1) {
      if (feature[node]! < 0) continue;
      const toLeft = goesLeft(this.#ensemble, node, rows[offset + feature[node]!]!);
      this.#enter(first, node, left[node]!, toLeft, rule.nodes);
      this.#enter(first, node, right[node]!, !toLeft, rule.nodes);
    }
  }

  #enter(first: number, parent: number, child: number, passes: boolean, points: Float64Array): void {
    const n = points.length;
    const above = this.#paths.above[child]!;
    const passed = passes && (above < 0 || this.#passed[above - first] === 1);
    this.#passed[child - first] = passed ? 1 : 0;
    const z = this.#paths.z[child]!;
    const o = passed ? 1 : 0;
    const from = (parent - first) * n;
    const to = (child - first) * n;
    for (let q = 0; q < n; q += 1) {
      const factor = points[q]! * o + (1 - points[q]!) * z;
      const before = above < 0 ? 1 : this.#factor[(above - first) * n + q]!;
      this.#factor[to + q] = factor;
      // before = 0 only where no training row came and the row does not go: nothing below counts.
      this.#product[to + q] = before === 0 ? 0 : (this.#product[from + q]! / before) * factor;
    }
  }

  #up(
    first: number,
    end: number,
    rule: ReturnType<typeof gaussLegendre>,
    k: number,
    phi: Float64Array,
    to: number,
  ): void {
    const { feature, values, at } = this.#ensemble;
    const { above, parent, player, z } = this.#paths;
    const n = rule.nodes.length;
    const sum = this.#sum;
    sum.fill(0, 0, (end - first) * n);
    for (let node = end - 1; node > first; node -= 1) {
      const from = (node - first) * n;
      if (feature[node]! < 0) {
        const value = values[at[node]! + k]!;
        for (let q = 0; q < n; q += 1) sum[from + q] = value * rule.weights[q]! * this.#product[from + q]!;
      }
      const target = to + player[node]!;
      phi[target]! += (this.#passed[node - first]! - z[node]!) * this.#over(from, from, n);
      const earlier = above[node]!;
      if (earlier >= 0)
        phi[target]! -= (this.#passed[earlier - first]! - z[earlier]!) * this.#over(from, (earlier - first) * n, n);
      const into = (parent[node]! - first) * n;
      for (let q = 0; q < n; q += 1) sum[into + q]! += sum[from + q]!;
    }
  }

  /** Σ_q S(q) / factor(q). */
  #over(sumAt: number, factorAt: number, n: number): number {
    let total = 0;
    for (let q = 0; q < n; q += 1) {
      const factor = this.#factor[factorAt + q]!;
      if (factor !== 0) total += this.#sum[sumAt + q]! / factor;
    }
    return total;
  }
}
