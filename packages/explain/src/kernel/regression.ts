/**
 * The weighted regression of Kernel SHAP and its uncertainty. With targets y(S) = v(S) − v(∅) − s·(f(x) − v(∅))/M and weights
 * 1/(C(M, s)·s·(M − s)·p_s), the attributions are (f(x) − v(∅))/M plus the solution in the subspace whose sum is 0. Pairs make the part of the
 * game that is even in S cancel, so a pair enters with half the difference of its two targets.
 *
 * Two errors add up: the coalitions are a sample of their layer, drawn without replacement, and the background rows of a pair are a sample.
 * The covariance is A⁻¹ V A⁻¹ with V = Σ over layers of (1 − p)·(between pairs) + p·(between background rows within pairs).
 * Source: Lundberg and Lee (2017); Covert and Lee (2021); stratified sampling: Cochran (1977), sections 5.3 and 10.3.
 */
import { cholesky, solveCholesky } from '../cholesky.ts';
import { layerPairs } from './coalitions.ts';

export interface PairValue {
  readonly members: Uint8Array;
  readonly layer: number;
  /** Half of y(S) − y(complement), mean over the pair's background rows. */
  readonly target: number;
  /** Variance of that mean over draws of background rows; 0 when all rows were used. */
  readonly variance: number;
}

export interface Regression {
  /** Deviation of each attribution from the equal split; sums to 0. */
  readonly solution: Float64Array;
  /** Standard error of each; Infinity when there are no more pairs than unknowns. */
  readonly standardErrors: Float64Array;
  readonly degreesOfFreedom: number;
  readonly ridge: boolean;
}

/** @param pairs at least 1. O(pairs · M² + M³). */
export function regress(players: number, pairs: readonly PairValue[]): Regression {
  const counts = new Map<number, number>();
  for (const { layer } of pairs) counts.set(layer, (counts.get(layer) ?? 0) + 1);
  const share = (layer: number): number => counts.get(layer)! / layerPairs(players, layer);
  const weight = (layer: number): number => {
    // A pair stands for two coalitions, of sizes k and M − k, of equal weight; C(M, k) is halved in the middle as pairs are.
    const coalitions = layerPairs(players, layer) * (2 * layer === players ? 2 : 1);
    return 1 / (coalitions * layer * (players - layer) * share(layer));
  };
  const matrix = new Float64Array(players * players);
  const right = new Float64Array(players);
  const z = new Float64Array(players);
  let total = 0;
  for (const { members, layer, target } of pairs) {
    const w = weight(layer);
    total += w;
    centre(members, z);
    for (let i = 0; i < players; i += 1) {
      right[i]! += w * z[i]! * target;
      for (let j = 0; j < players; j += 1) matrix[i * players + j]! += w * z[i]! * z[j]!;
    }
  }
  // 11ᵀ makes the matrix regular without touching solutions whose sum is 0.
  for (let i = 0; i < matrix.length; i += 1) matrix[i]! += total / players / players;
  let factor = cholesky(matrix, players);
  const ridge = factor === undefined;
  if (factor === undefined) {
    for (let i = 0; i < players; i += 1) matrix[i * players + i]! += 1e-3 * total;
    factor = cholesky(matrix, players)!;
  }
  const solution = solveCholesky(factor, players, right);
  const degreesOfFreedom = pairs.length - (players - 1);
  const standardErrors = new Float64Array(players).fill(Number.POSITIVE_INFINITY);
  if (degreesOfFreedom > 0 && !ridge) {
    const inverse = (b: Float64Array): Float64Array => solveCholesky(factor, players, b);
    errors(players, pairs, solution, weight, share, inverse, pairs.length / degreesOfFreedom, standardErrors);
  }
  return { solution, standardErrors, degreesOfFreedom, ridge };
}

function errors(
  players: number,
  pairs: readonly PairValue[],
  solution: Float64Array,
  weight: (layer: number) => number,
  share: (layer: number) => number,
  inverse: (b: Float64Array) => Float64Array,
  inflation: number,
  standardErrors: Float64Array,
): void {
  const variances = new Float64Array(players);
  const z = new Float64Array(players);
  for (const { members, layer, target, variance } of pairs) {
    centre(members, z);
    let residual = target;
    for (let i = 0; i < players; i += 1) residual -= z[i]! * solution[i]!;
    // A complete layer leaves the background as its only error; its misfit is no sampling error.
    const p = share(layer);
    const spread = (1 - p) * residual * residual * inflation + p * variance;
    const influence = inverse(z.map((each) => each * weight(layer)));
    for (let i = 0; i < players; i += 1) variances[i]! += influence[i]! * influence[i]! * spread;
  }
  for (let i = 0; i < players; i += 1) standardErrors[i] = Math.sqrt(variances[i]!);
}

/** z − s/M: the projection of the indicator onto the subspace whose sum is 0. */
function centre(members: Uint8Array, z: Float64Array): void {
  let size = 0;
  for (let i = 0; i < members.length; i += 1) size += members[i]!;
  for (let i = 0; i < members.length; i += 1) z[i] = members[i]! - size / members.length;
}
