/** Model files by their content. */
import { ExplainError } from '@weir/explain/errors';
import type { TreeEnsemble } from '@weir/explain/model/ensemble';
import { parseJson } from '@weir/explain/model/json-fields';
import { parseLightgbmJson } from '@weir/explain/model/lightgbm-json';
import { parseLightgbmText } from '@weir/explain/model/lightgbm-text';
import { type LinearModel, parseSklearnLinear, SKLEARN_LINEAR } from '@weir/explain/model/linear';
import { parseSklearnTrees, SKLEARN_TREES } from '@weir/explain/model/sklearn';
import { parseXgboostJson } from '@weir/explain/model/xgboost';

export type Model =
  | { readonly type: 'trees'; readonly ensemble: TreeEnsemble }
  | { readonly type: 'linear'; readonly linear: LinearModel };

/** @throws {ExplainError} BAD_MODEL, MODEL_REFUSED. O(length) */
export function parseModel(text: string): Model {
  if (/^tree\s*\n/.test(text)) return { type: 'trees', ensemble: parseLightgbmText(text) };
  if (/^\s*\{\s*"/.test(text)) {
    const document = parseJson(text);
    // By the outermost fields: XGBoost has a tree_info of its own further in.
    if (document['learner'] !== undefined) return { type: 'trees', ensemble: parseXgboostJson(document) };
    if (document['tree_info'] !== undefined) return { type: 'trees', ensemble: parseLightgbmJson(document) };
    if (document['format'] === SKLEARN_LINEAR) return { type: 'linear', linear: parseSklearnLinear(document) };
    if (document['format'] === SKLEARN_TREES) return { type: 'trees', ensemble: parseSklearnTrees(document) };
    throw new ExplainError(
      'BAD_MODEL',
      `the model is a JSON document with the fields ${Object.keys(document).slice(0, 8).join(', ')}, which is none of those that are read; ${CURE}`,
    );
  }
  throw new ExplainError('BAD_MODEL', `the model begins with ${JSON.stringify(text.slice(0, 40))}; ${hintOf(text)}`);
}

const CURE =
  'give a LightGBM text or JSON dump, XGBoost JSON, or what packages/explain/python/export_sklearn.py writes';

/** Of formats that are often met and not read. */
function hintOf(text: string): string {
  if (text.startsWith('{L')) return "it is XGBoost's binary JSON; save it with booster.save_model('model.json')";
  // A pickle begins with a byte that is no UTF-8, and its protocol, 2 to 5.
  const [first, protocol] = [text.charCodeAt(0), text.charCodeAt(1)];
  if ((first === 0xfffd || first === 0x80) && protocol >= 2 && protocol <= 5)
    return 'it is a pickle, which is not read; write the estimator with packages/explain/python/export_sklearn.py';
  return CURE;
}
