/** Shapley values by their definition, over all 2^P coalitions in float64: the oracle of every explainer. */
import { asCompared, goesLeft, margins, type TreeEnsemble } from '../src/model/ensemble.ts';
import type { Players } from '../src/model/players.ts';

/** @param value of a coalition, given as a mask of players. @returns P attributions. O(2^P · P). */
export function shapleyByEnumeration(players: number, value: (coalition: number) => number): Float64Array {
  const factorial = [1];
  for (let i = 1; i <= players; i += 1) factorial.push(factorial[i - 1]! * i);
  const values = Float64Array.from({ length: 2 ** players }, (_, coalition) => value(coalition));
  const phi = new Float64Array(players);
  for (let coalition = 0; coalition < 2 ** players; coalition += 1) {
    const size = coalition.toString(2).replaceAll('0', '').length;
    for (let i = 0; i < players; i += 1) {
      if (((coalition >> i) & 1) === 1) continue;
      const weight = (factorial[size]! * factorial[players - size - 1]!) / factorial[players]!;
      phi[i]! += weight * (values[coalition | (1 << i)]! - values[coalition]!);
    }
  }
  return phi;
}

/** v(S) of the interventional game for output k: the mean margin with the players outside S taken from each background row. */
export function interventionalValue(
  ensemble: TreeEnsemble,
  players: Players,
  row: Float64Array,
  background: readonly Float64Array[],
  k: number,
) {
  return (coalition: number): number => {
    let sum = 0;
    for (const other of background) {
      const mixed = row.map((x, j) => (((coalition >> players.ofFeature[j]!) & 1) === 1 ? x : other[j]!));
      sum += margins(ensemble, mixed)[k]!;
    }
    return sum / background.length;
  };
}

/** v(S) of the path-dependent game for output k: players outside S follow both branches, weighted by cover. */
export function pathDependentValue(ensemble: TreeEnsemble, players: Players, row: Float64Array, k: number) {
  const compared = asCompared(ensemble, row);
  return (coalition: number): number => {
    const descend = (node: number, output: number): number => {
      const feature = ensemble.feature[node]!;
      const at = ensemble.at[node]!;
      if (feature < 0) return output < 0 ? ensemble.values[at + k]! : output === k ? ensemble.values[at]! : 0;
      const left = ensemble.left[node]!;
      const right = ensemble.right[node]!;
      if (((coalition >> players.ofFeature[feature]!) & 1) === 1) {
        return descend(goesLeft(ensemble, node, compared[feature]!) ? left : right, output);
      }
      const total = ensemble.cover[node]!;
      return (ensemble.cover[left]! * descend(left, output) + ensemble.cover[right]! * descend(right, output)) / total;
    };
    let sum = ensemble.base[k]!;
    for (const [tree, output] of ensemble.treeOutput.entries()) sum += descend(ensemble.treeStart[tree]!, output);
    return sum;
  };
}
