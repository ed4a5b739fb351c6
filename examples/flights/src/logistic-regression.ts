/** Standard deviations within which an input is held. */
const CLIP = 5;

/** Logistic regression by stochastic gradient descent on standardised inputs: small, deterministic, good enough to be honest. */
export class LogisticRegression {
  readonly #inputs: readonly number[];
  readonly #mean: Float64Array;
  readonly #variance: Float64Array;
  readonly #weights: Float64Array;
  #bias = 0;
  #seen = 0;

  /** `inputs`: indices of the features that the model sees. */
  constructor(inputs: readonly number[]) {
    this.#inputs = inputs;
    this.#mean = new Float64Array(inputs.length);
    this.#variance = new Float64Array(inputs.length);
    this.#weights = new Float64Array(inputs.length);
  }

  /** One step on one example; the step shrinks as 1/√n. Means and variances are learnt along the way (Welford). */
  learn(features: readonly number[], label: 0 | 1): void {
    this.#seen += 1;
    for (const [at, input] of this.#inputs.entries()) {
      const x = features[input] as number;
      const before = x - (this.#mean[at] as number);
      this.#mean[at] = (this.#mean[at] as number) + before / this.#seen;
      this.#variance[at] = (this.#variance[at] as number) + before * (x - (this.#mean[at] as number));
    }
    const rate = 0.5 / Math.sqrt(100 + this.#seen);
    const error = label - this.predict(features);
    for (const [at, input] of this.#inputs.entries()) {
      this.#weights[at] = (this.#weights[at] as number) + rate * error * this.#standard(at, features[input] as number);
    }
    this.#bias += rate * error;
  }

  /** Probability of label 1, in (0, 1). */
  predict(features: readonly number[]): number {
    let score = this.#bias;
    for (const [at, input] of this.#inputs.entries())
      score += (this.#weights[at] as number) * this.#standard(at, features[input] as number);
    return 1 / (1 + Math.exp(-score));
  }

  /** As packages/explain reads it: `weir.sklearn-linear/1`. @param names of all features, in their order */
  export(names: readonly string[]): object {
    return {
      format: 'weir.sklearn-linear/1',
      features: this.#inputs.length,
      feature_names: this.#inputs.map((input) => names[input]),
      link: 'logistic',
      weights: [[...this.#weights]],
      intercepts: [this.#bias],
      inputs: { centre: [...this.#mean], scale: this.#inputs.map((_, at) => this.#deviation(at)), clip: CLIP },
    };
  }

  #deviation(at: number): number {
    return Math.sqrt((this.#variance[at] as number) / Math.max(1, this.#seen));
  }

  #standard(at: number, x: number): number {
    const deviation = this.#deviation(at);
    return deviation === 0 ? 0 : Math.max(-CLIP, Math.min(CLIP, (x - (this.#mean[at] as number)) / deviation));
  }
}
