/** One test under every rule of promotion: evidence, effect, duration, guardrails and segments. Behind P7 and P8. */
import { createComparison, observe, runningMean } from '../../packages/bandit/src/comparison.ts';
import { createEffectEstimate, estimateEffect, intervalOf } from '../../packages/bandit/src/confidence-sequence.ts';
import { HARM_GRID, PROMOTE_GRID } from '../../packages/bandit/src/default-grids.ts';
import {
  decide,
  type Evidence,
  type PromotionBars,
  type Rule,
  rejects,
  type Verdict,
  verdictOf,
} from '../../packages/bandit/src/promotion-rule.ts';
import { createRateGuard, observeRate, peakOfRate } from '../../packages/bandit/src/rate-guard.ts';
import { harmWasDetectable } from '../../packages/bandit/src/samples-needed.ts';
import { CHALLENGER, CHAMPION, type Matrix } from './matrix.ts';
import { splitOf } from './trial.ts';
import type { World } from './worlds.ts';

export interface TestEnd {
  readonly verdict: Verdict;
  readonly outcomes: number;
  /** Rules that did not hold at the end, and the guardrails that were breached. */
  readonly unmet: readonly Rule[];
  readonly breached: readonly string[];
}

export interface TestOptions {
  readonly alpha: number;
  /** Shared by harm, the join rate and each segment. */
  readonly guard: number;
  /** Outcomes of a cycle; time in the benchmark is counted in outcomes. */
  readonly leastOutcomes: number;
  /** Score what did not arrive as a failure, or leave it out. */
  readonly missing: 'zero' | 'exclude';
  /** How much worse may be promoted; 0 is a policy's default. */
  readonly margin: number;
  /** Leaves the rules on segments out, to see what they cost. */
  readonly ignoreSegments?: boolean;
}

/** Largest harm that a segment may still hide. */
const HIDDEN_HARM = 0.04;
/** Outcomes between two looks at the slow rules; guardrails and the e-value are looked at after every outcome. */
const LOOK_EVERY = 50;

export function runWholeTest(matrix: Matrix, world: World, options: TestOptions): TestEnd {
  const { outcomes } = matrix;
  const test = createTest(world, options);
  const split = splitOf(world, outcomes);
  for (let outcome = 0; outcome < outcomes; outcome += 1) {
    const propensity = split.propensityAt(outcome);
    const challenger = (matrix.draws[outcome] as number) < propensity * 4_294_967_296;
    const cell = challenger ? CHALLENGER : CHAMPION;
    const arrived = ((matrix.arrivals[outcome] as number) & cell) !== 0;
    const reward = arrived && ((matrix.rewards[outcome] as number) & cell) !== 0 ? 1 : 0;
    test.predict(challenger, arrived, propensity);
    if (arrived || options.missing === 'zero')
      test.mature(matrix.segments[outcome] as number, challenger, reward, propensity);
    if (!test.mayEnd(outcome)) continue;
    const evidence = test.evidence(outcome + 1);
    if (verdictOf(evidence, test.bars) === 'hold') continue;
    const { verdict, reasons } = decide(evidence, test.bars);
    const unmet = reasons.filter(({ holds }) => !holds);
    return {
      verdict,
      outcomes: outcome + 1,
      unmet: unmet.map(({ rule }) => rule),
      breached: unmet.filter(({ rule }) => rule === 'guardrail').map(({ said }) => said.slice(0, said.indexOf(':'))),
    };
  }
  return { verdict: 'hold', outcomes, unmet: [], breached: [] };
}

function createTest(world: World, { alpha, guard, leastOutcomes, margin, ignoreSegments = false }: TestOptions) {
  const segments = world.segmentShare === undefined ? 1 : 2;
  const judged = segments > 1 && !ignoreSegments ? segments : 0;
  const comparison = createComparison({ promote: PROMOTE_GRID, harm: HARM_GRID, segments, margin: 0, tolerance: 0 });
  const estimate = createEffectEstimate();
  const join = createRateGuard({ grid: HARM_GRID, against: 'different' });
  const guardAlpha = guard / (2 + judged);
  const bars: PromotionBars = {
    alpha,
    guardAlpha,
    margin,
    leastUseful: 0.005,
    leastMs: leastOutcomes,
    mostMs: Number.POSITIVE_INFINITY,
    leastExposure: 1_000,
  };
  const peaks = () => [
    { name: 'harm', peak: comparison.harm.peak },
    { name: 'join rate', peak: peakOfRate(join) },
  ];
  const judgedSegments = comparison.segments.slice(0, judged);
  return {
    bars,
    predict: (challenger: boolean, arrived: boolean, propensity: number) =>
      observeRate(join, challenger, arrived ? 1 : 0, propensity),
    mature(segment: number, challenger: boolean, reward: number, propensity: number) {
      observe(comparison, segment, challenger, reward, propensity);
      estimateEffect(estimate, challenger, reward, propensity);
    },
    mayEnd: (outcome: number): boolean =>
      outcome % LOOK_EVERY === 0 ||
      rejects(comparison.harm.peak, guardAlpha) ||
      rejects(peakOfRate(join), guardAlpha) ||
      judgedSegments.some(({ harm }) => rejects(harm?.peak ?? 0, guardAlpha)),
    evidence: (elapsed: number): Evidence => ({
      peak: comparison.promote.peak,
      effect: intervalOf(estimate, 0.05, 5_000),
      elapsedMs: elapsed,
      exposure: estimate.challengerOutcomes,
      guardrails: peaks(),
      segments: judgedSegments.map((segment, index) => ({
        name: String(index),
        peak: segment.harm?.peak,
        harmDetectable: harmWasDetectable(segment.design, runningMean(segment), HIDDEN_HARM, guardAlpha),
      })),
      halt: 'none',
    }),
  };
}
