/**
 * Gap decomposition: the difference of mean scores between two groups, feature by feature,
 *   Σ_j (E[φ_j | A] − E[φ_j | B]) = E[f | A] − E[f | B],
 * which names a proxy even where the protected attribute has no attribution. Over a sample, pass 1/inclusion probability as weights.
 */
import { ExplainError } from '../errors.ts';
import { normalQuantile } from '../normal.ts';

export interface GapTerm {
  readonly gap: number;
  readonly interval: readonly [low: number, high: number];
}

/**
 * @param attributions n × P. @param inA per row, whether it belongs to group A; the others are B. @param weights 1/π per row, all 1 by default
 * @returns one term per player; they sum to the score gap. Intervals by the linearised Hájek variance. O(n·P). @throws {ExplainError} BAD_ARGUMENT
 */
export function gapDecomposition(
  attributions: Float64Array,
  players: number,
  inA: readonly boolean[],
  weights: ArrayLike<number> = new Float64Array(inA.length).fill(1),
  confidence: number = 0.95,
): GapTerm[] {
  if (attributions.length !== inA.length * players || weights.length !== inA.length) {
    throw new ExplainError(
      'BAD_ARGUMENT',
      `${inA.length} rows need ${inA.length * players} attributions and as many weights as rows`,
    );
  }
  const totals = [0, 0];
  for (const [at, a] of inA.entries()) totals[a ? 1 : 0]! += weights[at]!;
  if (!(totals[0]! > 0 && totals[1]! > 0))
    throw new ExplainError('BAD_ARGUMENT', 'a gap needs rows of both groups; one of them has none');
  const z = normalQuantile(0.5 + confidence / 2);
  return Array.from({ length: players }, (_, j) => {
    const means = [0, 0];
    for (const [at, a] of inA.entries())
      means[a ? 1 : 0]! += (weights[at]! * attributions[at * players + j]!) / totals[a ? 1 : 0]!;
    let variance = 0;
    for (const [at, a] of inA.entries()) {
      const side = a ? 1 : 0;
      variance += ((weights[at]! * (attributions[at * players + j]! - means[side]!)) / totals[side]!) ** 2;
    }
    const gap = means[1]! - means[0]!;
    return { gap, interval: [gap - z * Math.sqrt(variance), gap + z * Math.sqrt(variance)] as const };
  });
}
