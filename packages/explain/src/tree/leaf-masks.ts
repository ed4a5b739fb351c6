import type { TreeEnsemble } from '../model/ensemble.ts';
import type { Paths } from './paths.ts';
import type { Treelets } from './treelets.ts';

/** Mask at a child: a new player's bit is set when its test is passed, a known player's bit is cleared when it is not. */
export function childMask(paths: Paths, child: number, parentMask: number, passed: boolean): number {
  const bit = 1 << paths.bit[child]!;
  if (paths.fresh[child] === 1) return passed ? parentMask | bit : parentMask;
  return passed ? parentMask : parentMask & ~bit;
}

/** Calls `visit(leaf, mask)` for each leaf of the treelet with root `root`, whose pattern is given. O(its nodes). */
export function leafMasks(
  ensemble: TreeEnsemble,
  paths: Paths,
  treelets: Treelets,
  root: number,
  pattern: number,
  visit: (leaf: number, mask: number) => void,
): void {
  const prefix = paths.length[root]!;
  const descend = (node: number, mask: number): void => {
    if (ensemble.feature[node]! < 0) {
      visit(node, mask);
      return;
    }
    const goesLeft = ((pattern >>> treelets.patternBit[node]!) & 1) === 1;
    const left = ensemble.left[node]!;
    const right = ensemble.right[node]!;
    descend(left, childMask(paths, left, mask, goesLeft));
    descend(right, childMask(paths, right, mask, !goesLeft));
  };
  descend(root, prefix === 0 ? 0 : pattern & ((1 << prefix) - 1));
}
