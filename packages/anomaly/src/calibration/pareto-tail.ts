/** Candidates of the law's end; their spread follows the data, so that more of them change little. */
const CANDIDATES = 40;
/** How far from the data the candidates go, in quartiles (Zhang & Stephens use the same). */
const WIDTH = 3;
/** Standard deviation of the shape before any data is seen, about the exponential: small, so that a rate is kept first and used second. */
const SHAPE_DEVIATION = 0.15;
/** Below this end⁻¹ · largest excess the law is computed as exponential. */
const FLAT = 1e-9;

/**
 * How far new values go beyond a threshold, given n excesses over it: generalised Pareto laws P(X > x) = (1 − θx)^(1/k) with the end 1/θ
 * (negative: none) and shape −k, averaged over what the excesses leave open. Candidates of θ lie by the quantiles of Zhang & Stephens'
 * prior below 1/largest; each has the weight of its likelihood times a normal prior of the shape. Given θ, −ln(1 − θx) is exponential, so that
 * its unknown mean k is integrated out exactly: P(X > x) = (1 + u/n)^(−n), u = ln(1 − θx)/−k̂.
 *
 * One fitted law says too little about what lies beyond every excess: on average over samples, its 1/10,000 comes up to four times as often.
 * The average comes as often as it says for exponential tails, about half as often for laws that end, 1.5 times for shape 0.3.
 * Source: Zhang & Stephens (2009), A new and efficient estimation method for the generalized Pareto distribution.
 */
export class ParetoTail {
  readonly #excesses: number;
  /** θ, k̂ and weight of each candidate. */
  readonly #inverseEnds = new Float64Array(CANDIDATES);
  readonly #means = new Float64Array(CANDIDATES);
  readonly #weights = new Float64Array(CANDIDATES);

  /** @param excesses ascending, at least 2, not negative. O(n · candidates). */
  constructor(excesses: ArrayLike<number>) {
    const n = excesses.length;
    this.#excesses = n;
    const largest = excesses[n - 1] as number;
    const quartile = excesses[Math.floor(n / 4 + 0.5) - 1] as number;
    let mean = 0;
    for (let i = 0; i < n; i += 1) mean += (excesses[i] as number) / n;
    // With ties at the threshold the quartile may be 0; that of an exponential law of the same mean stands for it.
    const scale = WIDTH * (quartile > 0 ? quartile : mean * Math.log(4 / 3));
    for (let j = 0; j < CANDIDATES; j += 1) {
      const end = largest === 0 ? 0 : 1 / largest + (1 - Math.sqrt(CANDIDATES / (j + 0.5))) / scale;
      this.#inverseEnds[j] = Math.abs(end) * largest < FLAT ? 0 : end;
      this.#weigh(j, excesses, mean);
    }
    const best = this.#weights.reduce((most, weight) => Math.max(most, weight), -Infinity);
    let sum = 0;
    for (let j = 0; j < CANDIDATES; j += 1) {
      this.#weights[j] = largest === 0 ? 1 : Math.exp((this.#weights[j] as number) - best);
      sum += this.#weights[j] as number;
    }
    for (let j = 0; j < CANDIDATES; j += 1) this.#weights[j] = (this.#weights[j] as number) / sum;
  }

  /** k̂ of candidate j, and the logarithm of its weight. */
  #weigh(j: number, excesses: ArrayLike<number>, mean: number): void {
    const n = excesses.length;
    const inverseEnd = this.#inverseEnds[j] as number;
    let sum = 0;
    for (let i = 0; i < n; i += 1) sum -= Math.log1p(-inverseEnd * (excesses[i] as number));
    const k = sum / n;
    this.#means[j] = inverseEnd === 0 ? mean : k;
    const rate = inverseEnd === 0 ? 1 / mean : inverseEnd / k;
    this.#weights[j] = n * (Math.log(rate) + k - 1) - 0.5 * (k / SHAPE_DEVIATION) ** 2;
  }

  /** P(X > x) of a new excess, x > 0; 0 beyond the ends of all laws and where every excess was 0. O(candidates). */
  above(x: number): number {
    const n = this.#excesses;
    let share = 0;
    for (let j = 0; j < CANDIDATES; j += 1) {
      const inverseEnd = this.#inverseEnds[j] as number;
      const rest = 1 - inverseEnd * x;
      if (rest <= 0) continue;
      const k = this.#means[j] as number;
      const surprise = inverseEnd === 0 ? x / k : -Math.log(rest) / k;
      share += (this.#weights[j] as number) * (1 + surprise / n) ** -n;
    }
    return share;
  }
}
