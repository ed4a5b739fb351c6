import { expect, test } from 'vitest';
import { margins } from '../src/model/ensemble.ts';
import { parseLightgbmText } from '../src/model/lightgbm-text.ts';
import { playersOf } from '../src/model/players.ts';
import { parseSklearnTrees } from '../src/model/sklearn.ts';
import { parseXgboostJson } from '../src/model/xgboost.ts';
import { TreeExplainer } from '../src/tree/tree-explainer.ts';
import { interventionalValue, pathDependentValue, shapleyByEnumeration } from './enumeration.ts';
import { largestDifference, readGolden, rowsOf } from './golden.ts';

type Rows = readonly (readonly (number | null)[])[];
interface LightgbmCase {
  readonly name: string;
  readonly text: string;
  readonly rows: Rows;
  readonly contributions: readonly (readonly number[])[];
  readonly shap?: { readonly rows: readonly number[]; readonly values: readonly (readonly number[])[] };
}
interface XgboostCase {
  readonly name: string;
  readonly model: string;
  readonly rows: Rows;
  readonly contributions: readonly (readonly (number | readonly number[])[])[] | null;
}
interface SklearnCase {
  readonly name: string;
  readonly model: { readonly format: string };
  readonly rows: Rows;
  readonly shap?: readonly (readonly (number | readonly number[])[])[];
}
const lightgbm = readGolden<LightgbmCase>('lightgbm').models;
const xgboost = ['1.7', '2.1', '3.2'].flatMap((version) =>
  readGolden<XgboostCase>(`xgboost-${version}`).models.map((each) => ({ ...each, name: `${version} ${each.name}` })),
);
const sklearn = readGolden<SklearnCase>('sklearn').models.filter(({ model }) => model.format.includes('trees'));
const named = <Case extends { readonly name: string }>(cases: readonly Case[]): [string, Case][] =>
  cases.map((each) => [each.name, each]);

/** Attributions of each output followed by its base value, as `pred_contrib` lays them out. */
function withBase(explainer: TreeExplainer, row: Float64Array): number[] {
  const phi = explainer.explain(row);
  const players = explainer.players.names.length;
  return [...explainer.baseValues].flatMap((base, k) => [...phi.subarray(k * players, (k + 1) * players), base]);
}

test.each(named(lightgbm))('path-dependent, LightGBM %s: pred_contrib and shap to 1e-11', (name, each) => {
  const ensemble = parseLightgbmText(each.text);
  const explainer = new TreeExplainer(ensemble, { game: 'path-dependent' });
  const rows = rowsOf(each.rows);
  const trees = name === 'random-forest' ? ensemble.treeOutput.length : 1;
  for (const [at, row] of rows.entries()) {
    const expected = each.contributions[at]!.map((value) => value / trees);
    expect(largestDifference(withBase(explainer, row), expected)).toBeLessThanOrEqual(1e-11);
  }
  for (const [index, at] of (each.shap?.rows ?? []).entries()) {
    const expected = each.shap!.values[index]!.map((value) => value / trees);
    expect(largestDifference(explainer.explain(rows[at]!), expected)).toBeLessThanOrEqual(1e-11);
  }
});

test.each(named(xgboost.filter(({ contributions }) => contributions !== null)))(
  'path-dependent, XGBoost %s: pred_contribs to 1e-6',
  (_name, each) => {
    const explainer = new TreeExplainer(parseXgboostJson(each.model), { game: 'path-dependent' });
    for (const [at, row] of rowsOf(each.rows).entries()) {
      expect(largestDifference(withBase(explainer, row), each.contributions![at]!.flat())).toBeLessThanOrEqual(2e-6);
    }
  },
);

test.each(named(sklearn.filter(({ shap }) => shap !== undefined)))(
  'path-dependent, scikit-learn %s: shap to 1e-11',
  (_name, each) => {
    const ensemble = parseSklearnTrees(each.model);
    const explainer = new TreeExplainer(ensemble, { game: 'path-dependent' });
    const players = ensemble.featureNames.length;
    for (const [at, row] of rowsOf(each.rows).entries()) {
      const phi = explainer.explain(row);
      // shap lays multi-output values out as features × outputs.
      const expected = each.shap![at]!.map((value) => (typeof value === 'number' ? [value] : value));
      for (let k = 0; k < ensemble.outputs; k += 1) {
        const output = expected.map((values) => values[k]!);
        expect(largestDifference(phi.subarray(k * players, (k + 1) * players), output)).toBeLessThanOrEqual(1e-11);
      }
    }
  },
);

const everyModel = [
  ...lightgbm.map(({ name, text, rows }) => ({
    name: `LightGBM ${name}`,
    ensemble: parseLightgbmText(text),
    rows: rowsOf(rows),
  })),
  ...xgboost.map(({ name, model, rows }) => ({
    name: `XGBoost ${name}`,
    ensemble: parseXgboostJson(model),
    rows: rowsOf(rows),
  })),
  ...sklearn.map(({ name, model, rows }) => ({
    name: `scikit-learn ${name}`,
    ensemble: parseSklearnTrees(model),
    rows: rowsOf(rows),
  })),
];

test.each(named(everyModel))(
  '%s: both games equal enumeration to 1e-12, also with grouped players',
  (_name, { ensemble, rows }) => {
    const background = rows.slice(10, 22);
    for (const players of [
      playersOf(ensemble.featureNames),
      playersOf(ensemble.featureNames, { group: ensemble.featureNames.slice(1, 3) }),
    ]) {
      const P = players.names.length;
      const interventional = new TreeExplainer(ensemble, { game: 'interventional', background }, { players });
      const pathDependent = new TreeExplainer(ensemble, { game: 'path-dependent' }, { players });
      for (const row of [...rows.slice(0, 3), rows.at(-1)!]) {
        for (let k = 0; k < ensemble.outputs; k += 1) {
          const values = interventional.explain(row).subarray(k * P, (k + 1) * P);
          const expected = shapleyByEnumeration(P, interventionalValue(ensemble, players, row, background, k));
          expect(largestDifference(values, expected)).toBeLessThanOrEqual(1e-12);
          const path = pathDependent.explain(row).subarray(k * P, (k + 1) * P);
          const expectedPath = shapleyByEnumeration(P, pathDependentValue(ensemble, players, row, k));
          expect(largestDifference(path, expectedPath)).toBeLessThanOrEqual(1e-12);
        }
      }
    }
  },
);

test.each(named(everyModel))('%s: attributions and base value add up to the margin', (_name, { ensemble, rows }) => {
  const P = ensemble.featureNames.length;
  for (const game of [{ game: 'path-dependent' }, { game: 'interventional', background: rows.slice(0, 20) }] as const) {
    const explainer = new TreeExplainer(ensemble, game);
    const all = explainer.explainAll(rows);
    for (const [at, row] of rows.entries()) {
      const margin = margins(ensemble, row);
      for (let k = 0; k < ensemble.outputs; k += 1) {
        const from = (at * ensemble.outputs + k) * P;
        const sum = all.subarray(from, from + P).reduce((a, b) => a + b, explainer.baseValues[k]!);
        expect(Math.abs(sum - margin[k]!)).toBeLessThanOrEqual(1e-10 * (1 + Math.abs(margin[k]!)));
      }
    }
  }
});
