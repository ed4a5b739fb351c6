/** What a policy would do before it is accepted: its tests on simulated outcomes, by the same e-process, interval and rules. */
import { alphaOfTest } from './alpha-spending.ts';
import { createComparison, observe } from './comparison.ts';
import { createEffectEstimate, estimateEffect, intervalOf } from './confidence-sequence.ts';
import { philox, uniformOf } from './counter-rng.ts';
import { HARM_GRID } from './default-grids.ts';
import { BanditError, requireInside } from './errors.ts';
import { allocate } from './policies/allocate.ts';
import { guardAlphaOf } from './policy-rules.ts';
import type { PromotionPolicy } from './promotion-policy.ts';
import { type PromotionBars, verdictOf } from './promotion-rule.ts';
import { oracleSamples } from './samples-needed.ts';
import { DEFAULT_PACE, nextLook, paced, WHOLE } from './weights.ts';

export interface SimulatedWorld {
  /** Mean reward of the champion, in (0, 1). */
  readonly baseRate: number;
  /** Matured outcomes of both arms a day, at least 1. */
  readonly outcomesPerDay: number;
  /** Tests for each effect, at least 1. */
  readonly runs: number;
  /** Key of every draw. */
  readonly seed: number;
  /** Outcomes after which a run counts as undecided. */
  readonly mostOutcomes: number;
}

export interface SimulatedEffect {
  /** Challenger minus champion, a difference of mean rewards. */
  readonly effect: number;
  /** Shares of the runs; they sum to 1. */
  readonly promoted: number;
  readonly rolledBack: number;
  readonly retired: number;
  readonly undecided: number;
  /** Means over all runs. */
  readonly outcomes: number;
  readonly days: number;
  /** Outcomes of the challenger. */
  readonly exposure: number;
}

const DAY_MS = 86_400_000;
/** As the promotion service asks the interval. */
const INTERVAL_ALPHA = 0.05;
const TIGHTEST_AT = 5_000;
/** The e-process takes this many times what a test that knows both rates takes. */
const OVER_ORACLE = 1.2;

/**
 * Segments are not simulated, and of the guardrails only harm: the others say nothing without a fault.
 * @param effects differences of mean rewards; the challenger's rate must lie in (0, 1)
 * @throws {BanditError} BAD_SETTING. O(effects · runs · outcomes), about 1 µs each.
 */
export function simulatePromotion(
  policy: PromotionPolicy,
  world: SimulatedWorld,
  effects: readonly number[],
): SimulatedEffect[] {
  checkWorld(world);
  return effects.map((effect, index) => {
    requireInside('BAD_SETTING', 'baseRate + effect', world.baseRate + effect, 0, 1, 'give a smaller effect');
    const ends = Array.from({ length: world.runs }, (_, run) => runOnce(policy, world, effect, index, run));
    const shareOf = (verdict: End['verdict']): number =>
      ends.filter((end) => end.verdict === verdict).length / world.runs;
    const outcomes = mean(ends.map((end) => end.outcomes));
    return {
      effect,
      promoted: shareOf('promote'),
      rolledBack: shareOf('rollback'),
      retired: shareOf('retire'),
      undecided: shareOf('hold'),
      outcomes,
      days: outcomes / world.outcomesPerDay,
      exposure: mean(ends.map((end) => end.exposure)),
    };
  });
}

/**
 * Why the least useful effect could not be shown within the policy's longest duration at this traffic; undefined when it could.
 * @throws {BanditError} BAD_SETTING
 */
