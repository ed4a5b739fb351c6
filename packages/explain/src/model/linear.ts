/** Linear and logistic models: K margins, each a weighted sum of the M features plus an intercept. */
import { ExplainError } from '../errors.ts';
import { requireRow } from './ensemble.ts';
import { arrayAt, namesOf, numbersAt, parseJson, wholeAt } from './json-fields.ts';
import { applyLink, type Link } from './link.ts';
import { linkAt } from './sklearn.ts';

export interface LinearModel {
  readonly featureNames: readonly string[];
  readonly outputs: number;
  /** K × M, output by output. */
  readonly weights: Float64Array;
  readonly intercepts: Float64Array;
  readonly link: Link;
}

export const SKLEARN_LINEAR = 'weir.sklearn-linear/1';

/** @param input JSON of `python/export_sklearn.py`, as text or parsed. @throws {ExplainError} BAD_MODEL */
export function parseSklearnLinear(input: string | object): LinearModel {
  const model = parseJson(input);
  if (model['format'] !== SKLEARN_LINEAR) {
    throw new ExplainError(
      'BAD_MODEL',
      `the field format is ${JSON.stringify(model['format'])}, but must be "${SKLEARN_LINEAR}"; export with python/export_sklearn.py`,
    );
  }
  const features = wholeAt('features', model['features']);
  const weights = arrayAt('weights', model['weights']).map((row, k) => numbersAt(`weights[${k}]`, row));
  const intercepts = numbersAt('intercepts', model['intercepts']);
  if (weights.length === 0 || weights.length !== intercepts.length || weights.some((row) => row.length !== features)) {
    throw new ExplainError(
      'BAD_MODEL',
      `weights must hold ${intercepts.length} rows of ${features} numbers, one row per intercept; export the model again`,
    );
  }
  return {
    featureNames: namesOf(model['feature_names'], features),
    outputs: weights.length,
    weights: Float64Array.from(weights.flat()),
    intercepts: Float64Array.from(intercepts),
    link: linkAt(model['link']),
  };
}

/** The K margins. O(K·M). @throws {ExplainError} BAD_ROW */
export function linearMargins(model: LinearModel, row: ArrayLike<number>): Float64Array {
  requireRow(model, row);
  const features = row.length;
  return model.intercepts.map((intercept, k) => {
    let sum = intercept;
    for (let j = 0; j < features; j += 1) sum += model.weights[k * features + j]! * row[j]!;
    return sum;
  });
}

/** Margins through the link. O(K·M). @throws {ExplainError} BAD_ROW */
export function linearPredict(model: LinearModel, row: ArrayLike<number>): Float64Array {
  const values = linearMargins(model, row);
  applyLink(model.link, values);
  return values;
}
