/**
 * Which events of a stream to explain, within a budget: event i is taken when hash(event id) < π_i, with
 *   π_i = min(1, c·w_i·feedback(level)),
 * where w_i is the event's weight, c brings the past mean weight to the budget, and the level of a token bucket in event time slows a burst
 * down. π depends on the past and on the event's own weight alone, never on its explanation, a wall clock or a replica, so that a replay takes
 * the same events and 1/π weights estimate the whole stream without bias (Horvitz and Thompson 1952; Hájek 1971).
 */
import { ExplainError, requireBetween } from '../errors.ts';

export interface SamplerConfig {
  /** Explanations per second of event time, > 0. */
  readonly budgetPerSecond: number;
  /** Depth of the token bucket in seconds of budget: no second takes more than 1 + this many budgets. Default 1. */
  readonly bucketSeconds?: number;
  /** Smallest π while the bucket is not empty, in (0, 1]; bounds 1/π. Default 0.001. */
  readonly minInclusion?: number;
  /** Events over which the mean weight and rate are averaged. Default 1,000. */
  readonly memoryEvents?: number;
}

export interface Candidate {
  /** Uniform in [0, 1): a hash of event id, model version and salt. */
  readonly hash: number;
  readonly eventTimeMs: number;
  /** Priority, > 0 and finite: see `weightOf`. */
  readonly weight: number;
  /** Adverse decision with an audit request: π = 1, within the budget or not. */
  readonly mandatory?: boolean;
}

export interface Choice {
  readonly taken: boolean;
  /** π, to be recorded with the explanation; 0 when the bucket was empty. */
  readonly inclusionProbability: number;
}

/** Plain state: a snapshot of it goes on as if the sampler had never stopped. */
export interface SamplerState {
  level: number;
  timeMs: number;
  /** Decaying means of the weight of an event and of the seconds between two. */
  meanWeight: number;
  meanSeconds: number;
  events: number;
  /** Events that had no chance because the bucket was empty: what the estimate does not speak of. */
  uncovered: number;
}

export class InclusionSampler {
  readonly #budget: number;
  /** At least one explanation. */
  readonly #capacity: number;
  readonly #minInclusion: number;
  readonly #memory: number;
  readonly state: SamplerState;

  /** @throws {ExplainError} BAD_ARGUMENT */
  constructor(config: SamplerConfig, state?: SamplerState) {
    requireBetween('budgetPerSecond', config.budgetPerSecond, 1e-6, 1e9);
    this.#budget = config.budgetPerSecond;
    requireBetween('bucketSeconds', config.bucketSeconds ?? 1, 1e-6, 1e7);
    this.#capacity = Math.max(1, this.#budget * (config.bucketSeconds ?? 1));
    this.#minInclusion = config.minInclusion ?? 0.001;
    this.#memory = config.memoryEvents ?? 1000;
    requireBetween('minInclusion', this.#minInclusion, 1e-9, 1);
    requireBetween('memoryEvents', this.#memory, 1, 1e9);
    this.state =
      state === undefined
        ? {
            level: this.#capacity / 2,
            timeMs: Number.NEGATIVE_INFINITY,
            events: 0,
            meanWeight: 0,
            meanSeconds: 0,
            uncovered: 0,
          }
        : { ...state };
  }

  /** Decides one event; events come in the order of the log. O(1). @throws {ExplainError} BAD_ARGUMENT */
  choose({ hash, eventTimeMs, weight, mandatory = false }: Candidate): Choice {
    if (!(weight > 0 && weight < Number.POSITIVE_INFINITY))
      throw new ExplainError('BAD_ARGUMENT', `weight is ${weight}, but must be positive and finite`);
    requireBetween('hash', hash, 0, 1);
    const { state } = this;
    const elapsed = state.timeMs === Number.NEGATIVE_INFINITY ? 0 : Math.max(0, eventTimeMs - state.timeMs) / 1000;
    state.timeMs = Math.max(state.timeMs, eventTimeMs);
    state.level = Math.min(this.#capacity, state.level + elapsed * this.#budget);
    const inclusionProbability = mandatory ? 1 : this.#inclusion(weight);
    if (inclusionProbability === 0) state.uncovered += 1;
    // Past only: this event enters the mean after it has been decided.
    this.#learn(weight, elapsed);
    const taken = hash < inclusionProbability;
    if (taken) state.level -= 1;
    return { taken, inclusionProbability };
  }

  #inclusion(weight: number): number {
    const { level, meanSeconds, meanWeight } = this.state;
    if (level <= 0) return 0;
    // Half a bucket is the set point; a fuller one spends more, an emptier one less.
    const feedback = (2 * level) / this.#capacity;
    const wanted = meanWeight === 0 ? 1 : ((this.#budget * meanSeconds) / meanWeight) * weight * feedback;
    return Math.min(1, Math.max(this.#minInclusion, wanted));
  }

  /** Starts as a plain mean and decays from `memoryEvents` on. */
  #learn(weight: number, elapsed: number): void {
    const { state } = this;
    state.events += 1;
    const share = 1 / Math.min(state.events, this.#memory);
    state.meanWeight += share * (weight - state.meanWeight);
    state.meanSeconds += share * (elapsed - state.meanSeconds);
  }
}

/**
 * Weight of an event: a mix whose floor keeps every event eligible. Uncertainty alone would starve the rest, and intervals would not cover.
 * @param parts signals in [0, 1], such as anomaly score, uncertainty, size proxy; their weights should sum to at most 1 − floor
 */
export function weightOf(
  floor: number,
  parts: readonly { readonly weight: number; readonly signal: number }[],
): number {
  requireBetween('floor', floor, 0.01, 1);
  let sum = floor;
  for (const { weight, signal } of parts) sum += weight * Math.min(1, Math.max(0, signal));
  return sum;
}
