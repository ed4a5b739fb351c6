/** LightGBM's JSON dump (`Booster.dump_model`). The same trees as in the text model, nested. */
import { ExplainError } from '../errors.ts';
import { DEFAULT_LEFT, MISSING, type TreeEnsemble } from './ensemble.ts';
import { EnsembleBuilder, MAX_NODES, type ParsedNode } from './ensemble-builder.ts';
import { arrayAt, type Json, namesOf, numberAt, objectAt, parseJson, stringAt, wholeAt } from './json-fields.ts';
import { lightgbmLink } from './lightgbm-objective.ts';
import { valueNamesOf } from './pandas-categories.ts';

/** @param input the document, as text or parsed. @throws {ExplainError} BAD_MODEL, MODEL_REFUSED. O(length). */
export function parseLightgbmJson(input: string | object): TreeEnsemble {
  const model = parseJson(input);
  const features = wholeAt('max_feature_idx', model['max_feature_idx']) + 1;
  const perIteration = wholeAt('num_tree_per_iteration', model['num_tree_per_iteration']);
  const featureNames = namesOf(model['feature_names'], features);
  const builder = new EnsembleBuilder({
    source: 'LightGBM',
    featureNames,
    valueNames: valueNamesOf(
      model['pandas_categorical'],
      featureNames.map((name) => isCategorical(model, name)),
    ),
    outputs: perIteration,
    base: Array.from({ length: Math.min(Math.max(0, perIteration), 10_000) }, () => 0),
    link: lightgbmLink(model['objective'] === undefined ? '' : stringAt('objective', model['objective'])),
    precision: 'float64',
  });
  const trees = arrayAt('tree_info', model['tree_info']);
  const scale = model['average_output'] === true ? perIteration / trees.length : 1;
  for (const [at, tree] of trees.entries()) {
    const path = `tree_info[${at}].tree_structure`;
    builder.addTree(
      nodesOf(objectAt(path, objectAt(`tree_info[${at}]`, tree)['tree_structure']), path, scale),
      at % perIteration,
    );
  }
  return builder.finish();
}

/** A category has its values listed, a number only their range. */
function isCategorical({ feature_infos: infos }: Json, name: string): boolean {
  const info = (infos as Readonly<Record<string, { readonly values?: unknown }>> | undefined)?.[name];
  return Array.isArray(info?.values) && info.values.length > 0;
}

function nodesOf(root: Json, path: string, scale: number): ParsedNode[] {
  const nodes: ParsedNode[] = [];
  const pending: Json[] = [root];
  // Children are appended in the order in which their parents are read, so an index is known before its node is.
  for (let at = 0; at < pending.length; at += 1) {
    const node = pending[at]!;
    if (pending.length > MAX_NODES) throw new ExplainError('BAD_MODEL', `${path} has more than ${MAX_NODES} nodes`);
    if (node['leaf_coeff'] !== undefined || node['leaf_const'] !== undefined) {
      throw new ExplainError(
        'MODEL_REFUSED',
        'this LightGBM model has linear trees, whose leaves are not constants; train with linear_tree=false',
      );
    }
    if (node['leaf_value'] !== undefined) {
      nodes.push({
        values: [numberAt(`${path}.leaf_value`, node['leaf_value']) * scale],
        cover: numberAt(`${path}.leaf_count`, node['leaf_count'] ?? 1),
      });
      continue;
    }
    const left = pending.length;
    pending.push(
      objectAt(`${path}.left_child`, node['left_child']),
      objectAt(`${path}.right_child`, node['right_child']),
    );
    nodes.push({
      feature: wholeAt(`${path}.split_feature`, node['split_feature']),
      left,
      right: left + 1,
      cover: numberAt(`${path}.internal_count`, node['internal_count']),
      routing: routingOf(node, path),
      split: splitOf(node, path),
    });
  }
  return nodes;
}

function splitOf(node: Json, path: string): { threshold: number } | { categories: number[] } {
  const type = stringAt(`${path}.decision_type`, node['decision_type']);
  if (type === '<=') return { threshold: numberAt(`${path}.threshold`, node['threshold']) };
  if (type !== '==')
    throw new ExplainError('BAD_MODEL', `${path}.decision_type is "${type}", but must be "<=" or "=="`);
  const listed = stringAt(`${path}.threshold`, String(node['threshold']));
  return { categories: listed.split('||').map((each) => wholeAt(`${path}.threshold`, each)) };
}

function routingOf(node: Json, path: string): number {
  const types = { None: MISSING.none, Zero: MISSING.zero, NaN: MISSING.nan } as const;
  const name = stringAt(`${path}.missing_type`, node['missing_type']);
  if (!Object.hasOwn(types, name))
    throw new ExplainError('BAD_MODEL', `${path}.missing_type is "${name}", but must be None, Zero or NaN`);
  return types[name as keyof typeof types] | (node['default_left'] === true ? DEFAULT_LEFT : 0);
}
