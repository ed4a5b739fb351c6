/** The reference of a column in exact order: what does not fit the kernel's own table of float64 values is ranked first. */
import { binOf, createReference, MAX_DISTINCT, type Reference, tally } from '@weir/drift/reference';
import type { Values } from './table.ts';

export interface ReferenceSample {
  readonly reference: Reference;
  /** Missing cells beside those of the reference, a count. */
  readonly missing: number;
  /** Bin of a present value, as the kernel's `binOf`. */
  readonly binOf: (value: number | bigint) => number;
  /** The value behind one of `reference.values`, as the nearest float64. */
  readonly valueOf: (at: number) => number;
}

/**
 * From the cells of a column, missing ones included; undefined when all are. D depends on the order of values only, so whole numbers beyond
 * 2^53 and infinite values count by their rank, exactly; so do samples larger than a service may keep. O(n log n).
 */
export function referenceSample(pieces: readonly Values[]): ReferenceSample | undefined {
  const sorted = inOrder(pieces);
  if (sorted.length === 0) return undefined;
  const missing = pieces.reduce((sum, { length }) => sum + length, 0) - sorted.length;
  const { values, counts } = tally<number | bigint>(sorted);
  const isPlain =
    sorted instanceof Float64Array &&
    Number.isFinite(sorted[0]) &&
    Number.isFinite(sorted.at(-1)) &&
    values.length <= MAX_DISTINCT;
  if (isPlain) {
    const reference = createReference(values as number[], counts);
    return {
      reference,
      missing,
      binOf: (value) => (typeof value === 'number' ? binOf(reference, value) : search(reference.values, value)),
      valueOf: (at) => at,
    };
  }
  const reference: Reference = {
    m: sorted.length,
    values: Float64Array.from(values.keys()),
    counts: Uint32Array.from(counts),
    // The guide serves the kernel's search for float64 values, which ranks replace.
    guide: new Uint32Array(1),
    guideScale: 0,
  };
  return { reference, missing, binOf: (value) => search(values, value), valueOf: (rank) => Number(values[rank]) };
}

/** Present values, ascending. */
function inOrder(pieces: readonly Values[]): Values {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  if (pieces.every((piece) => piece instanceof Float64Array)) {
    const all = new Float64Array(length);
    let at = 0;
    for (const piece of pieces) {
      all.set(piece, at);
      at += piece.length;
    }
    all.sort();
    // NaN sorts last.
    return all.subarray(0, all.findLastIndex((value) => !Number.isNaN(value)) + 1);
  }
  const all = pieces.flatMap((piece): (number | bigint)[] => [...piece]).filter((value) => !Number.isNaN(value));
  // Numbers and bigints compare by their exact value.
  return all.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

/** Bins as `binOf` numbers them: 2i = open gap before values[i], 2i + 1 = equal to it. */
function search(values: ArrayLike<number | bigint>, x: number | bigint): number {
  let from = 0;
  let to = values.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((values[middle] as number | bigint) < x) from = middle + 1;
    else to = middle;
  }
  return values[from] === x ? 2 * from + 1 : 2 * from;
}
