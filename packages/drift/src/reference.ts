/** The fixed sample that windows are compared with: distinct values with multiplicities, immutable. */
export interface Reference {
  /** Sample size, the sum of `counts`. */
  readonly m: number;
  /** Distinct values, ascending, finite; −0 is stored as +0. */
  readonly values: Float64Array;
  /** Multiplicity of each value. */
  readonly counts: Uint32Array;
  /** Guide table: `guide[g]` is the first index whose value may be ≥ the g-th of `guide.length` equal steps of the range. */
  readonly guide: Uint32Array;
  readonly guideScale: number;
}

export type DriftErrorCode = 'EMPTY_REFERENCE' | 'NOT_ASCENDING' | 'BAD_COUNT' | 'TOO_MANY_VALUES';

export class DriftError extends Error {
  override readonly name = 'DriftError';
  readonly code: DriftErrorCode;

  constructor(code: DriftErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** Bounds memory: a window on this many distinct values takes about 70 MB. Beyond it a sample should be reduced by whoever made it. */
export const MAX_DISTINCT = 1_048_576;

/** From a raw sample; NaN and ±Infinity are left out. @throws {DriftError} EMPTY_REFERENCE, TOO_MANY_VALUES. O(n log n). */
export function referenceOf(sample: ArrayLike<number>): Reference {
  const sorted = Float64Array.from(sample)
    .filter((value) => Number.isFinite(value))
    .map((value) => value + 0)
    .sort();
  const { values, counts } = tally(sorted);
  return createReference(values, counts);
}

/** Distinct values of an ascending sequence and how often each stands in it. O(n). */
export function tally<Value>(sorted: Iterable<Value>): { values: Value[]; counts: number[] } {
  const values: Value[] = [];
  const counts: number[] = [];
  for (const value of sorted) {
    if (values.length > 0 && values.at(-1) === value) counts[counts.length - 1] = (counts.at(-1) as number) + 1;
    else {
      values.push(value);
      counts.push(1);
    }
  }
  return { values, counts };
}

/** From distinct values and multiplicities. @throws {DriftError} naming the first value that breaks a rule. O(k). */
export function createReference(values: ArrayLike<number>, counts: ArrayLike<number>): Reference {
  const k = values.length;
  if (k === 0)
    throw new DriftError('EMPTY_REFERENCE', 'the reference holds no finite value; take it from a period with data');
  if (k > MAX_DISTINCT) {
    throw new DriftError(
      'TOO_MANY_VALUES',
      `the reference has ${k} distinct values, at most ${MAX_DISTINCT} are exact; sample it down or round it to the column's resolution`,
    );
  }
  if (counts.length !== k)
    throw new DriftError('BAD_COUNT', `${counts.length} counts for ${k} values; there must be one for each`);
  for (let i = 0; i < k; i += 1) {
    const value = values[i] as number;
    if (!Number.isFinite(value) || (i > 0 && !(value > (values[i - 1] as number)))) {
      throw new DriftError('NOT_ASCENDING', `values[${i}] is ${value}; values must be finite and strictly ascending`);
    }
    const count = counts[i] as number;
    if (!Number.isInteger(count) || count < 1 || count > 0xffffffff) {
      throw new DriftError('BAD_COUNT', `counts[${i}] is ${count}; it must be a whole number of at least 1`);
    }
  }
  return sharedReference(
    Float64Array.from(values, (value) => value + 0),
    Uint32Array.from(counts),
  );
}

/**
 * Over arrays that already hold what `createReference` asks for, and that are never changed: they are shared, not copied.
 * @param values −0 stored as +0. O(k).
 */
export function sharedReference(values: Float64Array, counts: Uint32Array): Reference {
  let m = 0;
  for (const count of counts) m += count;
  return { m, values, counts, ...guideOf(values) };
}

/** Distinct values up to which the guide table has four steps for each. */
const FINE_GUIDE = 65_536;

function guideOf(values: Float64Array): { guide: Uint32Array; guideScale: number } {
  const k = values.length;
  const low = values[0] as number;
  const width = (values[k - 1] as number) - low;
  // Finer steps than values save comparisons while the table is small enough for the cache.
  const steps = k <= FINE_GUIDE ? 4 * k : k;
  // A range that overflows, or a single value, has no usable scale: the binary search alone serves.
  const guideScale = width > 0 && Number.isFinite(width) && Number.isFinite(steps / width) ? steps / width : 0;
  const guide = new Uint32Array(steps + 1);
  let index = 0;
  for (let step = 0; step <= steps && guideScale > 0; step += 1) {
    while (index < k - 1 && Math.floor(((values[index] as number) - low) * guideScale) < step) index += 1;
    guide[step] = index;
  }
  return { guide, guideScale };
}

/** Values scanned from the guide's start before the binary search takes over. */
const SCAN = 8;

/**
 * Bin of a finite value: 2i = open gap before values[i] (the last gap is 2k), 2i + 1 = equal to values[i].
 * O(1) expected on evenly spread references, O(log k) at worst.
 */
export function binOf(reference: Reference, x: number): number {
  const { values, guide, guideScale } = reference;
  const k = values.length;
  const low = values[0] as number;
  if (x <= low) return x === low ? 1 : 0;
  const high = values[k - 1] as number;
  if (x >= high) return x === high ? 2 * k - 1 : 2 * k;
  let from = 0;
  if (guideScale > 0) {
    from = guide[Math.floor((x - low) * guideScale)] as number;
    const stop = Math.min(from + SCAN, k);
    for (; from < stop; from += 1) {
      const value = values[from] as number;
      if (value >= x) return value === x ? 2 * from + 1 : 2 * from;
    }
  }
  let to = k - 1;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((values[middle] as number) < x) from = middle + 1;
    else to = middle;
  }
  return values[from] === x ? 2 * from + 1 : 2 * from;
}
