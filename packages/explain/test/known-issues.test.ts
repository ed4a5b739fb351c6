/** Faults that users of other tools reported, each by its issue: they must not come back here. */
import { expect, test } from 'vitest';
import { margins } from '../src/model/ensemble.ts';
import { parseLightgbmText } from '../src/model/lightgbm-text.ts';
import { playersOf } from '../src/model/players.ts';
import { parseXgboostJson } from '../src/model/xgboost.ts';
import { TreeExplainer } from '../src/tree/tree-explainer.ts';
import { interventionalValue, shapleyByEnumeration } from './enumeration.ts';
import { largestDifference, readGolden, rowsOf } from './golden.ts';
import { normalDraw, seeded } from './random.ts';

const models = new Map(
  readGolden<{ name: string; text: string; rows: (number | null)[][] }>('lightgbm').models.map((each) => [
    each.name,
    each,
  ]),
);
const modelOf = (name: string): ReturnType<typeof parseLightgbmText> => parseLightgbmText(models.get(name)!.text);
const xgboost = readGolden<{ model: string; rows: (number | null)[][] }>('xgboost-3.2').models[0]!;

test.each([
  ['5E-1', 0.5],
  ['[5E-1]', 0.5],
  ['[2.5E-1]', 0.25],
])('shap #4184, #4202, #4288, onnxmltools #732: base_score %s of XGBoost is read', (written, value) => {
  const changed = xgboost.model.replace(/"base_score":"[^"]*"/, `"base_score":"${written}"`);
  expect(parseXgboostJson(changed).base[0]).toBe(value);
});

test('shap #3461: a background of more than 100 rows is used whole', () => {
  const ensemble = modelOf('regression');
  const uniform = seeded(3461);
  const background = Array.from({ length: 150 }, () => Float64Array.from({ length: 6 }, () => normalDraw(uniform)));
  const row = background[0]!.map((x) => x + 0.5);
  const explainer = new TreeExplainer(ensemble, { game: 'interventional', background });
  const expected = shapleyByEnumeration(
    6,
    interventionalValue(ensemble, playersOf(ensemble.featureNames), row, background, 0),
  );
  expect(largestDifference(explainer.explain(row), expected)).toBeLessThan(1e-12);
  const cut = new TreeExplainer(ensemble, { game: 'interventional', background: background.slice(0, 100) });
  expect(largestDifference(cut.explain(row), expected)).toBeGreaterThan(1e-3);
});

test('float32 thresholds: additivity on a feature in unix seconds holds to 1e-10, where a float32 threshold would send rows the other way', () => {
  const ensemble = modelOf('unix-seconds');
  const rows = rowsOf(models.get('unix-seconds')!.rows);
  const thresholds = [...ensemble.threshold].filter((threshold) => threshold > 1e9);
  expect(thresholds.some((threshold) => Math.abs(Math.fround(threshold) - threshold) > 10)).toBe(true);
  const explainer = new TreeExplainer(ensemble, { game: 'interventional', background: rows.slice(0, 30) });
  for (const row of rows) {
    const sum = explainer.explain(row).reduce((a, b) => a + b, explainer.baseValues[0]!);
    expect(Math.abs(sum - margins(ensemble, row)[0]!)).toBeLessThan(1e-10);
  }
});

test('LightGBM with use_missing=false reads NaN as 0, not as the default side', () => {
  const ensemble = modelOf('no-missing');
  const explainer = new TreeExplainer(ensemble, { game: 'path-dependent' });
  const missing = Float64Array.of(Number.NaN, 1, Number.NaN, -1, 0.5, Number.NaN);
  const zeros = missing.map((x) => (Number.isNaN(x) ? 0 : x));
  expect(explainer.explain(missing)).toEqual(explainer.explain(zeros));
});

test('alibi #879, explainerdashboard #293: columns that play as one get one value; the sum of absolute values of the parts is larger', () => {
  const ensemble = modelOf('regression');
  const rows = rowsOf(models.get('regression')!.rows).slice(10, 40);
  const players = playersOf(ensemble.featureNames, { together: ensemble.featureNames.slice(1, 4) });
  const grouped = new TreeExplainer(ensemble, { game: 'interventional', background: rows }, { players });
  const apart = new TreeExplainer(ensemble, { game: 'interventional', background: rows });
  const at = players.names.indexOf('together');
  let ofGroup = 0;
  let ofParts = 0;
  for (const row of rows) {
    ofGroup += Math.abs(grouped.explain(row)[at]!);
    ofParts += apart
      .explain(row)
      .subarray(1, 4)
      .reduce((sum, phi) => sum + Math.abs(phi), 0);
  }
  expect(ofParts).toBeGreaterThan(1.05 * ofGroup);
});

test('unknown features and double membership of a group are refused by name', () => {
  expect(() => playersOf(['a', 'b'], { g: ['c'] })).toThrow('"c"');
  expect(() => playersOf(['a', 'b'], { g: ['a'], h: ['a'] })).toThrow('"a"');
});