export function whyItCannotFinish(policy: PromotionPolicy, world: SimulatedWorld): string | undefined {
  checkWorld(world);
  const { effect, alpha, duration, allocation, exposure } = policy;
  const days = duration.maxMs / DAY_MS;
  const most = days * world.outcomesPerDay;
  const share = (allocation.policy === 'fixed' ? allocation.share * WHOLE : allocation.bounds.cap) / WHOLE;
  const at = `at ${world.outcomesPerDay} outcomes a day, ${days} days bring ${Math.floor(most)}`;
  if (most * share < exposure)
    return `exposure is ${exposure} outcomes of the challenger; ${at}, ${Math.floor(most * share)} of the challenger; lower it or raise duration.max`;
  const least = effect.margin > 0 ? effect.margin : effect.min;
  if (least === 0 || world.baseRate + least >= 1) return undefined;
  const level = alphaOfTest(1, alpha.lifetime, alpha.perTest);
  const needed = Math.ceil(OVER_ORACLE * oracleSamples(world.baseRate, world.baseRate + least, share, level));
  if (needed <= most) return undefined;
  return `effect.min is ${least}, which takes about ${needed} outcomes to show; ${at}; raise effect.min or duration.max`;
}

interface End {
  readonly verdict: ReturnType<typeof verdictOf>;
  readonly outcomes: number;
  readonly exposure: number;
}

function runOnce(policy: PromotionPolicy, world: SimulatedWorld, effect: number, index: number, run: number): End {
  const { alpha, duration, exposure, allocation } = policy;
  const { baseRate, outcomesPerDay, mostOutcomes, seed } = world;
  const { margin, min, grid } = policy.effect;
  const bars: PromotionBars = {
    alpha: alphaOfTest(1, alpha.lifetime, alpha.perTest),
    guardAlpha: guardAlphaOf(policy),
    margin,
    leastUseful: margin > 0 ? -margin : min,
    leastMs: duration.minMs,
    mostMs: duration.maxMs,
    leastExposure: exposure,
  };
  const test = createComparison({ promote: grid, harm: HARM_GRID, segments: 1, margin, tolerance: 0 });
  const estimate = createEffectEstimate();
  let weights: readonly number[] = allocate(allocation, armsOf(estimate));
  let look = nextLook(0, DEFAULT_PACE);
  const words = new Uint32Array(4);
  for (let at = 0; at < mostOutcomes; at += 1) {
    philox([seed, index], [run, at, 0, 0], words);
    const propensity = (weights[1] as number) / WHOLE;
    const isChallenger = uniformOf(words[0] as number) < propensity;
    const reward = uniformOf(words[1] as number) < baseRate + (isChallenger ? effect : 0) ? 1 : 0;
    observe(test, 0, isChallenger, reward, propensity);
    estimateEffect(estimate, isChallenger, reward, propensity);
    const verdict = verdictOf(
      {
        peak: test.promote.peak,
        effect: intervalOf(estimate, INTERVAL_ALPHA, TIGHTEST_AT),
        elapsedMs: ((at + 1) / outcomesPerDay) * DAY_MS,
        exposure: estimate.challengerOutcomes,
        guardrails: [{ name: 'harm', peak: test.harm.peak }],
        segments: [],
        halt: 'none',
      },
      bars,
    );
    if (verdict !== 'hold') return { verdict, outcomes: at + 1, exposure: estimate.challengerOutcomes };
    if (at + 1 < look) continue;
    look = nextLook(at + 1, DEFAULT_PACE);
    weights = paced(weights, allocate(allocation, armsOf(estimate)), DEFAULT_PACE);
  }
  return { verdict: 'hold', outcomes: mostOutcomes, exposure: estimate.challengerOutcomes };
}

function armsOf(estimate: ReturnType<typeof createEffectEstimate>): Parameters<typeof allocate>[1] {
  return [
    { outcomes: estimate.championOutcomes, rewards: estimate.championRewards },
    { outcomes: estimate.challengerOutcomes, rewards: estimate.challengerRewards },
  ];
}

function checkWorld({ baseRate, outcomesPerDay, runs, mostOutcomes, seed }: SimulatedWorld): void {
  requireInside('BAD_SETTING', 'baseRate', baseRate, 0, 1, 'give the mean reward of the champion');
  for (const [field, value] of Object.entries({ outcomesPerDay, runs, mostOutcomes }))
    if (!(Number.isSafeInteger(value) && value >= 1))
      throw new BanditError('BAD_SETTING', `${field} is ${value}; it must be a whole number from 1; count them`);
  if (!Number.isSafeInteger(seed))
    throw new BanditError('BAD_SETTING', `seed is ${seed}; it must be a whole number; any will do`);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
