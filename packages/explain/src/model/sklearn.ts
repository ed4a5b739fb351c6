/**
 * scikit-learn through the JSON that `python/export_sklearn.py` writes; packages/explain/README.md documents it. Trees, forests, gradient
 * boosting and histogram gradient boosting without categorical features.
 */
import { ExplainError } from '../errors.ts';
import { DEFAULT_LEFT, MISSING, type TreeEnsemble } from './ensemble.ts';
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
import type { Link } from './link.ts';

export const SKLEARN_TREES = 'weir.sklearn-trees/1';

/** @param input the document, as text or parsed. @throws {ExplainError} BAD_MODEL. O(length). */
export function parseSklearnTrees(input: string | object): TreeEnsemble {
  const model = parseJson(input);
  if (model['format'] !== SKLEARN_TREES) {
    throw new ExplainError(
      'BAD_MODEL',
      `the field format is ${JSON.stringify(model['format'])}, but must be "${SKLEARN_TREES}"; export with python/export_sklearn.py`,
    );
  }
  const outputs = wholeAt('outputs', model['outputs']);
  const precision = stringAt('precision', model['precision']);
  if (precision !== 'float32' && precision !== 'float64') {
    throw new ExplainError('BAD_MODEL', `the field precision is "${precision}", but must be "float32" or "float64"`);
  }
  const builder = new EnsembleBuilder({
    source: 'scikit-learn',
    featureNames: namesOf(model['feature_names'], wholeAt('features', model['features'])),
    outputs,
    base: numbersAt('base', model['base']),
    link: linkAt(model['link']),
    precision,
  });
  for (const [at, each] of arrayAt('trees', model['trees']).entries()) {
    const tree = objectAt(`trees[${at}]`, each);
    builder.addTree(nodesOf(tree, `trees[${at}]`), wholeAt(`trees[${at}].output`, tree['output']));
  }
  return builder.finish();
}

/** `identity`, `logistic`, `softmax` or `exponential`. @throws {ExplainError} BAD_MODEL */
export function linkAt(value: unknown): Link {
  const kind = stringAt('link', value);
  if (kind === 'logistic') return { kind, scale: 1 };
  if (kind === 'identity' || kind === 'softmax' || kind === 'exponential') return { kind };
  throw new ExplainError(
    'BAD_MODEL',
    `the field link is "${kind}", but must be identity, logistic, softmax or exponential`,
  );
}

function nodesOf(tree: Json, path: string): ParsedNode[] {
  const left = numbersAt(`${path}.left`, tree['left']);
  const column = (field: string): readonly unknown[] => {
    const values = arrayAt(`${path}.${field}`, tree[field]);
    if (values.length === left.length) return values;
    throw new ExplainError(
      'BAD_MODEL',
      `${path}.${field} has ${values.length} entries, but the tree has ${left.length} nodes`,
    );
  };
  const right = column('right');
  const feature = column('feature');
  const threshold = column('threshold');
  const missingLeft = column('missing_left');
  const values = column('values');
  const cover = column('cover');
  return left.map((child, at) => {
    const rows = numberAt(`${path}.cover[${at}]`, cover[at]);
    if (child < 0) return { values: numbersAt(`${path}.values[${at}]`, values[at]), cover: rows };
    return {
      feature: wholeAt(`${path}.feature[${at}]`, feature[at]),
      left: child,
      right: wholeAt(`${path}.right[${at}]`, right[at]),
      cover: rows,
      routing: MISSING.nan | (Number(missingLeft[at]) === 1 ? DEFAULT_LEFT : 0),
      split: { threshold: numberAt(`${path}.threshold[${at}]`, threshold[at]) },
    };
  });
}
