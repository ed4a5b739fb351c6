/**
 * Tells when the mean of a stream of scores has come to lie above a level: a mixture of Shiryaev–Roberts e-detectors over bets (Shin, Ramdas and
 * Rinaldo 2024, arXiv 2203.03532, with the bets of Waudby-Smith and Ramdas 2024, arXiv 2010.09686). While the mean of each score, given all
 * before it, is at most the level, the statistic exceeds A for the first time after A scores or more on average, whatever the scores depend on.
 */

/** Shares of the largest bet that a bet may be: small ones see small changes, large ones large changes at once. */
const BETS: readonly number[] = [0.5, 0.2, 0.1, 0.04, 0.015, 0.005];
/** The statistic is held below this: it stays small enough to be forgotten, and one that is held down alarms no earlier. */
const CEILING = 1e18;

export interface SavedMeanAbove {
  readonly level: number;
  readonly sums: readonly number[];
  readonly products: readonly number[];
  readonly starts: readonly number[];
}

export class MeanAbove {
  readonly #floor: number;
  #level: number;
  readonly #sums = BETS.map(() => 0);
  readonly #products = BETS.map(() => 0);
  readonly #starts = BETS.map(() => 0);

  /**
   * @param floor smallest value of a score
   * @param level that the mean is not above, in the absence of a change; a level at or below the floor is taken as just above it
   */
  constructor(floor: number, level: number) {
    this.#floor = floor;
    this.#level = level;
  }

  get level(): number {
    return this.#level;
  }

  /** The e-detector: a mean of sums, one for each bet. */
  get statistic(): number {
    return this.#sums.reduce((sum, each) => sum + each, 0) / BETS.length;
  }

  /** Where the change most probably began, ms: start of the CUSUM of the bet that has won most. */
  get sinceMs(): number {
    let best = 0;
    for (const [at, product] of this.#products.entries()) if (product > (this.#products[best] as number)) best = at;
    return this.#starts[best] as number;
  }

  /** O(number of bets). @param score at least the floor */
  add(score: number, timeMs: number): void {
    const scale = Math.max(this.#level - this.#floor, 1e-9);
    // At least −1, since the score is at least the floor: no factor is negative.
    const gain = (score - this.#floor) / scale - 1;
    for (let at = 0; at < BETS.length; at += 1) {
      const factor = 1 + (BETS[at] as number) * gain;
      this.#sums[at] = Math.min(CEILING, (1 + (this.#sums[at] as number)) * factor);
      const product = this.#products[at] as number;
      if (product <= 1) this.#starts[at] = timeMs;
      this.#products[at] = Math.min(CEILING, Math.max(1, product) * factor);
    }
  }

  /** Begins anew against another level. */
  restart(level: number): void {
    this.#level = level;
    this.#sums.fill(0);
    this.#products.fill(0);
    this.#starts.fill(0);
  }

  save(): SavedMeanAbove {
    return { level: this.#level, sums: [...this.#sums], products: [...this.#products], starts: [...this.#starts] };
  }

  restore({ level, sums, products, starts }: SavedMeanAbove): void {
    this.#level = level;
    for (const at of BETS.keys()) {
      this.#sums[at] = sums[at] as number;
      this.#products[at] = products[at] as number;
      this.#starts[at] = starts[at] as number;
    }
  }
}
