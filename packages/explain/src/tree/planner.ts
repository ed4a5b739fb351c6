/** Which trees are explained by remembered patterns, and which without. */
import type { TreeEnsemble } from '../model/ensemble.ts';
import type { Paths } from './paths.ts';

/** Patterns have 32 bits, and beyond 25 players on a path their variety makes remembering pointless as well. */
const MAX_TABLE_PLAYERS = 25;
/** A treelet's table looks at every test above it, which is quadratic in the depth of a degenerate tree. */
const MAX_TABLE_DEPTH = 256;

/**
 * Per tree, whether it goes by quadrature or the two-way walk. Depth alone is no reason: on LightGBM models of 255 leaves and some 30 levels over
 * 12 features remembered patterns are the faster way too. O(nodes).
 */
export function needsNoTable(ensemble: TreeEnsemble, paths: Paths): boolean[] {
  const depth = new Int32Array(ensemble.feature.length);
  return Array.from(ensemble.treeOutput, (_, tree) => {
    let longest = 0;
    let deepest = 0;
    for (let node = ensemble.treeStart[tree]!; node < ensemble.treeStart[tree + 1]!; node += 1) {
      const parent = paths.parent[node]!;
      depth[node] = parent < 0 ? 0 : depth[parent]! + 1;
      deepest = Math.max(deepest, depth[node]!);
      longest = Math.max(longest, paths.length[node]!);
    }
    return longest > MAX_TABLE_PLAYERS || deepest > MAX_TABLE_DEPTH;
  });
}
