/**
 * Gap decomposition: the difference of mean scores between two groups, feature by feature,
 *   Σ_j (E[φ_j | A] − E[φ_j | B]) = E[f | A] − E[f | B],
 * which names a proxy even where the protected attribute has no attribution. Over a sample, pass 1/inclusion probability as weights. Means and
 * their linearised Hájek variances follow from sums per group, so that a stream keeps no rows and groups add up.
 */
import { ExplainError } from '../errors.ts';
import { normalQuantile } from '../normal.ts';

export interface GapTerm {
  readonly gap: number;
  readonly interval: readonly [low: number, high: number];
}

/** Of a group: rows, Σ w, Σ w²; then per player Σ w φ, Σ w² φ, Σ w² φ². */
const COUNT = 0;
const WEIGHT = 1;
const WEIGHT_SQUARES = 2;
const HEAD = 3;
const PER_PLAYER = 3;

/** Numbers per group in a Float64Array. */
export function gapFields(players: number): number {
  return HEAD + PER_PLAYER * players;
}

/** Adds one row of a group. @param at where the group's sums begin. @param weight 1/inclusion probability. O(P). */
export function addToGap(sums: Float64Array, at: number, attributions: ArrayLike<number>, weight: number): void {
  sums[at + COUNT]! += 1;
  sums[at + WEIGHT]! += weight;
  sums[at + WEIGHT_SQUARES]! += weight * weight;
  for (let j = 0; j < attributions.length; j += 1) {
    const weighted = weight * attributions[j]!;
    const from = at + HEAD + PER_PLAYER * j;
    sums[from]! += weighted;
    sums[from + 1]! += weight * weighted;
    sums[from + 2]! += weighted * weighted;
  }
}

/** Rows of a group. O(1). */
export function gapCount(sums: Float64Array, at: number): number {
  return sums[at + COUNT]!;
}

/**
 * One term per player, A less B. @param a where the sums of the groups that make A begin. @param b those of B.
 * O((|a| + |b|)·P). @throws {ExplainError} BAD_ARGUMENT when a side has no row.
 */
export function gapTerms(
  sums: Float64Array,
  players: number,
  a: readonly number[],
  b: readonly number[],
  confidence: number = 0.95,
): GapTerm[] {
  const sides = [a, b].map((groups) => {
    const total = new Float64Array(gapFields(players));
    for (const at of groups) for (let i = 0; i < total.length; i += 1) total[i]! += sums[at + i]!;
    return total;
  });
  if (sides.some((side) => !(side[WEIGHT]! > 0)))
    throw new ExplainError('BAD_ARGUMENT', 'a gap needs rows of both groups; one of them has none');
  const z = normalQuantile(0.5 + confidence / 2);
  return Array.from({ length: players }, (_, j) => {
    const [inA, inB] = sides.map((side) => meanOf(side, HEAD + PER_PLAYER * j)) as [Mean, Mean];
    const gap = inA.mean - inB.mean;
    const half = z * Math.sqrt(inA.variance + inB.variance);
    return { gap, interval: [gap - half, gap + half] as const };
  });
}

interface Mean {
  readonly mean: number;
  /** Of the mean. */
  readonly variance: number;
}

function meanOf(side: Float64Array, from: number): Mean {
  const count = side[COUNT]!;
  const weight = side[WEIGHT]!;
  const mean = side[from]! / weight;
  const spread = side[from + 2]! - 2 * mean * side[from + 1]! + mean * mean * side[WEIGHT_SQUARES]!;
  const variance = count < 2 ? Number.POSITIVE_INFINITY : (Math.max(0, spread) * count) / (count - 1) / weight / weight;
  return { mean, variance };
}

/**
 * Of rows at hand. @param attributions n × P. @param inA per row, whether it belongs to group A; the others are B. @param weights 1/π per row, all 1 by default
 * @returns one term per player; they sum to the score gap. O(n·P). @throws {ExplainError} BAD_ARGUMENT
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
  const fields = gapFields(players);
  const sums = new Float64Array(2 * fields);
  for (const [at, a] of inA.entries())
    addToGap(sums, a ? 0 : fields, attributions.subarray(at * players, (at + 1) * players), weights[at]!);
  return gapTerms(sums, players, [0], [fields], confidence);
}
