/**
 * LIME for tables: a ridge regression of the model's answers on "is in the bin of the explained row", over perturbed rows weighted by closeness.
 * The rows are scrambled Sobol points, so that 4,096 calls give what several times as many random ones do, and a seed gives the same answer
 * again. The same state machine as Kernel SHAP: `next` hands out rows, `accept` takes their answers.
 * Source: Ribeiro et al. (2016). Kernel exp(−d²/w²)^½ with w = 0.75 √M and ridge 1 are lime's defaults.
 */
import { cholesky, solveCholesky } from '../cholesky.ts';
import { ExplainError, requireWhole } from '../errors.ts';
import { studentQuantile } from '../normal.ts';
import { binIndex, type Feature, valueAt } from './discretiser.ts';
import { scrambledSobol } from './sobol.ts';

export interface LimeOptions {
  readonly row: Float64Array;
  readonly features: readonly Feature[];
  /** Model calls in all; a power of two uses the Sobol net best. */
  readonly calls: number;
  /** Rows per batch. Default 512. */
  readonly batchRows?: number;
  /** 32-bit seed from hash(event id, model version). */
  readonly seed: number;
  /** Of the intervals, in (0, 1). Default 0.95. */
  readonly confidence?: number;
}

export interface LimeExplanation {
  readonly game: 'lime';
  /** Per feature: change of the prediction that goes with being in the row's bin. */
  readonly attributions: Float64Array;
  readonly intercept: number;
  readonly intervals: readonly (readonly [low: number, high: number])[];
  /** Weighted share of the answers' variance that the regression explains. */
  readonly r2: number;
  readonly modelRows: number;
  /** `unstable`: the largest coefficient's sign is uncertain, or the third and fourth largest cannot be told apart. */
  readonly flags: readonly ('unstable' | 'partial')[];
}

const RIDGE = 1;
const BATCH_ROWS = 512;
/** The head of the ranking that must stand still for an explanation to be called stable. */
const STABLE_TOP = 3;

export class LimeExplainer {
  readonly #options: LimeOptions;
  readonly #point: (index: number, out: Float64Array) => void;
  readonly #ownBins: readonly number[];
  /** Rows of 1 and M indicators. */
  readonly #design: Float64Array[] = [];
  readonly #weights: number[] = [];
  readonly #answers: number[] = [];
  #open = 0;

  /** @throws {ExplainError} BAD_ARGUMENT, BAD_ROW */
  constructor(options: LimeOptions) {
    requireWhole('calls', options.calls, options.features.length + 2, 10_000_000);
    if (options.row.length !== options.features.length) {
      throw new ExplainError(
        'BAD_ROW',
        `the row has ${options.row.length} features, but ${options.features.length} were discretised`,
      );
    }
    this.#options = options;
    this.#point = scrambledSobol(options.features.length, options.seed);
    this.#ownBins = options.features.map((feature, j) => binIndex(feature, options.row[j]!));
  }

