/**
 * Means over the whole stream from a sample of unequal inclusion probabilities: μ = Σ(x/π) / Σ(1/π). A plain average of the sample would be
 * biased without bound, so an observation is accepted with its π only. Variance of Poisson sampling, Σ (1 − π)((x − μ)/π)² / N̂², and Student's
 * t with the effective sample size for the interval.
 * Source: Hájek (1971); Särndal, Swensson and Wretman (1992), section 5.8.
 */
import { ExplainError } from '../errors.ts';
import { studentQuantile } from '../normal.ts';

/** Plain sums, so that estimates of partitions add up. */
export interface HajekState {
  /** Σ 1/π, Σ 1/π², Σ (1 − π)/π². */
  weights: number;
  squaredWeights: number;
  variances: number;
  count: number;
  /** Per component: Σ x/π, Σ (1 − π) x/π², Σ (1 − π) x²/π². */
  sums: Float64Array;
  firsts: Float64Array;
  seconds: Float64Array;
}

export function emptyHajek(components: number): HajekState {
  return {
    weights: 0,
    squaredWeights: 0,
    variances: 0,
    count: 0,
    sums: new Float64Array(components),
    firsts: new Float64Array(components),
    seconds: new Float64Array(components),
  };
}

/** @param values one per component, such as |φ_j|. @param inclusionProbability π in (0, 1]. O(components). @throws {ExplainError} BAD_ARGUMENT */
export function addToHajek(state: HajekState, values: ArrayLike<number>, inclusionProbability: number): void {
  if (!(inclusionProbability > 0 && inclusionProbability <= 1)) {
    throw new ExplainError(
      'BAD_ARGUMENT',
      `the inclusion probability is ${inclusionProbability}, but must lie in (0, 1]; only sampled events are added`,
    );
  }
  if (values.length !== state.sums.length) {
    throw new ExplainError('BAD_ARGUMENT', `there are ${values.length} values for ${state.sums.length} components`);
  }
  const weight = 1 / inclusionProbability;
  const variance = (1 - inclusionProbability) * weight * weight;
  state.count += 1;
  state.weights += weight;
  state.squaredWeights += weight * weight;
  state.variances += variance;
  for (let j = 0; j < values.length; j += 1) {
    state.sums[j]! += weight * values[j]!;
    state.firsts[j]! += variance * values[j]!;
    state.seconds[j]! += variance * values[j]! * values[j]!;
  }
}

/** Adds the sums of another partition. */
export function mergeHajek(into: HajekState, other: HajekState): void {
  for (const field of ['weights', 'squaredWeights', 'variances', 'count'] as const) into[field] += other[field];
  for (const field of ['sums', 'firsts', 'seconds'] as const) {
    for (let j = 0; j < into[field].length; j += 1) into[field][j]! += other[field][j]!;
  }
}

export interface HajekEstimate {
  readonly mean: number;
  readonly interval: readonly [low: number, high: number];
}

/** One estimate per component; NaN with an infinite interval while there are fewer than two observations. O(components). */
export function hajekEstimates(state: HajekState, confidence: number = 0.95): HajekEstimate[] {
  const effective = state.weights ** 2 / state.squaredWeights;
  return Array.from(state.sums, (sum, j) => {
    if (state.count < 2)
      return { mean: sum / state.weights, interval: [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] as const };
    const mean = sum / state.weights;
    const spread = state.seconds[j]! - 2 * mean * state.firsts[j]! + mean * mean * state.variances;
    const error = Math.sqrt((Math.max(0, spread) * state.count) / (state.count - 1)) / state.weights;
    const half = studentQuantile(0.5 + confidence / 2, Math.max(1, effective - 1)) * error;
    return { mean, interval: [mean - half, mean + half] as const };
  });
}
