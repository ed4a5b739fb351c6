/**
 * XGBoost's JSON model (`Booster.save_model('model.json')`) of 1.x, 2.x and 3.x: gbtree and dart, numeric and categorical splits. Format:
 * doc/model.schema. XGBoost computes in float32: thresholds and features are rounded to it, sums are not.
 */
import { ExplainError } from '../errors.ts';
import { DEFAULT_LEFT, LISTED_RIGHT, MISSING, type TreeEnsemble } from './ensemble.ts';
import { EnsembleBuilder, type ParsedNode } from './ensemble-builder.ts';
import {
  arrayAt,
  type Json,
  namesOf,
  numberAt,
  numbersAt,
  objectAt,
  parseJson,
  stringAt,
  wholeAt,
} from './json-fields.ts';
import { IDENTITY, type Link, LOGISTIC } from './link.ts';

/** @param input the document, as text or parsed. @throws {ExplainError} BAD_MODEL, MODEL_REFUSED. O(length). */
export function parseXgboostJson(input: string | object): TreeEnsemble {
  const learner = objectAt('learner', parseJson(input)['learner']);
  const parameters = objectAt('learner.learner_model_param', learner['learner_model_param']);
  const objective = stringAt('learner.objective.name', objectAt('learner.objective', learner['objective'])['name']);
  const { model, weights } = boosterOf(objectAt('learner.gradient_booster', learner['gradient_booster']));
  const outputs = Math.max(
    1,
    wholeAt('num_class', parameters['num_class']),
    wholeAt('num_target', parameters['num_target'] ?? 1),
  );
  const trees = arrayAt('trees', model['trees']);
  const treeOutput = numbersAt('tree_info', model['tree_info']);
  if (treeOutput.length !== trees.length || (weights !== undefined && weights.length !== trees.length)) {
    throw new ExplainError(
      'BAD_MODEL',
      `the XGBoost model has ${trees.length} trees, but tree_info or weight_drop lists another number`,
    );
  }
  const { link, toMargin } = objectiveOf(objective);
  const builder = new EnsembleBuilder({
    source: 'XGBoost',
    featureNames: namesOf(learner['feature_names'], wholeAt('num_feature', parameters['num_feature'])),
    outputs,
    base: baseScores(parameters['base_score'], outputs).map(toMargin),
    link,
    precision: 'float32',
  });
  for (const [at, tree] of trees.entries()) {
    builder.addTree(nodesOf(objectAt(`trees[${at}]`, tree), `trees[${at}]`, weights?.[at] ?? 1), treeOutput[at]!);
  }
  return builder.finish();
}

function boosterOf(booster: Json): { readonly model: Json; readonly weights: readonly number[] | undefined } {
  const name = stringAt('gradient_booster.name', booster['name']);
  if (name === 'gbtree') return { model: objectAt('gradient_booster.model', booster['model']), weights: undefined };
  if (name === 'dart') {
    const weights = numbersAt('gradient_booster.weight_drop', booster['weight_drop']);
    return {
      model: objectAt('gbtree.model', objectAt('gradient_booster.gbtree', booster['gbtree'])['model']),
      weights,
    };
  }
  throw new ExplainError(
    'MODEL_REFUSED',
    `the XGBoost booster "${name}" is not read here; train with gbtree or dart, or give a linear model's weights`,
  );
}

/** A number in a string until 3.0, "[5E-1]" or one number per class since 3.1. */
function baseScores(value: unknown, outputs: number): number[] {
  const text = String(value).trim();
  const parts = text.startsWith('[') ? text.slice(1, text.endsWith(']') ? -1 : undefined).split(',') : [text];
  const scores = parts.map((part) => numberAt('base_score', part));
  if (scores.length === 1) return Array.from({ length: outputs }, () => scores[0]!);
  return scores;
}

const LOGISTICS = new Set(['binary:logistic', 'reg:logistic']);
const EXPONENTIALS = new Set(['count:poisson', 'reg:gamma', 'reg:tweedie', 'survival:cox']);
const IDENTITIES = new Set([
  'reg:squarederror',
  'reg:linear',
  'reg:absoluteerror',
  'reg:pseudohubererror',
  'reg:quantileerror',
  'reg:squaredlogerror',
  'rank:pairwise',
  'rank:ndcg',
  'rank:map',
]);

