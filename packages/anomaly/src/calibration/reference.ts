import { AnomalyError } from '../anomaly-error.ts';
import type { StateReader } from '../state/state-reader.ts';
import type { StateWriter } from '../state/state-writer.ts';
import { ParetoTail } from './pareto-tail.ts';

/** Fewest clean scores: the smallest conformal p-value is then below 1/1,000. */
export const MIN_SCORES = 1_000;
/** Scores that are kept exactly at the top, and quantiles below them. */
const TOP = 256;
const QUANTILES = 512;
/** Share of the scores that the tail beyond them is taken from; at most those that are kept exactly, but the threshold. */
const TAIL = 0.05;
/** States before this version of their kind hold the fit of a tail, which follows from the kept scores since. */
const WITHOUT_FIT = 4;

/**
 * Guarantee `reference`: p = (1 + #{reference ≥ s})/(n + 1), so that P(p ≤ α) ≤ α for each new score that is exchangeable with the
 * reference's: the score function must not have learnt from the reference's scores, nor learn from new ones other than it did from those.
 * The rate of one reference of n scores strays from α, see `rateRange`; α is the mean over references. Past the largest reference score,
 * where conformal p ends at 1/(n + 1), generalised Pareto laws of the top 5 % go on (`ParetoTail`); this part is an estimate. The reference
 * is immutable: new scores, flagged or not, never enter it.
 * Sources: Vovk, Gammerman & Shafer (2005), Algorithmic learning in a random world; Siffer et al. (2017), SPOT.
 */
export class ReferenceCalibration {
  /** n. */
  readonly size: number;
  /** Kept scores, ascending, and how many of the reference's are at least each. */
  readonly #scores: Float64Array;
  readonly #atLeast: Float64Array;
  readonly #threshold: number;
  readonly #tailShare: number;
  readonly #tail: ParetoTail;

  /** @param scores kept ones, the last `TOP` of them the largest of all. */
  private constructor(size: number, scores: Float64Array, atLeast: Float64Array) {
    this.size = size;
    this.#scores = scores;
    this.#atLeast = atLeast;
    const tail = Math.max(2, Math.min(TOP - 1, Math.round(size * TAIL)));
    const threshold = scores[scores.length - tail - 1] as number;
    this.#threshold = threshold;
    this.#tailShare = tail / size;
    this.#tail = new ParetoTail(scores.subarray(-tail).map((score) => score - threshold));
  }

  /** From clean scores in any order; NaN is left out. @throws {AnomalyError} EMPTY_PROFILE for fewer than `MIN_SCORES`. O(n log n). */
  static from(scores: ArrayLike<number>): ReferenceCalibration {
    const sorted = Float64Array.from(scores)
      .filter((score) => !Number.isNaN(score))
      .sort();
    const n = sorted.length;
    if (n < MIN_SCORES)
      throw new AnomalyError(
        'EMPTY_PROFILE',
        `the reference has ${n} scores; ${MIN_SCORES} are needed: score more clean events, or use the budget guarantee until then`,
      );
    const places: number[] = [];
    const quantiles = Math.min(QUANTILES, n - TOP);
    for (let i = 0; i < quantiles; i += 1) places.push(Math.floor((i * (n - TOP)) / quantiles));
    for (let i = n - TOP; i < n; i += 1) places.push(i);
    return new ReferenceCalibration(
      n,
      Float64Array.from(places, (place) => sorted[place] as number),
      Float64Array.from(places, (place) => n - place),
    );
  }

  /** p-value of a score, in (0, 1]; NaN gives 1. Never below the conformal value between kept quantiles. O(log kept). */
  pValue(score: number): number {
    const scores = this.#scores;
    const last = scores.length - 1;
    if (Number.isNaN(score)) return 1;
    if (score > (scores[last] as number)) {
      const beyond = this.#tailShare * this.#tail.above(score - this.#threshold);
      return Math.max(Number.MIN_VALUE, Math.min(1 / (this.size + 1), beyond));
    }
    let low = 0;
    let high = last;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((scores[middle] as number) < score) low = middle + 1;
      else high = middle;
    }
    // All that are at least `score` come after the last kept score below it; between kept scores that is the larger, safe count.
    return low === 0 ? 1 : (this.#atLeast[low - 1] as number) / (this.size + 1);
  }

  write(writer: StateWriter): void {
    writer.f64(this.size);
    writer.u32(this.#scores.length);
    writer.numbers(this.#scores);
    writer.numbers(this.#atLeast);
  }

  static read(reader: StateReader): ReferenceCalibration {
    const size = reader.f64();
    const kept = reader.u32();
    if (kept < TOP || kept > TOP + QUANTILES) throw reader.refusal(`keeps ${kept} reference scores`);
    const [scores, atLeast] = [new Float64Array(kept), new Float64Array(kept)];
    reader.numbers(scores);
    reader.numbers(atLeast);
    if (reader.version < WITHOUT_FIT) for (let i = 0; i < 4; i += 1) reader.f64();
    return new ReferenceCalibration(size, scores, atLeast);
  }
}
