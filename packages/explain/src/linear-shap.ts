/**
 * Exact Shapley values of linear models, interventional game: φ_j = w_j (x_j − mean_j), base value = the margin at the means. Independent of
 * the background's correlations, since a linear model's coalition value is linear in the background.
 * Source: Štrumbelj and Kononenko (2014), section 3.
 */
import { ExplainError } from './errors.ts';
import { requireRow } from './model/ensemble.ts';
import { type LinearModel, linearMargins } from './model/linear.ts';
import { type Players, playersOf } from './model/players.ts';

/**
 * @param means of the background's features, M finite numbers
 * @returns baseValues (K) and attributions (K × P). O(K·M). @throws {ExplainError} BAD_ROW, BAD_ARGUMENT
 */
export function linearShap(
  model: LinearModel,
  means: ArrayLike<number>,
  row: ArrayLike<number>,
  players: Players = playersOf(model.featureNames),
): { readonly baseValues: Float64Array; readonly attributions: Float64Array } {
  requireRow(model, row);
  for (let j = 0; j < means.length; j += 1) {
    if (!Number.isFinite(means[j]))
      throw new ExplainError('BAD_ARGUMENT', `the mean of feature ${j} is ${means[j]}; finite means are needed`);
  }
  const baseValues = linearMargins(model, means);
  const attributions = new Float64Array(model.outputs * players.names.length);
  for (let k = 0; k < model.outputs; k += 1) {
    for (let j = 0; j < row.length; j += 1) {
      attributions[k * players.names.length + players.ofFeature[j]!]! +=
        model.weights[k * row.length + j]! * (row[j]! - means[j]!);
    }
  }
  return { baseValues, attributions };
}
