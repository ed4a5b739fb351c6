/** Model files by their content. */
import { ExplainError } from '@weir/explain/errors';
import type { TreeEnsemble } from '@weir/explain/model/ensemble';
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
  if (/^\s*\{/.test(text)) {
    // Which tool wrote it; that tool's parser reads it, with the bare words that Python writes.
    if (/"tree_info"\s*:/.test(text)) return { type: 'trees', ensemble: parseLightgbmJson(text) };
    if (/"learner"\s*:/.test(text)) return { type: 'trees', ensemble: parseXgboostJson(text) };
    if (text.includes(`"${SKLEARN_LINEAR}"`)) return { type: 'linear', linear: parseSklearnLinear(text) };
    if (text.includes(`"${SKLEARN_TREES}"`)) return { type: 'trees', ensemble: parseSklearnTrees(text) };
  }
  throw new ExplainError(
    'BAD_MODEL',
    `the model begins with ${JSON.stringify(text.slice(0, 40))}; give a LightGBM text or JSON dump, XGBoost JSON, or what packages/explain/python/export_sklearn.py writes`,
  );
}
