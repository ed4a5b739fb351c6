import { expect, test } from 'vitest';
import { asCompared } from '../src/model/ensemble.ts';
import { parseLightgbmText } from '../src/model/lightgbm-text.ts';
import { playersOf } from '../src/model/players.ts';
import { gaussLegendre } from '../src/tree/gauss-legendre.ts';
import { pathsOf } from '../src/tree/paths.ts';
import { Quadrature } from '../src/tree/quadrature.ts';
import { TreeExplainer } from '../src/tree/tree-explainer.ts';
import { TwoWayWalk } from '../src/tree/two-way-walk.ts';
import { largestDifference, readGolden, rowsOf } from './golden.ts';

test('n points integrate powers up to 2n − 1 on [0, 1] exactly', () => {
  for (const n of [1, 2, 3, 8, 16, 40]) {
    const { nodes, weights } = gaussLegendre(n);
    for (let power = 0; power < 2 * n; power += 1) {
      const integral = nodes.reduce((sum, x, at) => sum + weights[at]! * x ** power, 0);
      expect(Math.abs(integral * (power + 1) - 1)).toBeLessThan(1e-13);
    }
  }
});

const models = readGolden<{ name: string; text: string; rows: (number | null)[][] }>('lightgbm').models;

test.each(models.map((each) => [each.name, each] as const))(
  '%s: quadrature and the two-way walk give what the tables give',
  (_name, each) => {
    const ensemble = parseLightgbmText(each.text);
    const players = playersOf(ensemble.featureNames);
    const P = players.names.length;
    const rows = rowsOf(each.rows);
    const background = rows.slice(0, 8);
    const quadrature = new Quadrature(ensemble, pathsOf(ensemble, players.ofFeature));
    const walk = new TwoWayWalk(ensemble, players.ofFeature, P);
    const pathDependent = new TreeExplainer(ensemble, { game: 'path-dependent' });
    const interventional = new TreeExplainer(ensemble, { game: 'interventional', background });
    for (const row of rows) {
      const byQuadrature = new Float64Array(ensemble.outputs * P);
      const byWalk = new Float64Array(ensemble.outputs * P);
      for (let tree = 0; tree < ensemble.treeOutput.length; tree += 1) {
        quadrature.add(tree, row, 0, byQuadrature, 0, P);
        for (const other of background)
          walk.add(tree, row, asCompared(ensemble, other), 1 / background.length, byWalk, 0);
      }
      expect(largestDifference(byQuadrature, pathDependent.explain(row))).toBeLessThan(1e-12);
      expect(largestDifference(byWalk, interventional.explain(row))).toBeLessThan(1e-12);
    }
  },
);

test('a cache of any size gives the same bits', () => {
  const ensemble = parseLightgbmText(models[9]!.text);
  const rows = rowsOf(models[9]!.rows);
  const large = new TreeExplainer(ensemble, { game: 'path-dependent' });
  const small = new TreeExplainer(ensemble, { game: 'path-dependent' }, { maxBytes: 1 });
  for (let round = 0; round < 3; round += 1) expect(small.explainAll(rows)).toEqual(large.explainAll(rows));
});
