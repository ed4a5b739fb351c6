import { leafDepth } from './depth.ts';
import type { Trees } from './trees.ts';

/** Missing values that a path follows to both sides; at later ones it follows the heavier side alone. */
const FORKS = 2;

/**
 * As `depthWithBoxes` or `depthWithoutBoxes` for a point with missing values (NaN): a node that splits on a missing value sends the
 * point to both children, weighted by their mass, on at most two nodes of a path. No value is put in its place.
 * O(4 · trees · height).
 */
export function depthWithMissing(trees: Trees, point: Float64Array, count: number, into: Float64Array): void {
  let sum = 0;
  for (let tree = 0; tree < count; tree += 1) {
    const inner = trees.inner[tree] as number;
    const path = walk(trees, point, tree * trees.nodeSpan, tree * trees.leafSpan, inner, 0, FORKS);
    sum += path / leafDepth((trees.mass[tree] as number) - 1);
  }
  into[0] = sum;
}

/** Mean depth of the point below `node`. */
function walk(
  trees: Trees,
  point: Float64Array,
  node: number,
  leaf: number,
  inner: number,
  depth: number,
  forks: number,
): number {
  if (inner === 0) return depth + leafDepth(trees.leaves[leaf] as number);
  const at = node * trees.stride;
  const word = trees.words[at + trees.stride - 1] as number;
  const innerLeft = (word >>> 8) & 255;
  const innerRight = inner - 1 - innerLeft;
  const right = node + 1 + innerLeft;
  const leafRight = leaf + innerLeft + 1;
  const value = point[word >>> 16] as number;
  if (Number.isNaN(value)) {
    const share = (word & 255) / 255;
    if (forks > 0) {
      const below = walk(trees, point, node + 1, leaf, innerLeft, depth + 1, forks - 1);
      return share * below + (1 - share) * walk(trees, point, right, leafRight, innerRight, depth + 1, forks - 1);
    }
    if (share >= 0.5) return walk(trees, point, node + 1, leaf, innerLeft, depth + 1, 0);
    return walk(trees, point, right, leafRight, innerRight, depth + 1, 0);
  }
  const cut = trees.boxes ? escapeShare(value, trees.reals[at + 1] as number, trees.reals[at + 2] as number) : 0;
  const below =
    value <= (trees.reals[at] as number)
      ? walk(trees, point, node + 1, leaf, innerLeft, depth + 1, forks)
      : walk(trees, point, right, leafRight, innerRight, depth + 1, forks);
  return cut * depth + (1 - cut) * below;
}

/** Probability that a random cut over the range stretched to `value` parts it from [low, high]; 0 inside, below 1 outside. */
export function escapeShare(value: number, low: number, high: number): number {
  const escape = value < low ? low - value : value > high ? value - high : 0;
  return escape === 0 ? 0 : escape / (escape + high - low);
}
