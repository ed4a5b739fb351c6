/**
 * lime's quartile discretiser: a numeric feature falls into four bins between its training quartiles, a categorical one into its codes. A
 * perturbed value is drawn from a normal with the bin's mean and standard deviation, truncated to the bin's range.
 * Source: Ribeiro et al. (2016), "Why should I trust you?"; lime.discretize.QuartileDiscretizer for the semantics.
 */
import { ExplainError } from '../errors.ts';
import { normalCdf, normalQuantile } from '../normal.ts';

export interface Bin {
  /** Share of training rows, in (0, 1]. */
  readonly share: number;
  readonly mean: number;
  readonly deviation: number;
  readonly low: number;
  readonly high: number;
}

export interface Feature {
  /** Upper bounds (inclusive) of all bins but the last; empty for categorical features. */
  readonly bounds: readonly number[];
  readonly bins: readonly Bin[];
  /** Code of each bin of a categorical feature. */
  readonly codes?: readonly number[];
}

/** Per feature its bins. @param rows at least 1, finite. @param categorical indices of features that hold codes. O(n M log n). */
export function discretise(rows: readonly ArrayLike<number>[], categorical: readonly number[] = []): Feature[] {
  const width = rows[0]?.length ?? 0;
  if (width === 0)
    throw new ExplainError('BAD_ARGUMENT', 'LIME needs at least one training row with at least one feature');
  return Array.from({ length: width }, (_, j) => {
    const column = Float64Array.from(rows, (row) => row[j]!).sort();
    if (!column.every(Number.isFinite)) {
      throw new ExplainError(
        'BAD_ROW',
        `feature ${j} has a value that is not finite; LIME has no bin for missing values, so fill them first`,
      );
    }
    if (categorical.includes(j)) {
      const codes = [...new Set(column)];
      return {
        bounds: [],
        codes,
        bins: codes.map((code) =>
          binOf(
            column.filter((x) => x === code),
            column.length,
          ),
        ),
      };
    }
    const quartiles = [0.25, 0.5, 0.75].map((p) => quantile(column, p));
    const bounds = [...new Set(quartiles)].filter((bound) => bound < column.at(-1)!);
    const bins = [...bounds, Number.POSITIVE_INFINITY].map((bound, at) =>
      binOf(
        column.filter((x) => x <= bound && x > (bounds[at - 1] ?? Number.NEGATIVE_INFINITY)),
        column.length,
      ),
    );
    return { bounds, bins };
  });
}

/** Bin of a value; −1 for a code that training did not have. O(bins). */
export function binIndex(feature: Feature, x: number): number {
  if (feature.codes !== undefined) return feature.codes.indexOf(x);
  const at = feature.bounds.findIndex((bound) => x <= bound);
  return at < 0 ? feature.bins.length - 1 : at;
}

/** Value of a feature for one uniform number: its leading part chooses the bin, the rest the place inside. */
export function valueAt(feature: Feature, u: number): { readonly bin: number; readonly value: number } {
  let rest = u;
  let bin = 0;
  while (bin < feature.bins.length - 1 && rest >= feature.bins[bin]!.share) {
    rest -= feature.bins[bin]!.share;
    bin += 1;
  }
  const { share, mean, deviation, low, high } = feature.bins[bin]!;
  if (feature.codes !== undefined || deviation === 0 || low === high) return { bin, value: mean };
  const from = normalCdf((low - mean) / deviation);
  const to = normalCdf((high - mean) / deviation);
  const p = from + (to - from) * Math.min(1 - 1e-12, Math.max(1e-12, rest / share));
  return { bin, value: Math.min(high, Math.max(low, mean + deviation * normalQuantile(p))) };
}

function binOf(values: Float64Array, total: number): Bin {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const deviation = Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length);
  return { share: values.length / total, mean, deviation, low: values[0]!, high: values.at(-1)! };
}

/** Linear interpolation between order statistics, as numpy.percentile. */
function quantile(sorted: Float64Array, p: number): number {
  const at = p * (sorted.length - 1);
  const low = Math.floor(at);
  const high = Math.min(sorted.length - 1, low + 1);
  return sorted[low]! + (at - low) * (sorted[high]! - sorted[low]!);
}
