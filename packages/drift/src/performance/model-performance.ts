/** All that is kept of one model's outcomes: the joiner, the reference, windows, and one evaluation for each metric and window. */
import type { Transition } from '../evaluation.ts';
import { type HeldOutcome, OutcomeJoiner, type SavedJoiner } from './outcome-joiner.ts';
import { PerformanceEvaluation, type PerformanceRule, type SavedPerformance } from './performance-evaluation.ts';
import { ReferenceScores, type SavedReferenceScores } from './reference-scores.ts';
import { ScoredWindow } from './scored-window.ts';
import { isProbability, METRICS, scoresOf } from './scores.ts';

export interface PerformanceConfig extends PerformanceRule {
  /** Sizes of the windows, outcomes. */
  readonly outcomeWindows: readonly number[];
  /** Outcomes that make the reference, the first ones or those from a rebase on; at least 2. */
  readonly outcomeReference: number;
  /** Predictions that wait for outcomes, and outcomes that wait for predictions, at most. */
  readonly openPredictions: number;
  readonly heldOutcomes: number;
}

type Judged = (evaluation: PerformanceEvaluation, transition: Transition) => void;

export interface SavedModelPerformance {
  readonly joiner: SavedJoiner;
  readonly unscored: number;
  readonly reference: SavedReferenceScores;
  readonly evaluations: readonly (SavedPerformance & { readonly metric: string; readonly capacity: number })[];
}

export class ModelPerformance {
  readonly joiner: OutcomeJoiner;
  readonly evaluations: readonly PerformanceEvaluation[];
  readonly windows: readonly ScoredWindow[];
  /** Predictions whose first output is not a probability. */
  unscored = 0;
  readonly #config: PerformanceConfig;
  #reference: ReferenceScores;

  /** @param retiring sizes of windows that are no longer configured and have something open */
  constructor(
    config: PerformanceConfig,
    reference: ReferenceScores = new ReferenceScores(),
    retiring: readonly number[] = [],
  ) {
    this.#config = config;
    this.#reference = reference;
    this.joiner = new OutcomeJoiner(config.openPredictions, config.heldOutcomes);
    this.windows = [...config.outcomeWindows, ...retiring].map((size) => new ScoredWindow(size));
    this.evaluations = this.windows.flatMap((window, index) =>
      METRICS.map(
        (metric) => new PerformanceEvaluation(metric, window, reference, config, index < config.outcomeWindows.length),
      ),
    );
  }

  get reference(): ReferenceScores {
    return this.#reference;
  }

  get isLearning(): boolean {
    return this.#reference.count < this.#config.outcomeReference;
  }

  /** The longest window that is configured or has something open. */
  get longest(): ScoredWindow {
    const live = this.evaluations.filter(({ canRaise, open }) => canRaise || open !== null);
    return live.map(({ window }) => window).reduce((a, b) => (b.capacity > a.capacity ? b : a));
  }

  /**
   * The present becomes the reference: it begins with the outcomes of the longest window, is made of as many as the first one was, and
   * what comes is tested from then on. @param by id of the command
   */
  rebase(by: string): void {
    const reference = new ReferenceScores(by);
    for (const { p, y, timeMs } of this.longest.newest(this.#config.outcomeReference))
      reference.add(p, y, scoresOf(p, y), timeMs);
    this.#reference = reference;
    for (const evaluation of this.evaluations) evaluation.rebase(reference);
    if (!this.isLearning) for (const evaluation of this.evaluations) evaluation.begin();
  }

  /** @param probability first output of the prediction */
  predict(key: number, probability: number, judged: Judged): void {
    if (!isProbability(probability)) {
      this.unscored += 1;
      return;
    }
    const held = this.joiner.predict(key, probability);
    if (held !== undefined) this.#score(probability, held.label, held.atMs, judged);
  }

  /** @param given label 0 or 1 */
  outcome(key: number, given: HeldOutcome, judged: Judged): void {
    const probability = this.joiner.outcome(key, given);
    if (probability !== undefined) this.#score(probability, given.label, given.atMs, judged);
  }

  /** O(windows × metrics). */
  #score(p: number, y: number, timeMs: number, judged: Judged): void {
    const scores = scoresOf(p, y);
    for (const window of this.windows) window.add(p, y, timeMs);
    if (this.isLearning) {
      this.#reference.add(p, y, scores, timeMs);
      if (!this.isLearning) for (const evaluation of this.evaluations) evaluation.begin();
      return;
    }
    for (const evaluation of this.evaluations) {
      const transition = evaluation.add(scores[METRICS.indexOf(evaluation.metric)] as number, timeMs);
      if (transition !== undefined) judged(evaluation, transition);
    }
  }

  /** The head, and the arrays that it goes with: of the joiner, then of the longest window. */
  save(): { readonly head: SavedModelPerformance; readonly parts: readonly ArrayBufferView[] } {
    const { head: joiner, keys, probabilities, revisions } = this.joiner.save();
    const live = this.evaluations.filter(({ canRaise, open }) => canRaise || open !== null);
    const longest = this.longest.save();
    const evaluations = live.map((each) => ({
      metric: each.metric,
      capacity: each.window.capacity,
      ...each.save(),
    }));
    return {
      head: { joiner, unscored: this.unscored, reference: this.#reference.save(), evaluations },
      parts: [keys, probabilities, revisions, longest.probabilities, longest.labels, longest.timesMs],
    };
  }

  /** Under another configuration windows that stay go on; others are filled with what there is and tested from now on. */
  static load(
    head: SavedModelPerformance,
    part: (index: number) => ArrayBuffer,
    config: PerformanceConfig,
  ): ModelPerformance {
    const numbers = (index: number) => new Float64Array(part(index));
    const retiring = head.evaluations
      .filter(({ capacity, open }) => open !== null && !config.outcomeWindows.includes(capacity))
      .map(({ capacity }) => capacity);
    const reference = ReferenceScores.load(head.reference);
    const performance = new ModelPerformance(config, reference, [...new Set(retiring)]);
    performance.unscored = head.unscored;
    performance.joiner.restore(head.joiner, numbers(0), numbers(1), numbers(2));
    for (const window of performance.windows) window.restore(numbers(3), new Uint8Array(part(4)), numbers(5));
    for (const evaluation of performance.evaluations) {
      const saved = head.evaluations.find(
        ({ metric, capacity }) => metric === evaluation.metric && capacity === evaluation.window.capacity,
      );
      if (saved !== undefined) evaluation.restore(saved);
      if ((saved?.detectors ?? null) === null && !performance.isLearning) evaluation.begin();
    }
    return performance;
  }
}
