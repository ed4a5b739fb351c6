/** Linear and logistic models: K margins, each a weighted sum of the M features plus an intercept. */
import { ExplainError } from '../errors.ts';
import { requireRow } from './ensemble.ts';
import { arrayAt, type Json, namesOf, numberAt, numbersAt, objectAt, parseJson, wholeAt } from './json-fields.ts';
import { applyLink, type Link } from './link.ts';
import { linkAt } from './sklearn.ts';

export interface LinearModel {
  readonly featureNames: readonly string[];
  readonly outputs: number;
  /** K × M, output by output. */
  readonly weights: Float64Array;
  readonly intercepts: Float64Array;
  readonly link: Link;
  /** What is done to each feature before it is weighed; absent: nothing. The model stays a sum of functions of one feature each. */
  readonly scaling?: InputScaling;
}

/** Input j is (x_j − centre_j) / scale_j, held within [−clip, clip]; an input of scale 0 is 0. */
export interface InputScaling {
  readonly centre: Float64Array;
  readonly scale: Float64Array;
  /** > 0; Infinity: not held. */
  readonly clip: number;
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
    ...(model['inputs'] === undefined ? {} : { scaling: scalingOf(objectAt('inputs', model['inputs']), features) }),
  };
}

function scalingOf(inputs: Json, features: number): InputScaling {
  const centre = Float64Array.from(numbersAt('inputs.centre', inputs['centre']));
  const scale = Float64Array.from(numbersAt('inputs.scale', inputs['scale']));
  const clip = inputs['clip'] === undefined ? Number.POSITIVE_INFINITY : numberAt('inputs.clip', inputs['clip']);
  if (centre.length !== features || scale.length !== features || scale.some((each) => each < 0) || !(clip > 0)) {
    throw new ExplainError(
      'BAD_MODEL',
      `inputs has ${centre.length} centres, ${scale.length} scales and clip ${clip}; it must have one centre and one scale of at least 0 for each of ${features} features, and a clip above 0`,
    );
  }
  return { centre, scale, clip };
}

/** What the weights are multiplied with: the features, scaled where the model scales them. O(M). @throws {ExplainError} BAD_ROW */
export function linearInputs(model: LinearModel, row: ArrayLike<number>): Float64Array {
  requireRow(model, row);
  const inputs = Float64Array.from(row);
  if (model.scaling === undefined) return inputs;
  const { centre, scale, clip } = model.scaling;
  for (let j = 0; j < inputs.length; j += 1) {
    const standard = scale[j] === 0 ? 0 : (inputs[j]! - centre[j]!) / scale[j]!;
    inputs[j] = Math.max(-clip, Math.min(clip, standard));
  }
  return inputs;
}

/** The K margins. O(K·M). @throws {ExplainError} BAD_ROW */
export function linearMargins(model: LinearModel, row: ArrayLike<number>): Float64Array {
  return marginsOfInputs(model, linearInputs(model, row));
}

/** The K margins of what `linearInputs` gives, or of means of it. O(K·M). */
export function marginsOfInputs(model: LinearModel, inputs: ArrayLike<number>): Float64Array {
  const features = model.featureNames.length;
  return model.intercepts.map((intercept, k) => {
    let sum = intercept;
    for (let j = 0; j < features; j += 1) sum += model.weights[k * features + j]! * inputs[j]!;
    return sum;
  });
}

/** Margins through the link. O(K·M). @throws {ExplainError} BAD_ROW */
export function linearPredict(model: LinearModel, row: ArrayLike<number>): Float64Array {
  const values = linearMargins(model, row);
  applyLink(model.link, values);
  return values;
}