  /** The next rows to score; undefined when all calls are made. The first row of all is the explained one. */
  next(): readonly Float64Array[] | undefined {
    if (this.#open > 0) throw new ExplainError('BAD_STATE', 'the last batch has no answers yet; call accept first');
    const made = this.#answers.length;
    const count = Math.min(this.#options.batchRows ?? BATCH_ROWS, this.#options.calls - made);
    if (count <= 0) return undefined;
    this.#open = count;
    return Array.from({ length: count }, (_, at) => this.#perturbed(made + at));
  }

  /** @throws {ExplainError} BAD_STATE, BAD_ARGUMENT */
  accept(predictions: ArrayLike<number>): void {
    if (this.#open === 0) throw new ExplainError('BAD_STATE', 'there is no open batch; call next first');
    if (predictions.length !== this.#open) {
      throw new ExplainError(
        'BAD_ARGUMENT',
        `there are ${predictions.length} predictions for ${this.#open} rows; send one per row`,
      );
    }
    for (let at = 0; at < predictions.length; at += 1) {
      if (!Number.isFinite(predictions[at])) {
        throw new ExplainError(
          'BAD_ARGUMENT',
          `prediction ${at} is ${predictions[at]}; only finite predictions can be explained`,
        );
      }
    }
    for (let at = 0; at < predictions.length; at += 1) this.#answers.push(predictions[at]!);
    this.#open = 0;
  }

  #perturbed(index: number): Float64Array {
    const { features, row } = this.#options;
    const perturbed = row.slice();
    const indicators = new Float64Array(features.length + 1).fill(1);
    let distance = 0;
    if (index > 0) {
      const point = new Float64Array(features.length);
      this.#point(index - 1, point);
      for (const [j, feature] of features.entries()) {
        const { bin, value } = valueAt(feature, point[j]!);
        perturbed[j] = value;
        if (bin === this.#ownBins[j]) continue;
        indicators[j + 1] = 0;
        distance += 1;
      }
    }
    this.#design.push(indicators);
    // √exp(−d²/w²) with d² the number of features in another bin and w = 0.75 √M.
    this.#weights.push(Math.exp(-distance / (2 * 0.75 * 0.75 * features.length)));
    return perturbed;
  }

  /** @throws {ExplainError} BAD_STATE before the first answers. O(calls · M² + M³). */
  result(): LimeExplanation {
    const n = this.#answers.length;
    const p = this.#options.features.length + 1;
    if (n < p + 1)
      throw new ExplainError('BAD_STATE', `${n} answers are too few for ${p} coefficients; call next and accept`);
    const matrix = new Float64Array(p * p);
    const right = new Float64Array(p);
    for (let at = 0; at < n; at += 1) {
      const z = this.#design[at]!;
      const w = this.#weights[at]!;
      for (let i = 0; i < p; i += 1) {
        if (z[i] === 0) continue;
        right[i]! += w * this.#answers[at]!;
        for (let j = 0; j < p; j += 1) matrix[i * p + j]! += w * z[j]!;
      }
    }
    // The intercept is not penalised.
    for (let i = 1; i < p; i += 1) matrix[i * p + i]! += RIDGE;
    const factor = cholesky(matrix, p);
    if (factor === undefined)
      throw new ExplainError('BAD_STATE', 'the perturbed rows do not vary enough for a regression; make more calls');
    const solution = solveCholesky(factor, p, right);
    return this.#explanation(solution, this.#standardErrors(factor, solution), n - p);
  }

  /** Sandwich estimate: robust to a model that is no line and to answers of unequal variance. Source: White (1980). */
  #standardErrors(factor: Float64Array, solution: Float64Array): Float64Array {
    const variances = new Float64Array(solution.length);
    for (const [at, z] of this.#design.entries()) {
      const influence = solveCholesky(factor, solution.length, z);
      const scale = (this.#weights[at]! * (this.#answers[at]! - dot(z, solution))) ** 2;
      for (let i = 0; i < variances.length; i += 1) variances[i]! += scale * influence[i]! * influence[i]!;
    }
    return variances.map(Math.sqrt);
  }

  #explanation(solution: Float64Array, standardErrors: Float64Array, degrees: number): LimeExplanation {
    const width = studentQuantile(0.5 + (this.#options.confidence ?? 0.95) / 2, degrees);
    const attributions = solution.slice(1);
    const half = standardErrors.slice(1).map((error) => width * error);
    const order = Array.from(attributions.keys()).sort(
      (a, b) => Math.abs(attributions[b]!) - Math.abs(attributions[a]!),
    );
    const top = order[0]!;
    const [third, fourth] = [order[STABLE_TOP - 1], order[STABLE_TOP]];
    const tied =
      third !== undefined &&
      fourth !== undefined &&
      Math.abs(attributions[third]!) - Math.abs(attributions[fourth]!) < Math.hypot(half[third]!, half[fourth]!);
    const unstable = Math.abs(attributions[top]!) < half[top]! || tied;
    const partial = this.#answers.length < this.#options.calls;
    return {
      game: 'lime',
      attributions,
      intercept: solution[0]!,
      intervals: Array.from(attributions, (phi, i) => [phi - half[i]!, phi + half[i]!] as const),
      r2: this.#r2(solution),
      modelRows: this.#answers.length,
      flags: [...(unstable ? (['unstable'] as const) : []), ...(partial ? (['partial'] as const) : [])],
    };
  }

  #r2(solution: Float64Array): number {
    let total = 0;
    let sum = 0;
    for (const [at, answer] of this.#answers.entries()) {
      total += this.#weights[at]!;
      sum += this.#weights[at]! * answer;
    }
    const mean = sum / total;
    let residual = 0;
    let spread = 0;
    for (const [at, answer] of this.#answers.entries()) {
      residual += this.#weights[at]! * (answer - dot(this.#design[at]!, solution)) ** 2;
      spread += this.#weights[at]! * (answer - mean) ** 2;
    }
    return spread === 0 ? 1 : 1 - residual / spread;
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i += 1) sum += a[i]! * b[i]!;
  return sum;
}
