/** Files that are damaged, malicious or of a kind not read: refused with a reason, never a crash, a hang or another error. */
import { expect, test } from 'vitest';
import { ExplainError } from '../src/errors.ts';
import { margins } from '../src/model/ensemble.ts';
import { EnsembleBuilder, type ParsedNode } from '../src/model/ensemble-builder.ts';
import { parseLightgbmJson } from '../src/model/lightgbm-json.ts';
import { parseLightgbmText } from '../src/model/lightgbm-text.ts';
import { parseSklearnTrees } from '../src/model/sklearn.ts';
import { parseXgboostJson } from '../src/model/xgboost.ts';
import { TreeExplainer } from '../src/tree/tree-explainer.ts';
import { pathDependentValue, shapleyByEnumeration } from './enumeration.ts';
import { largestDifference, readGolden } from './golden.ts';
import { seeded } from './random.ts';

const lightgbm = readGolden<{ text: string; dump?: object }>('lightgbm').models;
const documents = [
  { name: 'LightGBM text', parse: parseLightgbmText, text: lightgbm[4]!.text },
  { name: 'LightGBM dump', parse: parseLightgbmJson, text: JSON.stringify(lightgbm[4]!.dump) },
  { name: 'XGBoost', parse: parseXgboostJson, text: readGolden<{ model: string }>('xgboost-3.2').models[7]!.model },
  {
    name: 'scikit-learn',
    parse: parseSklearnTrees,
    text: JSON.stringify(readGolden<{ model: object }>('sklearn').models[1]!.model),
  },
] as const;

/** What became of a file: read and usable, or refused; anything else throws. */
function read(parse: (text: string) => ReturnType<typeof parseLightgbmText>, text: string): 'read' | 'refused' {
  try {
    const ensemble = parse(text);
    margins(ensemble, new Float64Array(ensemble.featureNames.length));
    return 'read';
  } catch (error) {
    if (error instanceof ExplainError && error.message.length > 20) return 'refused';
    throw error;
  }
}

test.each(documents.map((each) => [each.name, each] as const))(
  '%s: 300 damaged files are read or refused',
  (_name, { parse, text }) => {
    const uniform = seeded(24);
    const pieces = ['', '-', '9e999', 'NaN', 'null', '[]', '{}', '"x"', '-1', '4294967296', '\n', '=', '1e9'];
    let refused = 0;
    for (let round = 0; round < 300; round += 1) {
      const from = Math.floor(uniform() * text.length);
      const length = Math.floor(uniform() * (round % 3 === 0 ? text.length - from : 12));
      const damaged = text.slice(0, from) + pieces[Math.floor(uniform() * pieces.length)]! + text.slice(from + length);
      if (read(parse, damaged) === 'refused') refused += 1;
    }
    expect(refused).toBeGreaterThan(50);
  },
);

const head = {
  source: 'test',
  featureNames: ['a', 'b', 'c'],
  outputs: 1,
  base: [0],
  link: { kind: 'identity' },
  precision: 'float64',
} as const;
const split = (feature: number, left: number, right: number, cover: number): ParsedNode => ({
  feature,
  left,
  right,
  cover,
  routing: 2,
  split: { threshold: 0 },
});
const leaf = (value: number, cover: number): ParsedNode => ({ values: [value], cover });

test.each([
  ['a cycle', [split(0, 0, 1, 1), leaf(1, 1)], 'two ways'],
  ['a shared child', [split(0, 1, 1, 1), leaf(1, 1)], 'two ways'],
  ['a dangling child', [split(0, 1, 7, 1), leaf(1, 1)], 'node 7'],
  ['an unknown feature', [split(3, 1, 2, 1), leaf(1, 1), leaf(1, 1)], 'feature 3'],
  ['a leaf that is no number', [leaf(Number.NaN, 1)], 'leaf value'],
  ['a negative cover', [leaf(1, -1)], 'cover -1'],
] as const)('%s is refused by name', (_name, nodes, message) => {
  expect(() => new EnsembleBuilder(head).addTree(nodes, 0)).toThrow(message);
});

test('linear trees, vector leaves, unknown objectives and boosters are refused with the way out', () => {
  const xgboost = JSON.parse(readGolden<{ model: string }>('xgboost-3.2').models[0]!.model) as {
    learner: Record<string, Record<string, unknown>>;
  };
  const changed = (section: string, name: string): object => ({
    learner: { ...xgboost.learner, [section]: { ...xgboost.learner[section], name } },
  });
  expect(() => parseXgboostJson(changed('objective', 'survival:aft'))).toThrow('survival:aft');
  expect(() => parseXgboostJson(changed('gradient_booster', 'gblinear'))).toThrow('gblinear');
  const text = lightgbm[0]!.text;
  expect(() => parseLightgbmText(text.replaceAll('is_linear=0', 'is_linear=1'))).toThrow('linear_tree=false');
  expect(() => parseLightgbmText(text.replace(/objective=\w+/, 'objective=binary_magic'))).toThrow('binary_magic');
  expect(() => parseLightgbmText(text.slice(0, text.indexOf('Tree=5')))).toThrow('cut short');
});

