/** How many outcomes a test needs: what a simulation, an expected time to decision and rule 4 of promotion ask. */
import { requireInside } from './errors.ts';

/** KL divergence of Bernoulli laws, nats; p in [0, 1], q in (0, 1). */
export function bernoulliDivergence(p: number, q: number): number {
  const part = (a: number, b: number): number => (a === 0 ? 0 : a * Math.log(a / b));
  return part(p, q) + part(1 - p, 1 - q);
}

/**
 * Information of one outcome on challenger against champion, nats: Σ_a π_a kl(θ_a, θ̄) with θ̄ = Σ π_a θ_a.
 * @param propensity share of the challenger, in (0, 1)
 */
export function informationOf(champion: number, challenger: number, propensity: number): number {
  const mean = propensity * challenger + (1 - propensity) * champion;
  return propensity * bernoulliDivergence(challenger, mean) + (1 - propensity) * bernoulliDivergence(champion, mean);
}

/**
 * ln(1/α) / I: the mean number of outcomes that a test which knows both rates needs; the e-process takes about 1.15 times as many. Infinity when
 * the rates are equal.
 * @throws {BanditError} BAD_SETTING
 */
export function oracleSamples(champion: number, challenger: number, propensity: number, alpha: number): number {
  requireInside('BAD_SETTING', 'propensity', propensity, 0, 1, 'give the share of the challenger');
  requireInside('BAD_SETTING', 'alpha', alpha, 0, 1, 'give the chance of a wrong promotion');
  for (const [field, rate] of Object.entries({ champion, challenger }))
    requireInside('BAD_SETTING', field, rate, 0, 1, 'give a mean reward');
  return Math.log(1 / alpha) / informationOf(champion, challenger, propensity);
}

/** Normal quantile of the power with which a harm must have been detectable: .95. */
const POWER_QUANTILE = 1.644_853_626_951_472_2;

/** Log of how many times less than its best bet a mixture of six holds at the crossing, measured between sizes .03 and .3. */
const MIXTURE_COST = 0.9;

/**
 * Whether a harm of this size would have been found by now with 95 % power. ln E has mean J and variance 2J after information J.
 * @param design Σ π(1−π) over the outcomes of the segment, @param mean its mean reward
 * @param harm challenger below champion by this much, as a difference of means; @param alpha level of the guardrail
 */
export function harmWasDetectable(design: number, mean: number, harm: number, alpha: number): boolean {
  const information = (design * harm * harm) / (2 * mean * (1 - mean));
  return information - POWER_QUANTILE * Math.sqrt(2 * information) >= Math.log(1 / alpha) + MIXTURE_COST;
}