/** `base_score` stands on the scale of predictions; `toMargin` brings it to that of margins. */
function objectiveOf(name: string): { readonly link: Link; readonly toMargin: (score: number) => number } {
  const logit = (p: number): number => -Math.log(1 / p - 1);
  if (LOGISTICS.has(name)) return { link: LOGISTIC, toMargin: logit };
  if (name === 'binary:logitraw') return { link: IDENTITY, toMargin: logit };
  if (EXPONENTIALS.has(name)) return { link: { kind: 'exponential' }, toMargin: Math.log };
  if (name === 'multi:softprob' || name === 'multi:softmax')
    return { link: { kind: 'softmax' }, toMargin: (score) => score };
  if (IDENTITIES.has(name)) return { link: IDENTITY, toMargin: (score) => score };
  throw new ExplainError(
    'MODEL_REFUSED',
    `the XGBoost objective "${name}" has no link that is known here; train with one of reg:, binary:, multi:, count: or rank:`,
  );
}

function nodesOf(tree: Json, path: string, weight: number): ParsedNode[] {
  const left = numbersAt(`${path}.left_children`, tree['left_children']);
  const column = (field: string): number[] => {
    const values = numbersAt(`${path}.${field}`, tree[field]);
    if (values.length === left.length) return values;
    throw new ExplainError(
      'BAD_MODEL',
      `${path}.${field} has ${values.length} entries, but the tree has ${left.length} nodes`,
    );
  };
  const vector = wholeAt(
    `${path}.tree_param.size_leaf_vector`,
    objectAt(`${path}.tree_param`, tree['tree_param'])['size_leaf_vector'] ?? 0,
  );
  if (vector > 1) {
    throw new ExplainError(
      'MODEL_REFUSED',
      'this XGBoost model has vector leaves; train with multi_strategy=one_output_per_tree',
    );
  }
  const right = column('right_children');
  const feature = column('split_indices');
  const condition = arrayAt(`${path}.split_conditions`, tree['split_conditions']);
  const cover = column('sum_hessian');
  const defaultLeft = arrayAt(`${path}.default_left`, tree['default_left']);
  const categorical = tree['split_type'] === undefined ? [] : numbersAt(`${path}.split_type`, tree['split_type']);
  const sets = categorySets(tree, path);
  return left.map((child, at) => {
    // A categorical split has NaN as its condition.
    const value = (): number => Math.fround(numberAt(`${path}.split_conditions[${at}]`, condition[at]));
    if (child < 0) return { values: [value() * weight], cover: cover[at]! };
    const side = MISSING.nan | (Number(defaultLeft[at]) === 1 ? DEFAULT_LEFT : 0);
    const isSet = categorical[at] === 1;
    return {
      feature: feature[at]!,
      left: child,
      right: right[at]!,
      cover: cover[at]!,
      routing: isSet ? side | LISTED_RIGHT : side,
      split: isSet ? { categories: sets.get(at) ?? [] } : { threshold: floatBefore(value()) },
    };
  });
}

function categorySets(tree: Json, path: string): Map<number, number[]> {
  const sets = new Map<number, number[]>();
  if (tree['categories_nodes'] === undefined) return sets;
  const nodes = numbersAt(`${path}.categories_nodes`, tree['categories_nodes']);
  const starts = numbersAt(`${path}.categories_segments`, tree['categories_segments']);
  const sizes = numbersAt(`${path}.categories_sizes`, tree['categories_sizes']);
  const categories = numbersAt(`${path}.categories`, tree['categories']);
  for (const [at, node] of nodes.entries())
    sets.set(node, categories.slice(starts[at], (starts[at] ?? 0) + (sizes[at] ?? 0)));
  return sets;
}

const floats = new Float32Array(1);
const bits = new Int32Array(floats.buffer);

/** Largest float32 below `x`, so that `y < x` and `y ≤ floatBefore(x)` say the same of every float32 y. */
function floatBefore(x: number): number {
  if (x === 0) return -(2 ** -149);
  floats[0] = x;
  if (Number.isFinite(x) || x > 0) bits[0]! += x > 0 ? -1 : 1;
  return floats[0];
}
