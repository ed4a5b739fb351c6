/**
 * What LightGBM's codes of pandas categories stand for. Its Python package replaces the columns of dtype category by their codes, in training and
 * in prediction, and writes the categories behind the model in the order of those columns; which columns they are says `feature_infos`.
 */
import { ExplainError } from '../errors.ts';

/** By feature: name of the value that has code 0, 1, … */
export type ValueNames = ReadonlyMap<number, readonly string[]>;

/**
 * @param written `pandas_categorical` of the model; null or undefined: there were none. @param isCategorical per feature
 * @throws {ExplainError} BAD_MODEL when the two do not belong together
 */
export function valueNamesOf(written: unknown, isCategorical: readonly boolean[]): ValueNames {
  if (written === null || written === undefined || (Array.isArray(written) && written.length === 0)) return new Map();
  const features = isCategorical.flatMap((each, feature) => (each ? feature : []));
  if (!Array.isArray(written) || written.length !== features.length || !written.every(Array.isArray)) {
    throw new ExplainError(
      'BAD_MODEL',
      `pandas_categorical lists the categories of ${Array.isArray(written) ? written.length : 'no'} columns, but ${features.length} features are categorical; drop columns of one category, and save the model again`,
    );
  }
  return new Map(features.map((feature, at) => [feature, (written[at] as unknown[]).map(nameOf)]));
}

/** As pandas and CSV files write them. */
function nameOf(value: unknown): string {
  return value === true ? 'True' : value === false ? 'False' : String(value);
}
