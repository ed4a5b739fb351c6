/**
 * Exact Shapley values of linear models, interventional game: φ_j = w_j (z_j − mean_j), where z_j is the scaled feature, base value = the
 * margin at the means. Independent of the background's correlations, since the model is a sum of functions of one feature each.
 * Source: Štrumbelj and Kononenko (2014), section 3.
 */
import { ExplainError } from './errors.ts';
import { type LinearModel, linearInputs, marginsOfInputs } from './model/linear.ts';
import { type Players, playersOf } from './model/players.ts';

/**
 * @param means of the background's scaled features, M finite numbers: `meanInputs`
 * @returns baseValues (K) and attributions (K × P). O(K·M). @throws {ExplainError} BAD_ROW, BAD_ARGUMENT
 */
export function linearShap(
  model: LinearModel,
  means: ArrayLike<number>,
  row: ArrayLike<number>,
  players: Players = playersOf(model.featureNames),
): { readonly baseValues: Float64Array; readonly attributions: Float64Array } {
  const inputs = linearInputs(model, row);
  for (let j = 0; j < means.length; j += 1) {
    if (!Number.isFinite(means[j]))
      throw new ExplainError('BAD_ARGUMENT', `the mean of feature ${j} is ${means[j]}; finite means are needed`);
  }
  const baseValues = marginsOfInputs(model, means);
  const attributions = new Float64Array(model.outputs * players.names.length);
  for (let k = 0; k < model.outputs; k += 1) {
    for (let j = 0; j < row.length; j += 1) {
      attributions[k * players.names.length + players.ofFeature[j]!]! +=
        model.weights[k * row.length + j]! * (inputs[j]! - means[j]!);
    }
  }
  return { baseValues, attributions };
}

/** Mean of each scaled feature over the background. O(rows · M). @throws {ExplainError} BAD_ROW, BAD_ARGUMENT when there is no row */
export function meanInputs(model: LinearModel, background: readonly ArrayLike<number>[]): Float64Array {
  if (background.length === 0)
    throw new ExplainError('BAD_ARGUMENT', 'the background has no row; a mean needs at least one');
  const sums = new Float64Array(model.featureNames.length);
  for (const row of background) {
    const inputs = linearInputs(model, row);
    for (let j = 0; j < sums.length; j += 1) sums[j]! += inputs[j]!;
  }
  return sums.map((sum) => sum / background.length);
}
