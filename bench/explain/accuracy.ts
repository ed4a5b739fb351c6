/** Gates 1 to 4 on the golden files: differences to the libraries and to enumeration, and additivity over random rows. */
import { margins, type TreeEnsemble } from '../../packages/explain/src/model/ensemble.ts';
import { parseLightgbmText } from '../../packages/explain/src/model/lightgbm-text.ts';
import { playersOf } from '../../packages/explain/src/model/players.ts';
import { parseXgboostJson } from '../../packages/explain/src/model/xgboost.ts';
import { TreeExplainer } from '../../packages/explain/src/tree/tree-explainer.ts';
import {
  interventionalValue,
  pathDependentValue,
  shapleyByEnumeration,
} from '../../packages/explain/test/enumeration.ts';
import { largestDifference, readGolden, rowsOf } from '../../packages/explain/test/golden.ts';
import { normalDraw, seeded } from '../../packages/explain/test/random.ts';
import { gate } from './verdicts.ts';

type Rows = (number | null)[][];
const lightgbm = readGolden<{ name: string; text: string; rows: Rows; contributions: number[][] }>(
  'lightgbm',
).models.map((each) => ({
  ...each,
  ensemble: parseLightgbmText(each.text),
}));
const xgboost = ['1.7', '2.1', '3.2'].flatMap((version) =>
  readGolden<{ name: string; model: string; rows: Rows; contributions: (number | number[])[][] | null }>(
    `xgboost-${version}`,
  ).models.map((each) => ({
    ...each,
    ensemble: parseXgboostJson(each.model),
  })),
);

export function accuracy(): void {
  let worst = 0;
  for (const { name, ensemble, rows, contributions } of lightgbm) {
    const trees = name === 'random-forest' ? ensemble.treeOutput.length : 1;
    worst = Math.max(
      worst,
      differenceTo(ensemble, rows, (at) => contributions[at]!.map((value) => value / trees)),
    );
  }
  gate(
    '1',
    `path-dependent, ${lightgbm.length} LightGBM models, largest difference to pred_contrib (bar 1e-11)`,
    worst.toExponential(1),
    worst <= 1e-11,
  );
  let worstXgboost = 0;
  for (const { ensemble, rows, contributions } of xgboost) {
    if (contributions === null) continue;
    worstXgboost = Math.max(
      worstXgboost,
      differenceTo(ensemble, rows, (at) => contributions[at]!.flat()),
    );
  }
  gate(
    '2',
    'path-dependent, XGBoost 1.7, 2.1, 3.2, largest relative difference to pred_contribs (bar 1e-6)',
    worstXgboost.toExponential(1),
    worstXgboost <= 1e-6,
  );
  gate('2', 'the same against enumeration in float64 (bar 1e-12)', ...enumerated(xgboost, 'path-dependent', 1e-12));
  gate(
    '3',
    'interventional, all golden models, against enumeration (bar 1e-12)',
    ...enumerated([...lightgbm, ...xgboost], 'interventional', 1e-12),
  );
  additivity();
}

function differenceTo(ensemble: TreeEnsemble, rows: Rows, expected: (at: number) => number[]): number {
  const explainer = new TreeExplainer(ensemble, { game: 'path-dependent' });
  const players = explainer.players.names.length;
  let worst = 0;
  for (const [at, row] of rowsOf(rows).entries()) {
    const phi = explainer.explain(row);
    const laidOut = [...explainer.baseValues].flatMap((base, k) => [
      ...phi.subarray(k * players, (k + 1) * players),
      base,
    ]);
    worst = Math.max(worst, largestDifference(laidOut, expected(at)));
  }
  return worst;
}

function enumerated(
  models: readonly { ensemble: TreeEnsemble; rows: Rows }[],
  game: 'path-dependent' | 'interventional',
  bar: number,
): [string, boolean] {
  let worst = 0;
  for (const { ensemble, rows: golden } of models) {
    const rows = rowsOf(golden);
    const background = rows.slice(5, 35);
    const players = playersOf(ensemble.featureNames);
    const P = players.names.length;
    const explainer = new TreeExplainer(ensemble, game === 'interventional' ? { game, background } : { game });
    for (const row of rows.slice(0, 4)) {
      for (let k = 0; k < ensemble.outputs; k += 1) {
        const value =
          game === 'interventional'
            ? interventionalValue(ensemble, players, row, background, k)
            : pathDependentValue(ensemble, players, row, k);
        const found = explainer.explain(row).subarray(k * P, (k + 1) * P);
        worst = Math.max(worst, largestDifference(found, shapleyByEnumeration(P, value)));
      }
    }
  }
  return [worst.toExponential(1), worst <= bar];
}

function additivity(): void {
  const uniform = seeded(4);
  let worst = 0;
  let count = 0;
  for (const { ensemble, rows: golden } of [...lightgbm, ...xgboost]) {
    const rows = Array.from({ length: 27_800 }, () =>
      Float64Array.from(ensemble.featureNames, () => (uniform() < 0.05 ? Number.NaN : normalDraw(uniform))),
    );
    const P = ensemble.featureNames.length;
    const explainer = new TreeExplainer(
      ensemble,
      count % 2 === 0
        ? { game: 'path-dependent' }
        : { game: 'interventional', background: rowsOf(golden).slice(0, 20) },
    );
    const phi = explainer.explainAll(rows);
    for (const [at, row] of rows.entries()) {
      const margin = margins(ensemble, row);
      for (let k = 0; k < ensemble.outputs; k += 1) {
        let sum = explainer.baseValues[k]!;
        for (let j = 0; j < P; j += 1) sum += phi[(at * ensemble.outputs + k) * P + j]!;
        worst = Math.max(worst, Math.abs(sum - margin[k]!) / (1 + Math.abs(margin[k]!)));
      }
    }
    count += rows.length;
  }
  gate('4', `additivity over ${count} random rows (bar 1e-10)`, worst.toExponential(1), worst <= 1e-10);
}
