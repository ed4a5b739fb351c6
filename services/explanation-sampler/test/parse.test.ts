import { expect, test } from 'vitest';
import { readGolden } from '../../../packages/explain/test/golden.ts';
import { parseModel } from '../src/models/parse.ts';

const lightgbm = readGolden<{ text: string; dump?: object }>('lightgbm').models;
const xgboost = ['1.7', '2.1', '3.2'].flatMap((version) => readGolden<{ model: string }>(`xgboost-${version}`).models);
const sklearn = readGolden<{ model: object }>('sklearn').models;

test('every golden model is read by the parser of the tool that wrote it', () => {
  const sourceOf = (text: string): string => {
    const model = parseModel(text);
    return model.type === 'linear' ? 'linear' : model.ensemble.source;
  };
  for (const { text, dump } of lightgbm) {
    const written = [text, ...(dump === undefined ? [] : [JSON.stringify(dump)])];
    expect(written.map(sourceOf)).toEqual(written.map(() => 'LightGBM'));
  }
  for (const { model } of xgboost) expect(sourceOf(model)).toBe('XGBoost');
  for (const { model } of sklearn) expect(['scikit-learn', 'linear']).toContain(sourceOf(JSON.stringify(model)));
});

test.each([
  ['{L\u0000\u0000\u0007learner{', /binary JSON; save it with booster\.save_model\('model\.json'\)/],
  ['\uFFFD\u0004\uFFFD\uFFFDsklearn', /is a pickle.*export_sklearn\.py/],
  ['{"trees": [], "kind": 1}', /the fields trees, kind, which is none of those/],
  ['PAR1', /begins with "PAR1"; give a LightGBM text/],
])('%j is refused with what to do', (text, message) => {
  expect(() => parseModel(text)).toThrow(message);
});
