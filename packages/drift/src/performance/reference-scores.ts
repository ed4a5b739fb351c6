/** Scores of N outcomes of a model, its first ones or those from a rebase on: what later ones are compared with. Constant size. */
import { METRICS, type Metric, RANGES, type Scores } from './scores.ts';

/** Chance, over the reference, that a true mean lies beyond its tolerance. */
const MISS = 1e-3;
/** Lag-1 correlation of residuals above which, times 1/√N, they are said to depend on each other: one reference in a thousand exceeds it by chance. */
const CORRELATED = 3.09;

export interface SavedReferenceScores {
  readonly count: number;
  readonly labels: number;
  readonly predicted: number;
  readonly sums: readonly number[];
  readonly squares: readonly number[];
  readonly previous: number;
  readonly products: number;
  readonly fromMs: number | null;
  readonly toMs: number | null;
  readonly rebasedBy?: string;
}

export class ReferenceScores {
  /** Id of the command that made it; undefined: it begins with the model's first outcome. */
  readonly rebasedBy: string | undefined;
  count = 0;
  /** Sums of labels and of probabilities. */
  labels = 0;
  predicted = 0;
  /** Event times of the earliest and the latest outcome, ms. */
  fromMs: number = Number.POSITIVE_INFINITY;
  toMs: number = Number.NEGATIVE_INFINITY;
  readonly #sums = METRICS.map(() => 0);
  readonly #squares = METRICS.map(() => 0);
  #previous = 0;
  #products = 0;

  constructor(rebasedBy?: string) {
    this.rebasedBy = rebasedBy;
  }

  add(p: number, y: number, scores: Scores, timeMs: number): void {
    this.count += 1;
    this.labels += y;
    this.predicted += p;
    for (const [at, score] of scores.entries()) {
      this.#sums[at] = (this.#sums[at] as number) + score;
      this.#squares[at] = (this.#squares[at] as number) + score * score;
    }
    this.#products += this.#previous * scores[0];
    this.#previous = scores[0];
    this.fromMs = Math.min(this.fromMs, timeMs);
    this.toMs = Math.max(this.toMs, timeMs);
  }

  mean(metric: Metric): number {
    return (this.#sums[METRICS.indexOf(metric)] as number) / this.count;
  }

  /**
   * How far the true mean may lie from the measured one, but for one reference in a thousand: the empirical Bernstein bound of Maurer and
   * Pontil (COLT 2009, theorem 4), two-sided. Needs at least 2 outcomes.
   */
  tolerance(metric: Metric): number {
    const at = METRICS.indexOf(metric);
    const n = this.count;
    const mean = this.mean(metric);
    const variance = Math.max(0, ((this.#squares[at] as number) - n * mean * mean) / (n - 1));
    const log = Math.log(4 / MISS);
    return Math.sqrt((2 * variance * log) / n) + (7 * (RANGES[at] as number) * log) / (3 * (n - 1));
  }

  /** Lag-1 correlation of the residuals in the order in which outcomes came; 0 where they do not vary. */
  get lag1(): number {
    const mean = this.mean('calibration');
    const variance = (this.#squares[0] as number) / this.count - mean * mean;
    return variance <= 0 ? 0 : (this.#products / this.count - mean * mean) / variance;
  }

  /** Whether the residual of one outcome tells of the next one's. */
  get isDependent(): boolean {
    return this.lag1 > CORRELATED / Math.sqrt(this.count);
  }

  save(): SavedReferenceScores {
    const { count, labels, predicted, fromMs, toMs, rebasedBy } = this;
    const times = count === 0 ? { fromMs: null, toMs: null } : { fromMs, toMs };
    const series = { previous: this.#previous, products: this.#products };
    const by = rebasedBy === undefined ? {} : { rebasedBy };
    return { count, labels, predicted, sums: [...this.#sums], squares: [...this.#squares], ...series, ...times, ...by };
  }

  static load(saved: SavedReferenceScores): ReferenceScores {
    const scores = new ReferenceScores(saved.rebasedBy);
    scores.count = saved.count;
    scores.labels = saved.labels;
    scores.predicted = saved.predicted;
    scores.fromMs = saved.fromMs ?? scores.fromMs;
    scores.toMs = saved.toMs ?? scores.toMs;
    for (const at of METRICS.keys()) {
      scores.#sums[at] = saved.sums[at] as number;
      scores.#squares[at] = saved.squares[at] as number;
    }
    scores.#previous = saved.previous;
    scores.#products = saved.products;
    return scores;
  }
}
