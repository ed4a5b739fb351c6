import { leafDepth } from '../forest/depth.ts';
import { escapeShare } from '../forest/depth-missing.ts';
import type { Trees } from '../forest/trees.ts';

/**
 * How much each feature shortens the point's paths. At a node of mass m that splits on a feature, the child of mass m' that is taken
 * stands for c(m') more steps where c(m) − 1 were to be expected: the difference is the feature's, and so is w·cut·c(m) where the value
 * leaves the node's box. A deficit below 0 is one that a later cut has to make up for, so it is counted too.
 * Adds to `high` (value above the split or the box) and `low`, both of d elements. `point` as the forest reads it; NaN gives no credit.
 * O(trees · leaves).
 * Source: depth deficit after Carletti et al. (2019), DIFFI, for one point; the boxes after Guha et al. (2016), section 4.
 */
export function creditFeatures(
  trees: Trees,
  count: number,
  point: ArrayLike<number>,
  high: Float64Array,
  low: Float64Array,
): void {
  for (let tree = 0; tree < count; tree += 1) {
    let node = tree * trees.nodeSpan;
    let leaf = tree * trees.leafSpan;
    let inner = trees.inner[tree] as number;
    let mass = trees.mass[tree] as number;
    const whole = leafDepth(mass - 1);
    let weight = 1 / whole;
    while (inner > 0) {
      const at = node * trees.stride;
      const word = trees.words[at + trees.stride - 1] as number;
      const feature = word >>> 16;
      const innerLeft = (word >>> 8) & 255;
      const value = point[feature] as number;
      const split = trees.reals[at] as number;
      const goesLeft = Number.isNaN(value) ? (word & 255) >= 128 : value <= split;
      const massLeft = massOf(trees.leaves, leaf, innerLeft);
      const taken = goesLeft ? massLeft : mass - massLeft;
      if (!Number.isNaN(value)) {
        const expected = leafDepth(mass - 1);
        const cut = trees.boxes ? escapeShare(value, trees.reals[at + 1] as number, trees.reals[at + 2] as number) : 0;
        const credit = weight * (cut * expected + (1 - cut) * (expected - 1 - leafDepth(taken - 1)));
        const side = goesLeft ? low : high;
        side[feature] = (side[feature] as number) + credit;
        weight *= 1 - cut;
      }
      mass = taken;
      node += 1 + (goesLeft ? 0 : innerLeft);
      leaf += goesLeft ? 0 : innerLeft + 1;
      inner = goesLeft ? innerLeft : inner - 1 - innerLeft;
    }
  }
}

function massOf(leaves: Uint8Array, first: number, inner: number): number {
  let mass = inner + 1;
  for (let leaf = first; leaf <= first + inner; leaf += 1) mass += leaves[leaf] as number;
  return mass;
}