test('degenerate trees: a single leaf, a child that no training row reached, a depth of 2,000; 5,000 levels are refused', () => {
  const single = new EnsembleBuilder(head);
  single.addTree([leaf(3, 10)], 0);
  const only = new TreeExplainer(single.finish(), { game: 'path-dependent' });
  expect([...only.explain([1, 2, 3]), ...only.baseValues]).toEqual([0, 0, 0, 3]);

  const builder = new EnsembleBuilder(head);
  builder.addTree([split(0, 1, 2, 10), leaf(1, 10), split(1, 3, 4, 0), leaf(5, 0), leaf(9, 0)], 0);
  const empty = builder.finish();
  const explainer = new TreeExplainer(empty, { game: 'path-dependent' });
  const phi = explainer.explain([1, -1, 0]);
  expect(phi.every(Number.isFinite)).toBe(true);
  expect(phi.reduce((a, b) => a + b, explainer.baseValues[0]!)).toBeCloseTo(5, 12);

  const chain = (levels: number): ParsedNode[] => {
    const nodes: ParsedNode[] = [];
    for (let depth = 0; depth < levels; depth += 1) {
      nodes.push(split(depth % 3, 2 * depth + 1, 2 * depth + 2, 10_000 - depth), leaf(depth, 1));
    }
    return [...nodes, leaf(1, 5000)];
  };
  expect(() => new EnsembleBuilder(head).addTree(chain(5000), 0)).toThrow('levels');
  const deep = new EnsembleBuilder(head);
  deep.addTree(chain(2000), 0);
  for (const game of [{ game: 'path-dependent' }, { game: 'interventional', background: [[-1, 1, 1]] }] as const) {
    const each = new TreeExplainer(deep.finish(), game);
    const sum = each.explain([1, 1, 1]).reduce((a, b) => a + b, each.baseValues[0]!);
    expect(Math.abs(sum - 1)).toBeLessThan(1e-9);
  }
});

/** A path of `width` players, each tested once or twice: wider than a mask. */
function wide(width: number, players: number): ReturnType<EnsembleBuilder['finish']> {
  const uniform = seeded(width);
  const builder = new EnsembleBuilder({ ...head, featureNames: Array.from({ length: players }, (_, j) => `f${j}`) });
  for (let tree = 0; tree < 3; tree += 1) {
    const nodes: ParsedNode[] = [];
    let cover = 1e6;
    for (let depth = 0; depth < width; depth += 1) {
      nodes.push({
        ...split(depth % players, 2 * depth + 1, 2 * depth + 2, cover),
        split: { threshold: uniform() - 1 },
      } as ParsedNode);
      const kept = Math.round(cover * (0.5 + uniform() / 2));
      nodes.push(leaf(uniform(), cover - kept));
      cover = kept;
    }
    nodes.push(leaf(uniform(), cover));
    builder.addTree(nodes, 0);
  }
  return builder.finish();
}

test('paths wider than a mask go by quadrature and by the two-way walk: additive, and equal to enumeration where that can be done', () => {
  const uniform = seeded(2);
  const ensemble = wide(40, 40);
  const row = Float64Array.from({ length: 40 }, () => uniform() - 0.3);
  const background = Array.from({ length: 5 }, () => Float64Array.from({ length: 40 }, () => uniform() - 0.7));
  for (const game of [{ game: 'path-dependent' }, { game: 'interventional', background }] as const) {
    const explainer = new TreeExplainer(ensemble, game);
    const sum = explainer.explain(row).reduce((a, b) => a + b, explainer.baseValues[0]!);
    expect(Math.abs(sum - margins(ensemble, row)[0]!)).toBeLessThan(1e-10);
  }
  // 27 features on a path that play as three players have a mask of three bits again.
  const grouped = wide(27, 27);
  const names = grouped.featureNames;
  const players = { names: ['x', 'y', 'z'], ofFeature: Int32Array.from(names, (_, j) => j % 3) };
  const few = new TreeExplainer(grouped, { game: 'path-dependent' }, { players });
  const point = Float64Array.from({ length: 27 }, () => uniform() - 0.3);
  const expected = shapleyByEnumeration(3, pathDependentValue(grouped, players, point, 0));
  expect(largestDifference(few.explain(point), expected)).toBeLessThan(1e-12);
});
