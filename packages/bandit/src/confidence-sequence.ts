/**
 * Running average effect of the challenger with an interval that holds at every time at once, for display and for rule 2 of promotion.
 * Each outcome becomes a doubly robust pseudo-outcome
 *
 *   φ = μ_c − μ_0 + 1{a = c}(x − μ_c)/π − 1{a = 0}(x − μ_0)/(1 − π)
 *
 * with arm means μ from the past alone: E[φ | past] is the effect at that moment, however the allocation adapts.
 *
 * The interval is mean ± σ √( 2(nρ² + 1)/(n²ρ²) · ln(√(nρ² + 1)/α) ), asymptotic in n: below `FEWEST` outcomes it is the whole range.
 * Source: Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas (2103.06476), theorem 2.2 with ρ tuned by their equation for a target sample size.
 */
import { checkObservation } from './observation.ts';

/** Outcomes before which the central limit theorem is not trusted: at propensity .05 five of the rarer arm. */
const FEWEST = 100;

export interface EffectEstimate {
  outcomes: number;
  /** Mean of φ, and Σ (φ − mean)², as Welford (1962) keeps them. */
  mean: number;
  squares: number;
  challengerOutcomes: number;
  challengerRewards: number;
  championOutcomes: number;
  championRewards: number;
}

export interface Interval {
  readonly lower: number;
  readonly upper: number;
}

export function createEffectEstimate(): EffectEstimate {
  return {
    outcomes: 0,
    mean: 0,
    squares: 0,
    challengerOutcomes: 0,
    challengerRewards: 0,
    championOutcomes: 0,
    championRewards: 0,
  };
}

/**
 * Folds one matured outcome in; arguments as of `observe` in comparison.ts. O(1), allocates nothing.
 * @throws {BanditError} BAD_OBSERVATION; the state is unchanged then
 */
export function estimateEffect(state: EffectEstimate, challenger: boolean, reward: number, propensity: number): void {
  checkObservation(reward, propensity);
  const challengerMean = (state.challengerRewards + 0.5) / (state.challengerOutcomes + 1);
  const championMean = (state.championRewards + 0.5) / (state.championOutcomes + 1);
  const correction = challenger ? (reward - challengerMean) / propensity : (championMean - reward) / (1 - propensity);
  const pseudoOutcome = challengerMean - championMean + correction;
  state.outcomes += 1;
  const distance = pseudoOutcome - state.mean;
  state.mean += distance / state.outcomes;
  state.squares += distance * (pseudoOutcome - state.mean);
  if (challenger) {
    state.challengerOutcomes += 1;
    state.challengerRewards += reward;
  } else {
    state.championOutcomes += 1;
    state.championRewards += reward;
  }
}

/**
 * @param alpha chance that the interval ever misses the running average effect, both sides together, in (0, 1)
 * @param tightestAt outcomes at which the interval is tightest, at least 1
 */
export function intervalOf({ outcomes, mean, squares }: EffectEstimate, alpha: number, tightestAt: number): Interval {
  if (outcomes < FEWEST) return { lower: -1, upper: 1 };
  const rate = (-2 * Math.log(alpha) + Math.log(1 - 2 * Math.log(alpha))) / tightestAt;
  const scaled = outcomes * rate + 1;
  const deviation = Math.sqrt(squares / outcomes);
  const half =
    deviation * Math.sqrt(((2 * scaled) / (outcomes * outcomes * rate)) * Math.log(Math.sqrt(scaled) / alpha));
  return { lower: Math.max(-1, mean - half), upper: Math.min(1, mean + half) };
}
