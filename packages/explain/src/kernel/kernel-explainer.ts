/**
 * Kernel SHAP for models behind a network: a state machine that hands out rows to score and takes the answers. Interventional game on
 * whatever scale the model answers; Σ attributions + base value = prediction by construction.
 *
 *     for (let rows = explainer.next(); rows !== undefined; rows = explainer.next()) explainer.accept(await score(rows));
 *
 * Each pair of coalitions gets background rows of its own, since the background is the larger error; the difference of their mean prediction to
 * the base value is taken out (control variate). A surrogate g with exact attributions takes out more: φ(f) = φ(g) + φ̂(f − g), whatever g is
 * as long as it was fixed before the row was drawn. What φ̂ makes of the pairs is in kriging.ts.
 */
import { ExplainError } from '../errors.ts';
import { studentQuantile } from '../normal.ts';
import { below, type Uniform } from '../random.ts';
import { type CoalitionPair, drawDesign } from './coalitions.ts';
import { type KernelOptions, requireOptions } from './kernel-options.ts';
import { krige } from './kriging.ts';
import type { PairValue, Regression } from './regression.ts';

export interface KernelExplanation {
  readonly game: 'kernel';
  readonly attributions: Float64Array;
  readonly baseValue: number;
  /** Confidence interval of each attribution; infinite while there are no more pairs than players. */
  readonly intervals: readonly (readonly [low: number, high: number])[];
  /** Rows that the model had to score. */
  readonly modelRows: number;
  readonly coalitions: number;
  readonly certifiedTopK: boolean;
  /** `ridge`: too few coalitions for a unique solution. `partial`: the design was not finished. */
  readonly flags: readonly ('ridge' | 'partial')[];
}

interface Question {
  readonly pair: CoalitionPair;
  readonly backgroundRows: readonly number[];
  /** Index of each row's answer, coalition then complement per background row; −1: the explained row itself. */
  readonly answers: readonly number[];
  /** Surrogate predictions in the same order. */
  readonly surrogate: readonly number[];
}

export class KernelExplainer {
  readonly #options: KernelOptions;
  readonly #design: readonly CoalitionPair[];
  readonly #uniform: Uniform;
  readonly #baseValue: number;
  readonly #values: PairValue[] = [];
  readonly #looks: number;
  #asked: readonly Question[] | undefined;
  #askedRows = 0;
  #modelRows = 0;
  #certified = false;

  /** @throws {ExplainError} BAD_ARGUMENT, BAD_ROW. O(maxCoalitions · M). */
  constructor(options: KernelOptions, uniform: Uniform) {
    requireOptions(options);
    this.#options = options;
    this.#uniform = uniform;
    this.#design = drawDesign(options.players.names.length, options.maxCoalitions / 2, uniform);
    this.#looks = Math.ceil(this.#design.length / this.#batchPairs);
    let sum = 0;
    for (let at = 0; at < options.background.length; at += 1) sum += options.backgroundPredictions[at]!;
    this.#baseValue = sum / options.background.length;
  }

