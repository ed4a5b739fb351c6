/**
 * Drift of explanations: whether a feature's share of the attributions, φ_j² / Σ φ², has left its reference by more than a tolerance. Per feature
 * and direction an e-detector, the sum over all possible change points of the wealth of bets begun there:
 *   M_t = (M_{t−1} + 1)(1 + λ_t d_t),  d = (π_min/π)·(share − reference − tolerance), and its mirror image for a fall.
 * Without drift the mean time to M/(2P) ≥ L is at least L, whatever the distribution. Weights π_min/π undo the sampling of the explanations.
 * Source: Shin, Ramdas and Rinaldo (2024), E-detectors; nDCG of the ranking, the usual rule, does not see the top feature's share fall to 0.
 */
import { ExplainError, requireBetween } from '../errors.ts';

export interface AttributionDriftConfig {
  /** Mean share of each feature over the reference period, weighted; they sum to 1. */
  readonly reference: readonly number[];
  /** Change of a share that is tolerated, and that the reference's own error hides in. Default 0.05. */
  readonly tolerance?: number;
  /** Explained events between false alarms, on average, at least. Default 2,000,000: 5 % per 100,000. */
  readonly averageRunLength?: number;
  /** Smallest inclusion probability of the sampler. */
  readonly minInclusion: number;
}

/** Plain state, per feature and direction (rise, fall). */
export interface AttributionDriftState {
  /** ln M; −Infinity at the start. */
  logDetector: Float64Array;
  mean: Float64Array;
  second: Float64Array;
  count: number;
}

export interface AttributionDriftVerdict {
  readonly drift: boolean;
  /** Features whose share moved most, and how, largest evidence first; of use when `drift`. */
  readonly contributors: readonly {
    readonly feature: number;
    readonly direction: 'rise' | 'fall';
    readonly logEvidence: number;
  }[];
}

/** Weight of the newest bet in the mean that sets λ: about the last 50. */
const FORGETTING = 0.02;
const MAX_LAMBDA = 0.5;

export class AttributionDrift {
  readonly state: AttributionDriftState;
  readonly #config: Required<AttributionDriftConfig>;

  /** @throws {ExplainError} BAD_ARGUMENT */
  constructor(config: AttributionDriftConfig, state?: AttributionDriftState) {
    this.#config = { tolerance: 0.05, averageRunLength: 2_000_000, ...config };
    requireBetween('tolerance', this.#config.tolerance, 0, 0.5);
    requireBetween('averageRunLength', this.#config.averageRunLength, 2, 1e15);
    requireBetween('minInclusion', this.#config.minInclusion, 1e-9, 1);
    const sum = config.reference.reduce((a, b) => a + b, 0);
    if (!(Math.abs(sum - 1) < 1e-6))
      throw new ExplainError('BAD_ARGUMENT', `the reference shares sum to ${sum}, but must sum to 1`);
    const cells = 2 * config.reference.length;
    this.state = state ?? {
      logDetector: new Float64Array(cells).fill(Number.NEGATIVE_INFINITY),
      mean: new Float64Array(cells),
      second: new Float64Array(cells).fill(0.05),
      count: 0,
    };
  }

  /** One explanation with its inclusion probability. O(features). @throws {ExplainError} BAD_ARGUMENT */
  observe(attributions: ArrayLike<number>, inclusionProbability: number): AttributionDriftVerdict {
    const { reference, tolerance, minInclusion } = this.#config;
    if (attributions.length !== reference.length) {
      throw new ExplainError(
        'BAD_ARGUMENT',
        `there are ${attributions.length} attributions, but the reference has ${reference.length}`,
      );
    }
    requireBetween('inclusionProbability', inclusionProbability, Number.MIN_VALUE, 1);
    const weight = Math.min(1, minInclusion / inclusionProbability);
    let total = 0;
    for (let j = 0; j < reference.length; j += 1) total += attributions[j]! * attributions[j]!;
    this.state.count += 1;
    for (let j = 0; j < reference.length; j += 1) {
      // An explanation without any attribution says nothing about shares.
      const change = total === 0 ? 0 : (attributions[j]! * attributions[j]!) / total - reference[j]!;
      this.#bet(2 * j, weight * (change - tolerance));
      this.#bet(2 * j + 1, weight * (-change - tolerance));
    }
    return this.#verdict();
  }

  /** d lies in [−1.5, 1], so that 1 + λd ≥ 0.25. */
  #bet(cell: number, d: number): void {
    const { logDetector, mean, second } = this.state;
    const lambda = Math.min(MAX_LAMBDA, Math.max(0, mean[cell]! / second[cell]!));
    // ln(M + 1) without overflow of M.
    const before = logDetector[cell]!;
    const logPlusOne = before > 0 ? before + Math.log1p(Math.exp(-before)) : Math.log1p(Math.exp(before));
    logDetector[cell] = logPlusOne + Math.log1p(lambda * d);
    mean[cell]! += FORGETTING * (d - mean[cell]!);
    second[cell]! += FORGETTING * (d * d - second[cell]!);
  }

  #verdict(): AttributionDriftVerdict {
    const { logDetector } = this.state;
    const largest = logDetector.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    let sum = 0;
    for (const each of logDetector) sum += Math.exp(each - largest);
    const logMean = largest + Math.log(sum / logDetector.length);
    if (logMean < Math.log(this.#config.averageRunLength)) return { drift: false, contributors: [] };
    const order = Array.from(logDetector.keys()).sort((a, b) => logDetector[b]! - logDetector[a]!);
    const contributors = order.slice(0, 3).map((cell) => ({
      feature: cell >> 1,
      direction: cell % 2 === 0 ? ('rise' as const) : ('fall' as const),
      logEvidence: logDetector[cell]!,
    }));
    return { drift: true, contributors };
  }
}
