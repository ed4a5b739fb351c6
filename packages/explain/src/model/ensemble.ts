/**
 * One form for tree ensembles of LightGBM, XGBoost and scikit-learn. All comparisons are `x ≤ threshold`: a parser turns `x < t` of float32
 * numbers into `x ≤ the float32 before t`. Nodes of a tree stand in preorder, so a child has a larger index than its parent.
 */
import { ExplainError } from '../errors.ts';
import { applyLink, type Link } from './link.ts';
import type { ValueNames } from './pandas-categories.ts';

/** What counts as missing at a node. `none`: NaN is read as 0, as LightGBM does. `zero`: NaN and |x| ≤ 1e-35. */
export const MISSING = { none: 0, zero: 1, nan: 2 } as const;
export const DEFAULT_LEFT = 4;
export const CATEGORICAL = 8;
/** The listed categories go right, and what is not listed left (XGBoost); without the flag it is the other way round (LightGBM). */
export const LISTED_RIGHT = 16;
const MISSING_BITS = 3;
/** LightGBM's kZeroThreshold. */
const ZERO = 1e-35;

export interface TreeEnsemble {
  readonly source: string;
  readonly featureNames: readonly string[];
  /** Of features whose values the model knows by code. */
  readonly valueNames: ValueNames;
  /** K, the number of margins of a row. */
  readonly outputs: number;
  /** Added to the K margins. */
  readonly base: Float64Array;
  readonly link: Link;
  /** `float32`: the model compares features after rounding them to float32. */
  readonly precision: 'float64' | 'float32';
  /** T + 1 entries: nodes of tree t are [treeStart[t], treeStart[t + 1]), its root the first. */
  readonly treeStart: Int32Array;
  /** Output that a tree adds to; −1 when its leaves hold all K values. */
  readonly treeOutput: Int32Array;
  /** Feature that a node tests; −1 at a leaf. */
  readonly feature: Int32Array;
  readonly threshold: Float64Array;
  readonly left: Int32Array;
  readonly right: Int32Array;
  /** MISSING type | DEFAULT_LEFT | CATEGORICAL | LISTED_RIGHT. */
  readonly routing: Uint8Array;
  /** At a leaf, where its values begin in `values`; at a categorical node, where its bitset begins in `categories`. */
  readonly at: Int32Array;
  readonly values: Float64Array;
  /** Bitsets: a length in words, then the words. */
  readonly categories: Uint32Array;
  /** Weight of training rows that reached a node; path-dependent values use ratios of it. All 0 when the file carries none. */
  readonly cover: Float64Array;
}

/** Features as the model compares them: a copy rounded to float32 when it does so. @throws nothing; O(M). */
export function asCompared(ensemble: TreeEnsemble, row: ArrayLike<number>): Float64Array {
  const compared = Float64Array.from(row);
  if (ensemble.precision === 'float32') {
    for (let j = 0; j < compared.length; j += 1) compared[j] = Math.fround(compared[j]!);
  }
  return compared;
}

/** Whether `x`, from `asCompared`, goes to the left child of `node`. O(1). */
export function goesLeft(ensemble: TreeEnsemble, node: number, x: number): boolean {
  const routing = ensemble.routing[node]!;
  if ((routing & CATEGORICAL) !== 0) return categoryGoesLeft(ensemble, node, x);
  const missing = routing & MISSING_BITS;
  if (missing === MISSING.none) return (Number.isNaN(x) ? 0 : x) <= ensemble.threshold[node]!;
  if (Number.isNaN(x) || (missing === MISSING.zero && x >= -ZERO && x <= ZERO)) return (routing & DEFAULT_LEFT) !== 0;
  return x <= ensemble.threshold[node]!;
}

function categoryGoesLeft(ensemble: TreeEnsemble, node: number, x: number): boolean {
  const routing = ensemble.routing[node]!;
  const listedRight = (routing & LISTED_RIGHT) !== 0;
  // LightGBM has no default side for categories: NaN is one that no set lists. XGBoost has one.
  if (Number.isNaN(x)) return listedRight && (routing & DEFAULT_LEFT) !== 0;
  const category = Math.trunc(x);
  const start = ensemble.at[node]!;
  // A negative category is in no set; between −1 and 0 LightGBM truncates to 0 and XGBoost refuses the sign.
  const inRange = (listedRight ? x >= 0 : category >= 0) && category < ensemble.categories[start]! * 32;
  const listed = inRange && ((ensemble.categories[start + 1 + (category >>> 5)]! >>> (category & 31)) & 1) === 1;
  return listed !== listedRight;
}

/** Leaf that a row from `asCompared` reaches in tree `tree`. O(depth). */
export function leafOf(ensemble: TreeEnsemble, tree: number, compared: Float64Array): number {
  let node = ensemble.treeStart[tree]!;
  while (ensemble.feature[node]! >= 0) {
    const left = goesLeft(ensemble, node, compared[ensemble.feature[node]!]!);
    node = left ? ensemble.left[node]! : ensemble.right[node]!;
  }
  return node;
}

/**
 * The K margins of a row, summed in float64 in tree order.
 * @param row M features; NaN = missing. @throws {ExplainError} BAD_ROW. O(T · depth).
 */
export function margins(ensemble: TreeEnsemble, row: ArrayLike<number>): Float64Array {
  requireRow(ensemble, row);
  const sums = ensemble.base.slice();
  const compared = asCompared(ensemble, row);
  for (let tree = 0; tree < ensemble.treeOutput.length; tree += 1) {
    const from = ensemble.at[leafOf(ensemble, tree, compared)]!;
    const output = ensemble.treeOutput[tree]!;
    if (output >= 0) sums[output]! += ensemble.values[from]!;
    else for (let k = 0; k < sums.length; k += 1) sums[k]! += ensemble.values[from + k]!;
  }
  return sums;
}

/** What the library's own `predict` returns: margins through the link. O(T · depth). @throws {ExplainError} BAD_ROW. */
export function predict(ensemble: TreeEnsemble, row: ArrayLike<number>): Float64Array {
  const values = margins(ensemble, row);
  applyLink(ensemble.link, values);
  return values;
}

/** @throws {ExplainError} BAD_ROW when the row has another number of features than the model. */
export function requireRow(model: { readonly featureNames: readonly string[] }, row: ArrayLike<number>): void {
  if (row.length === model.featureNames.length) return;
  throw new ExplainError(
    'BAD_ROW',
    `the row has ${row.length} features, but the model was trained on ${model.featureNames.length}; send all of them in the model's order`,
  );
}
