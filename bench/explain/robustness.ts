/** Gate 24: damaged model files are read or refused with a reason, never anything else. Gate 23, the part of the kernel: the same record again. */
import { ExplainError } from '../../packages/explain/src/errors.ts';
import { margins } from '../../packages/explain/src/model/ensemble.ts';
import { parseLightgbmJson } from '../../packages/explain/src/model/lightgbm-json.ts';
import { parseLightgbmText } from '../../packages/explain/src/model/lightgbm-text.ts';
import { parseSklearnTrees } from '../../packages/explain/src/model/sklearn.ts';
import { parseXgboostJson } from '../../packages/explain/src/model/xgboost.ts';
import { TreeExplainer } from '../../packages/explain/src/tree/tree-explainer.ts';
import { readGolden, rowsOf } from '../../packages/explain/test/golden.ts';
import { seeded } from '../../packages/explain/test/random.ts';
import { gate } from './verdicts.ts';

export function robustness(): void {
  const lightgbm = readGolden<{ text: string; dump?: object; rows: (number | null)[][] }>('lightgbm').models;
  const documents = [
    { parse: parseLightgbmText, text: lightgbm[4]!.text },
    { parse: parseLightgbmJson, text: JSON.stringify(lightgbm[4]!.dump) },
    { parse: parseXgboostJson, text: readGolden<{ model: string }>('xgboost-3.2').models[7]!.model },
    { parse: parseSklearnTrees, text: JSON.stringify(readGolden<{ model: object }>('sklearn').models[1]!.model) },
  ];
  const uniform = seeded(2400);
  let refused = 0;
  let crashed = 0;
  const rounds = 5000;
  for (let round = 0; round < rounds; round += 1) {
    const { parse, text } = documents[round % documents.length]!;
    const from = Math.floor(uniform() * text.length);
    const damaged =
      text.slice(0, from) +
      ['', '-', '9e999', 'null', '[]', '"x"', '4294967296'][Math.floor(uniform() * 7)]! +
      text.slice(from + Math.floor(uniform() * 20));
    try {
      const ensemble = parse(damaged);
      margins(ensemble, new Float64Array(ensemble.featureNames.length));
    } catch (error) {
      if (error instanceof ExplainError) refused += 1;
      else crashed += 1;
    }
  }
  gate(
    '24',
    `${rounds} damaged model files`,
    `${refused} refused with a reason, ${crashed} crashes`,
    crashed === 0 && refused > rounds / 4,
  );
  const ensemble = parseLightgbmText(lightgbm[0]!.text);
  const rows = rowsOf(lightgbm[0]!.rows);
  const again = [0, 1].map(
    () => new TreeExplainer(ensemble, { game: 'interventional', background: rows.slice(0, 10) }),
  );
  const all = again[0]!.explainAll(rows);
  // Other rows before it and another batch size must not change a bit.
  const equal = rows.toReversed().every((row, at) => {
    const index = rows.length - 1 - at;
    const phi = again[1]!.explain(row);
    return phi.every((value, j) => Object.is(value, all[index * phi.length + j]));
  });
  gate(
    '23',
    'recomputed in another order: bit-identical (kills and rebalances are the service’s part)',
    String(equal),
    equal,
  );
}
