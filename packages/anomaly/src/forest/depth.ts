import { meanPathLength } from './path-length.ts';
import { MAX_SAMPLE, type Trees } from './trees.ts';

/** c(leaf byte + 1) and, at the same index, 1/c(mass − 1 + 1): tables so that a leaf costs one load. */
const LEAF_DEPTH: Float64Array = Float64Array.from({ length: MAX_SAMPLE }, (_, less) => meanPathLength(less + 1));
/** Weight below which the rest of a path is not followed. */
const NEGLIGIBLE = 0.02;

/** c(mass of a leaf) for the byte that a leaf holds. */
export function leafDepth(byte: number): number {
  return LEAF_DEPTH[byte] as number;
}

/**
 * Sum over the first `count` trees of h(point)/c(mass) to into[0] (a double that is returned is one on the heap), with boxes: at a node whose range [low, high] the value leaves by e, the point is taken to be
 * cut off there with probability e/(e + high − low), that of a random cut over the range that the point would stretch.
 * No value may be missing. O(trees · height).
 * Source: probability of separation of Guha et al. (2016), Robust random cut forest, on the split feature alone.
 */
export function depthWithBoxes(trees: Trees, point: Float64Array, count: number, into: Float64Array): void {
  const { reals, words, leaves, inner, mass, nodeSpan, leafSpan } = trees;
  let sum = 0;
  for (let tree = 0; tree < count; tree += 1) {
    let at = tree * nodeSpan * 4;
    let leaf = tree * leafSpan;
    let left = inner[tree] as number;
    let depth = 0;
    let weight = 1;
    let path = 0;
    while (left > 0) {
      const word = words[at + 3] as number;
      const value = point[word >>> 16] as number;
      const low = reals[at + 1] as number;
      const high = reals[at + 2] as number;
      if (value < low || value > high) {
        const escape = value < low ? low - value : value - high;
        const cut = escape / (escape + high - low);
        path += weight * cut * depth;
        weight *= 1 - cut;
        if (weight < NEGLIGIBLE) break;
      }
      const innerLeft = (word >>> 8) & 255;
      if (value <= (reals[at] as number)) {
        at += 4;
        left = innerLeft;
      } else {
        at += 4 + innerLeft * 4;
        leaf += innerLeft + 1;
        left -= innerLeft + 1;
      }
      depth += 1;
    }
    path += weight * (left > 0 ? depth : depth + (LEAF_DEPTH[leaves[leaf] as number] as number));
    sum += path / (LEAF_DEPTH[(mass[tree] as number) - 1] as number);
  }
  into[0] = sum;
}

/** As `depthWithBoxes` for trees without boxes. */
export function depthWithoutBoxes(trees: Trees, point: Float64Array, count: number, into: Float64Array): void {
  const { reals, words, leaves, inner, mass, nodeSpan, leafSpan } = trees;
  let sum = 0;
  for (let tree = 0; tree < count; tree += 1) {
    let at = tree * nodeSpan * 2;
    let leaf = tree * leafSpan;
    let left = inner[tree] as number;
    let depth = 0;
    while (left > 0) {
      const word = words[at + 1] as number;
      const innerLeft = (word >>> 8) & 255;
      if ((point[word >>> 16] as number) <= (reals[at] as number)) {
        at += 2;
        left = innerLeft;
      } else {
        at += 2 + innerLeft * 2;
        leaf += innerLeft + 1;
        left -= innerLeft + 1;
      }
      depth += 1;
    }
    sum +=
      (depth + (LEAF_DEPTH[leaves[leaf] as number] as number)) / (LEAF_DEPTH[(mass[tree] as number) - 1] as number);
  }
  into[0] = sum;
}
