import type { TreeEnsemble } from '../model/ensemble.ts';
import type { Paths } from './paths.ts';
import type { TreeGame } from './tree-explainer.ts';

/** Patterns have 32 bits; beyond 25 players on a path their variety makes remembering pointless as well. */
const MAX_TABLE_PLAYERS = 25;

/** Per tree, whether it is explained without a table. O(nodes). */
export function needsNoTable(ensemble: TreeEnsemble, paths: Paths, _game: TreeGame['game']): boolean[] {
  return Array.from(ensemble.treeOutput, (_, tree) => {
    let longest = 0;
    for (let node = ensemble.treeStart[tree]!; node < ensemble.treeStart[tree + 1]!; node += 1) {
      longest = Math.max(longest, paths.length[node]!);
    }
    return longest > MAX_TABLE_PLAYERS;
  });
}
