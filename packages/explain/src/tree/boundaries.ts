/** The values at which the tests of a feature change their answer: between two of them all rows take the same way. */
import { CATEGORICAL, LISTED_RIGHT, MISSING, type TreeEnsemble } from '../model/ensemble.ts';

const MISSING_BITS = 3;
const ZERO = 1e-35;

/**
 * Ascending boundaries b of the feature that `nodes` test: cell i holds b[i − 1] < x ≤ b[i], the last cell what lies above. NaN is a cell of its
 * own behind them. O(n log n), and O(largest category) for categorical tests.
 */
export function boundariesOf(ensemble: TreeEnsemble, nodes: readonly number[]): Float64Array {
  const found = new Set<number>();
  for (const node of nodes) {
    const routing = ensemble.routing[node]!;
    if ((routing & CATEGORICAL) !== 0) addCategories(ensemble, node, found);
    else {
      found.add(ensemble.threshold[node]! + 0);
      if ((routing & MISSING_BITS) === MISSING.zero) found.add(doubleBefore(-ZERO)).add(ZERO);
    }
  }
  return Float64Array.from(found).sort();
}

/** Index of the cell of x; `boundaries.length + 1` for NaN. O(log n). */
export function cellOf(boundaries: Float64Array, x: number): number {
  if (Number.isNaN(x)) return boundaries.length + 1;
  let low = 0;
  let high = boundaries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (x <= boundaries[middle]!) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** A value of the cell. */
export function valueIn(boundaries: Float64Array, cell: number): number {
  if (cell > boundaries.length) return Number.NaN;
  return cell === boundaries.length ? Number.POSITIVE_INFINITY : boundaries[cell]!;
}

function addCategories(ensemble: TreeEnsemble, node: number, found: Set<number>): void {
  const start = ensemble.at[node]!;
  const words = ensemble.categories[start]!;
  let before = false;
  for (let category = 0; category <= words * 32; category += 1) {
    const word = category >>> 5;
    const listed = word < words && ((ensemble.categories[start + 1 + word]! >>> (category & 31)) & 1) === 1;
    // Category 0 begins at 0 in XGBoost; LightGBM truncates what lies between −1 and 0 to it.
    const truncated = category === 0 && (ensemble.routing[node]! & LISTED_RIGHT) === 0;
    if (listed !== before) found.add(truncated ? -1 : doubleBefore(category));
    before = listed;
  }
}

const doubles = new Float64Array(1);
const words = new BigInt64Array(doubles.buffer);

/** Largest double below x, finite. */
function doubleBefore(x: number): number {
  if (x === 0) return -Number.MIN_VALUE;
  doubles[0] = x;
  words[0]! += x > 0 ? -1n : 1n;
  return doubles[0];
}
