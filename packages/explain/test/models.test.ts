import { expect, test } from 'vitest';
import { margins, predict } from '../src/model/ensemble.ts';
import { parseLightgbmJson } from '../src/model/lightgbm-json.ts';
import { parseLightgbmText } from '../src/model/lightgbm-text.ts';
import { linearPredict, parseSklearnLinear } from '../src/model/linear.ts';
import { parseSklearnTrees } from '../src/model/sklearn.ts';
import { parseXgboostJson } from '../src/model/xgboost.ts';
import { largestDifference, outputsOf, readGolden, rowsOf } from './golden.ts';

type Rows = readonly (readonly (number | null)[])[];
interface LightgbmCase {
  readonly name: string;
  readonly text: string;
  readonly dump?: object;
  readonly rows: Rows;
  readonly margin: readonly number[];
  readonly prediction: readonly number[];
}
interface XgboostCase extends Omit<LightgbmCase, 'text' | 'dump'> {
  readonly model: string;
}
interface SklearnCase {
  readonly name: string;
  readonly model: { readonly format: string };
  readonly rows: Rows;
  readonly prediction: readonly (number | number[])[];
  readonly margin?: readonly (number | number[])[];
}

const lightgbm = readGolden<LightgbmCase>('lightgbm').models;

test.each(lightgbm.map((each) => [each.name, each] as const))(
  'LightGBM text, %s: margins and predictions of LightGBM',
  (_name, each) => {
    const ensemble = parseLightgbmText(each.text);
    // LightGBM's raw score of a forest is the sum of its trees, its prediction their mean; here both are the mean.
    const trees = each.name === 'random-forest' ? ensemble.treeOutput.length : 1;
    const margin = outputsOf(each.margin).map((row) => row.map((value) => value / trees));
    const prediction = outputsOf(each.prediction);
    for (const [at, row] of rowsOf(each.rows).entries()) {
      expect(largestDifference(margins(ensemble, row), margin[at]!)).toBeLessThanOrEqual(1e-14);
      expect(largestDifference(predict(ensemble, row), prediction[at]!)).toBeLessThanOrEqual(1e-14);
    }
  },
);

const dumps = lightgbm.filter(({ dump }) => dump !== undefined);
test.each(dumps.map((each) => [each.name, each] as const))(
  'LightGBM dump, %s: the same ensemble as the text',
  (_name, each) => {
    expect(parseLightgbmJson(JSON.stringify(each.dump))).toEqual(parseLightgbmText(each.text));
  },
);

test.each(
  ['1.7', '2.1', '3.2'].flatMap((version) =>
    readGolden<XgboostCase>(`xgboost-${version}`).models.map((each) => [version, each.name, each] as const),
  ),
)('XGBoost %s, %s: margins and predictions of XGBoost', (_version, _name, each) => {
  const ensemble = parseXgboostJson(each.model);
  const margin = outputsOf(each.margin);
  const prediction = outputsOf(each.prediction);
  for (const [at, row] of rowsOf(each.rows).entries()) {
    // XGBoost sums in float32.
    expect(largestDifference(margins(ensemble, row), margin[at]!)).toBeLessThanOrEqual(1e-6);
    expect(largestDifference(predict(ensemble, row), prediction[at]!)).toBeLessThanOrEqual(1e-6);
  }
});

test.each(readGolden<SklearnCase>('sklearn').models.map((each) => [each.name, each] as const))(
  'scikit-learn %s: its predictions',
  (_name, each) => {
    const linear = each.model.format.includes('linear');
    const predictor = linear
      ? { model: parseSklearnLinear(each.model), of: linearPredict }
      : { model: parseSklearnTrees(each.model), of: predict };
    const prediction = outputsOf(each.prediction);
    for (const [at, row] of rowsOf(each.rows).entries()) {
      const found = (predictor.of as (model: unknown, row: Float64Array) => Float64Array)(predictor.model, row);
      // A binary classifier has one margin; scikit-learn lists both classes.
      const values = found.length === 1 && prediction[at]!.length === 2 ? [1 - found[0]!, found[0]!] : found;
      expect(largestDifference(values, prediction[at]!)).toBeLessThanOrEqual(1e-14);
    }
  },
);
