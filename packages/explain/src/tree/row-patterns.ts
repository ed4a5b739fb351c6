/** From rows to patterns: which side of each test of a tree a row takes, packed per treelet. */
import { CATEGORICAL, goesLeft, MISSING, type TreeEnsemble } from '../model/ensemble.ts';
import type { Paths } from './paths.ts';
import type { Treelets } from './treelets.ts';

export class RowPatterns {
  readonly #ensemble: TreeEnsemble;
  readonly #treelets: Treelets;
  /** Mask at a child = passed ? mask | on : mask & off. */
  readonly #on: Int32Array;
  readonly #off: Int32Array;
  readonly #masks: Int32Array;
  /** 1: a numeric test that only NaN could send another way than `x ≤ threshold`. */
  readonly #plain: Uint8Array;
  /** Patterns of the treelets of the last tree, in their order. */
  readonly patterns: Int32Array;

  constructor(ensemble: TreeEnsemble, paths: Paths, treelets: Treelets) {
    this.#ensemble = ensemble;
    this.#treelets = treelets;
    const nodes = ensemble.feature.length;
    this.#on = new Int32Array(nodes);
    this.#off = new Int32Array(nodes).fill(-1);
    for (let node = 0; node < nodes; node += 1) {
      if (paths.length[node] === 0) continue;
      if (paths.fresh[node] === 1) this.#on[node] = 1 << paths.bit[node]!;
      else this.#off[node] = ~(1 << paths.bit[node]!);
    }
    this.#masks = new Int32Array(nodes);
    this.#plain = ensemble.routing.map((routing) =>
      (routing & CATEGORICAL) === 0 && (routing & 3) !== MISSING.zero ? 1 : 0,
    );
    let most = 0;
    for (let tree = 0; tree < ensemble.treeOutput.length; tree += 1) {
      most = Math.max(most, treelets.treeletStart[tree + 1]! - treelets.treeletStart[tree]!);
    }
    this.patterns = new Int32Array(most);
  }

  /**
   * Fills `patterns` for one tree.
   * @param rows features from `asCompared`, one row beginning at `offset`; @param hasNaN whether the row holds one
   * O(nodes of the tree).
   */
  read(tree: number, rows: Float64Array, offset: number, hasNaN: boolean): void {
    const { feature, threshold, left, right } = this.#ensemble;
    const { topStart, tops, treeletStart, roots, innerStart, inner, patternBit } = this.#treelets;
    const masks = this.#masks;
    const topEnd = topStart[tree + 1]!;
    for (let at = topStart[tree]!; at < topEnd; at += 1) {
      const node = tops[at]!;
      const x = rows[offset + feature[node]!]!;
      const toLeft = !hasNaN && this.#plain[node] === 1 ? x <= threshold[node]! : goesLeft(this.#ensemble, node, x);
      const mask = masks[node]!;
      const l = left[node]!;
      const r = right[node]!;
      masks[l] = toLeft ? mask | this.#on[l]! : mask & this.#off[l]!;
      masks[r] = toLeft ? mask & this.#off[r]! : mask | this.#on[r]!;
    }
    const first = treeletStart[tree]!;
    const treeletEnd = treeletStart[tree + 1]!;
    for (let g = first; g < treeletEnd; g += 1) {
      let pattern = masks[roots[g]!]!;
      const end = innerStart[g + 1]!;
      for (let at = innerStart[g]!; at < end; at += 1) {
        const node = inner[at]!;
        const x = rows[offset + feature[node]!]!;
        const toLeft = !hasNaN && this.#plain[node] === 1 ? x <= threshold[node]! : goesLeft(this.#ensemble, node, x);
        pattern |= (toLeft ? 1 : 0) << patternBit[node]!;
      }
      this.patterns[g - first] = pattern;
    }
  }
}
