import { SortedColumn } from './sorted-column.ts';

/** Columns among which pairs are looked for, the first ones: the search costs rows · columns². */
const MAX_COLUMNS = 64;
/** Rows that are taken of a longer sample, and fewest of which a pair is judged. */
const MAX_ROWS = 1_024;
const MIN_ROWS = 256;
/** Least rank correlation of a pair that is kept. */
const LEAST_CORRELATION = 0.7;
/** Least deviation of the residual: columns that are copies of each other leave none. */
const LEAST_DEVIATION = 0.05;
/** Of the residual's deviation, on each side: the middle nine tenths. */
const EXPECTED = 1.645;

interface Pair {
  readonly column: number;
  readonly partner: number;
  /** Correlation of the normal scores. */
  readonly correlation: number;
  /** Of score of column − correlation · score of partner. */
  readonly deviation: number;
}

/** A column and the one that it does not go with. */
export interface BrokenPair {
  readonly column: number;
  readonly partner: number;
  /** Whether the column is too high for its partner, and the partner for the column. */
  readonly isHigh: boolean;
  readonly isPartnerHigh: boolean;
  /** The middle nine tenths of each, given the other. */
  readonly expected: readonly [number, number];
  readonly partnerExpected: readonly [number, number];
}

/**
 * Columns that go together, and how far a row is from that. An isolation forest splits one column at a time, so a row whose columns are each
 * usual and jointly impossible gets hardly a higher score; here each column has the partner that it is most correlated with, by ranks, and the
 * strain of a row is the largest deviation of a column from what its partner lets expect, in standard deviations. Monotone relations of two
 * columns are seen, others are not. Immutable, a function of the rows it was made of.
 */
export class ColumnPairs {
  readonly #columns: readonly SortedColumn[];
  readonly #pairs: readonly Pair[];

  private constructor(columns: readonly SortedColumn[], pairs: readonly Pair[]) {
    this.#columns = columns;
    this.#pairs = pairs;
  }

  /**
   * @param rows row after row, NaN = missing; @param dimensions values of a row; @param numbers how many of them are numbers, the first ones;
   * @param count rows. O(min(rows, 1,024) · numbers²)
   * @returns undefined when no two columns go together, or there are too few rows
   */
  static of(rows: Float32Array, dimensions: number, numbers: number, count: number): ColumnPairs | undefined {
    const taken = Math.min(count, MAX_ROWS);
    if (numbers < 2 || taken < MIN_ROWS) return undefined;
    const values = Array.from({ length: Math.min(numbers, MAX_COLUMNS) }, (_, column) =>
      Float32Array.from({ length: taken }, (__, row) => rows[row * dimensions + column] as number),
    );
    const columns = values.map((each) => new SortedColumn(each));
    const scores = values.map((each, column) => Float64Array.from(each, (value) => columns[column]?.score(value) ?? 0));
    const best = scores.map((_, column) => partnerOf(scores, column));
    const pairs = best.filter(
      (pair): pair is Pair =>
        // Two columns that are each other's partner are one pair.
        pair !== undefined && (pair.column < pair.partner || best[pair.partner]?.partner !== pair.column),
    );
    return pairs.length === 0 ? undefined : new ColumnPairs(columns, pairs);
  }

  /** How many pairs there are. */
  get size(): number {
    return this.#pairs.length;
  }

  /** Of a row, not below 0; 0 when no pair is present. Values beyond a column count as its ends. O(pairs · log rows). */
  strain(row: ArrayLike<number>): number {
    let most = 0;
    for (const pair of this.#pairs) most = Math.max(most, Math.abs(this.#residual(pair, row)));
    return most;
  }

  /** The pair that the strain is of. */
  broken(row: ArrayLike<number>): BrokenPair | undefined {
    let [most, worst]: [number, Pair | undefined] = [0, undefined];
    for (const pair of this.#pairs) {
      const residual = this.#residual(pair, row);
      if (Math.abs(residual) > Math.abs(most)) [most, worst] = [residual, pair];
    }
    if (worst === undefined) return undefined;
    const { column, partner, correlation } = worst;
    return {
      column,
      partner,
      isHigh: most > 0,
      isPartnerHigh: most * correlation < 0,
      expected: this.#expected(column, partner, worst, row),
      partnerExpected: this.#expected(partner, column, worst, row),
    };
  }

  #residual({ column, partner, correlation, deviation }: Pair, row: ArrayLike<number>): number {
    const own = this.#columns[column]?.score(Math.fround(row[column] as number)) as number;
    const other = this.#columns[partner]?.score(Math.fround(row[partner] as number)) as number;
    const residual = (own - correlation * other) / deviation;
    return Number.isNaN(residual) ? 0 : residual;
  }

  #expected(column: number, given: number, pair: Pair, row: ArrayLike<number>): readonly [number, number] {
    const middle = pair.correlation * (this.#columns[given]?.score(Math.fround(row[given] as number)) as number);
    const half = EXPECTED * pair.deviation;
    const sorted = this.#columns[column] as SortedColumn;
    return [sorted.at(middle - half), sorted.at(middle + half)];
  }
}

/** The column that goes best with this one; undefined when none goes well enough. */
function partnerOf(scores: readonly Float64Array[], column: number): Pair | undefined {
  let best: Pair | undefined;
  for (let partner = 0; partner < scores.length; partner += 1) {
    if (partner === column) continue;
    const correlation = correlationOf(scores[column] as Float64Array, scores[partner] as Float64Array);
    if (Math.abs(correlation) < LEAST_CORRELATION || Math.abs(correlation) <= Math.abs(best?.correlation ?? 0))
      continue;
    best = { column, partner, correlation, deviation: Math.max(LEAST_DEVIATION, Math.sqrt(1 - correlation ** 2)) };
  }
  return best;
}

/** Of the rows that have both; 0 where there are too few, or one of them is constant. */
function correlationOf(a: Float64Array, b: Float64Array): number {
  let [count, sumA, sumB, squaresA, squaresB, products] = [0, 0, 0, 0, 0, 0];
  for (let i = 0; i < a.length; i += 1) {
    const [x, y] = [a[i] as number, b[i] as number];
    if (x !== x || y !== y) continue;
    count += 1;
    sumA += x;
    sumB += y;
    squaresA += x * x;
    squaresB += y * y;
    products += x * y;
  }
  if (count < MIN_ROWS) return 0;
  const [varianceA, varianceB] = [squaresA - (sumA * sumA) / count, squaresB - (sumB * sumB) / count];
  // Scores are of ranks, so a column that varies has a variance far from 0.
  if (varianceA < 1e-6 * count || varianceB < 1e-6 * count) return 0;
  const covariance = products - (sumA * sumB) / count;
  return Math.max(-1, Math.min(1, covariance / Math.sqrt(varianceA * varianceB)));
}
