/**
 * The interventional game: a player outside the coalition takes its value from a background row, averaged over all rows. A leaf sees a
 * background row only through the mask b of path conditions that it satisfies, so a histogram of masks stands for the whole background. For a
 * row's mask m and each b with m | b = all, u = |m \ b| and w = |b \ m|: players in m \ b get +(u − 1)! w!/(u + w)!, players in b \ m
 * −u! (w − 1)!/(u + w)!, times the share of b. Cost per row does not depend on the size of the background.
 * Source: Lundberg et al. (2020), interventional TreeSHAP; Zern et al. (2023); WOODELF, arXiv 2511.09376, for the histogram.
 */
import type { TreeEnsemble } from '../model/ensemble.ts';
import type { LeafGame } from './game.ts';
import { leafMasks } from './leaf-masks.ts';
import type { Paths } from './paths.ts';
import type { PatternTable } from './pattern-table.ts';
import { bitCount, ORDER_SHARES, SHARE_WIDTH } from './shapley-weights.ts';
import type { Treelets } from './treelets.ts';

interface LeafBackground {
  readonly masks: Int32Array;
  readonly shares: Float64Array;
}

export class InterventionalGame implements LeafGame {
  readonly #ensemble: TreeEnsemble;
  readonly #paths: Paths;
  readonly #treelets: Treelets;
  /** G + 1 entries: the distinct background patterns of treelet g. */
  readonly #start: Int32Array;
  readonly #patterns: Int32Array;
  readonly #shares: Float64Array;
  readonly #prepared: Uint8Array;
  readonly #leaves = new Map<number, LeafBackground>();

  /** @param counted (treelet, pattern) → index into `counts`; @param total background rows. O(distinct patterns + treelets). */
  constructor(
    ensemble: TreeEnsemble,
    paths: Paths,
    treelets: Treelets,
    counted: PatternTable,
    counts: ArrayLike<number>,
    total: number,
  ) {
    this.#ensemble = ensemble;
    this.#paths = paths;
    this.#treelets = treelets;
    this.#prepared = new Uint8Array(treelets.roots.length);
    const start = new Int32Array(treelets.roots.length + 1);
    const { slots } = counted;
    for (let at = 0; at < slots.length; at += 4) if (slots[at] !== 0) start[slots[at]!]! += 1;
    for (let g = 0; g < treelets.roots.length; g += 1) start[g + 1]! += start[g]!;
    const next = start.slice();
    this.#patterns = new Int32Array(counted.size);
    this.#shares = new Float64Array(counted.size);
    for (let at = 0; at < slots.length; at += 4) {
      if (slots[at] === 0) continue;
      const to = next[slots[at]! - 1]!;
      next[slots[at]! - 1]! += 1;
      this.#patterns[to] = slots[at + 1]!;
      this.#shares[to] = counts[slots[at + 2]!]! / total;
    }
    this.#start = start;
  }

  /** Derives the mask histograms of a treelet's leaves, once, when a row first needs them. O(distinct patterns · leaves). */
  prepare(treelet: number): void {
    if (this.#prepared[treelet] === 1) return;
    this.#prepared[treelet] = 1;
    const root = this.#treelets.roots[treelet]!;
    const found = new Map<number, Map<number, number>>();
    for (let at = this.#start[treelet]!; at < this.#start[treelet + 1]!; at += 1) {
      leafMasks(this.#ensemble, this.#paths, this.#treelets, root, this.#patterns[at]!, (leaf, mask) => {
        let masks = found.get(leaf);
        if (masks === undefined) found.set(leaf, (masks = new Map()));
        masks.set(mask, (masks.get(mask) ?? 0) + this.#shares[at]!);
      });
    }
    for (const [leaf, masks] of found) {
      this.#leaves.set(leaf, { masks: Int32Array.from(masks.keys()), shares: Float64Array.from(masks.values()) });
    }
  }

  /** O(distinct background masks of the leaf · d). */
  weights(leaf: number, mask: number, out: Float64Array): void {
    const d = this.#paths.length[leaf]!;
    const all = d === 32 ? -1 : (1 << d) - 1;
    out.fill(0, 0, d);
    const { masks, shares } = this.#leaves.get(leaf)!;
    for (let at = 0; at < masks.length; at += 1) {
      const b = masks[at]!;
      if ((mask | b) !== all) continue;
      const gain = mask & ~b;
      const loss = b & ~mask;
      const u = bitCount(gain);
      const w = bitCount(loss);
      if (u > 0) addTo(out, gain, shares[at]! * ORDER_SHARES[u * SHARE_WIDTH + w]!);
      if (w > 0) addTo(out, loss, -shares[at]! * ORDER_SHARES[w * SHARE_WIDTH + u]!);
    }
  }
}

function addTo(out: Float64Array, mask: number, weight: number): void {
  for (let rest = mask; rest !== 0; rest &= rest - 1) out[31 - Math.clz32(rest & -rest)]! += weight;
}