  get #batchPairs(): number {
    return this.#options.batchPairs ?? Math.max(this.#options.players.names.length, 16);
  }

  /** The next rows to score, each once; undefined when the design is finished or the top k are certain. */
  next(): readonly Float64Array[] | undefined {
    if (this.#asked !== undefined)
      throw new ExplainError('BAD_STATE', 'the last batch has no answers yet; call accept first');
    if (this.#certified) return undefined;
    const pairs = this.#design.slice(this.#values.length, this.#values.length + this.#batchPairs);
    if (pairs.length === 0) return undefined;
    const rows: Float64Array[] = [];
    const known = new Map<string, number>([[this.#options.row.join(), -1]]);
    this.#asked = pairs.map((pair) => this.#question(pair, rows, known));
    this.#askedRows = rows.length;
    return rows;
  }

  /** Takes the model's answers to the rows of `next`, in their order. @throws {ExplainError} BAD_STATE, BAD_ARGUMENT */
  accept(predictions: ArrayLike<number>): void {
    const asked = this.#asked;
    if (asked === undefined) throw new ExplainError('BAD_STATE', 'there is no open batch; call next first');
    if (predictions.length !== this.#askedRows) {
      throw new ExplainError(
        'BAD_ARGUMENT',
        `there are ${predictions.length} predictions for ${this.#askedRows} rows; send one per row`,
      );
    }
    for (let at = 0; at < predictions.length; at += 1) {
      if (Number.isFinite(predictions[at])) continue;
      throw new ExplainError(
        'BAD_ARGUMENT',
        `prediction ${at} is ${predictions[at]}; only finite predictions can be explained`,
      );
    }
    for (const question of asked) this.#values.push(this.#valueOf(question, predictions));
    this.#modelRows += this.#askedRows;
    this.#asked = undefined;
    if (this.#options.topK !== undefined) this.#certified = this.#isCertain(this.#options.topK);
  }

  /** What is known so far. @throws {ExplainError} BAD_STATE before the first answers. O(pairs · M² + M³). */
  result(): KernelExplanation {
    if (this.#values.length === 0)
      throw new ExplainError('BAD_STATE', 'no coalition has been evaluated yet; call next and accept');
    const { solution, standardErrors, degreesOfFreedom, ridge } = this.#regression();
    const surrogate = this.#options.surrogate;
    const players = solution.length;
    const rest = this.#options.prediction - this.#baseValue - this.#surrogateGap();
    const attributions = solution.map((each, i) => each + rest / players + (surrogate?.attributions[i] ?? 0));
    const width =
      degreesOfFreedom > 0 ? studentQuantile(0.5 + this.#confidence / 2, degreesOfFreedom) : Number.POSITIVE_INFINITY;
    const partial = this.#values.length < this.#design.length && !this.#certified;
    return {
      game: 'kernel',
      attributions,
      baseValue: this.#baseValue,
      intervals: Array.from(attributions, (phi, i) => {
        const half = standardErrors[i] === 0 ? 0 : width * standardErrors[i]!;
        return [phi - half, phi + half] as const;
      }),
      modelRows: this.#modelRows,
      coalitions: this.#values.length * 2,
      certifiedTopK: this.#certified,
      flags: [...(ridge ? (['ridge'] as const) : []), ...(partial ? (['partial'] as const) : [])],
    };
  }

  get #confidence(): number {
    return this.#options.confidence ?? 0.95;
  }

  /** g(x) − its base value: what the surrogate's own attributions sum to. */
  #surrogateGap(): number {
    const { surrogate } = this.#options;
    if (surrogate === undefined) return 0;
    let sum = 0;
    for (let i = 0; i < surrogate.attributions.length; i += 1) sum += surrogate.attributions[i]!;
    return sum;
  }

  #regression(): Regression {
    const players = this.#options.players.names.length;
    const rest = this.#options.prediction - this.#baseValue - this.#surrogateGap();
    return krige(players, this.#values, rest / players);
  }

  #question(pair: CoalitionPair, rows: Float64Array[], known: Map<string, number>): Question {
    const { background, players, row, rowsPerPair, surrogate } = this.#options;
    const backgroundRows =
      rowsPerPair === 'all'
        ? background.map((_, at) => at)
        : Array.from({ length: rowsPerPair }, () => below(this.#uniform, background.length));
    const answers: number[] = [];
    const predicted: number[] = [];
    for (const at of backgroundRows) {
      for (const inside of [1, 0]) {
        const mixed = row.map((x, j) => (pair.members[players.ofFeature[j]!] === inside ? x : background[at]![j]!));
        const key = mixed.join();
        let answer = known.get(key);
        if (answer === undefined) {
          answer = rows.push(mixed) - 1;
          known.set(key, answer);
        }
        answers.push(answer);
        if (surrogate !== undefined) predicted.push(surrogate.predict(mixed));
      }
    }
    return { pair, backgroundRows, answers, surrogate: predicted };
  }

  #valueOf(question: Question, predictions: ArrayLike<number>): PairValue {
    const { background, backgroundPredictions, prediction, surrogate } = this.#options;
    const { members, layer } = question.pair;
    const players = members.length;
    let size = 0;
    for (const member of members) size += member;
    const own = surrogate === undefined ? 0 : surrogate.predict(this.#options.row);
    let mean = 0;
    let squares = 0;
    for (const [r, at] of question.backgroundRows.entries()) {
      const answer = (side: number): number => {
        const index = question.answers[2 * r + side]!;
        return (index < 0 ? prediction : predictions[index]!) - (question.surrogate[2 * r + side] ?? 0);
      };
      // The game of this one background row, from its own prediction to that of the row explained: the control variate.
      const from = backgroundPredictions[at]! - (surrogate?.predict(background[at]!) ?? 0);
      const odd = (answer(0) - answer(1)) / 2 - ((2 * size - players) / (2 * players)) * (prediction - own - from);
      const before = odd - mean;
      mean += before / (r + 1);
      squares += before * (odd - mean);
    }
    const n = question.backgroundRows.length;
    const variance = this.#options.rowsPerPair === 'all' || n < 2 ? 0 : squares / (n - 1) / n;
    return { members, layer, target: mean, variance };
  }

  /** Bonferroni over players and looks: every |attribution| of the top k stands clear of all others. */
  #isCertain(k: number): boolean {
    const { attributions } = this.result();
    const { standardErrors, degreesOfFreedom } = this.#regression();
    if (degreesOfFreedom <= 0) return false;
    const alpha = (1 - this.#confidence) / attributions.length / this.#looks;
    const width = studentQuantile(1 - alpha / 2, degreesOfFreedom);
    const order = Array.from(attributions.keys()).sort(
      (a, b) => Math.abs(attributions[b]!) - Math.abs(attributions[a]!),
    );
    const low = Math.min(...order.slice(0, k).map((i) => Math.abs(attributions[i]!) - width * standardErrors[i]!));
    const high = Math.max(...order.slice(k).map((i) => Math.abs(attributions[i]!) + width * standardErrors[i]!));
    return low > high;
  }
}
