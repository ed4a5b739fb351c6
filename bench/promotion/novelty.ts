/** P6: a challenger that is better while it is new, and one that went live and is worse: what the least duration and the holdback do about it. */
import { createComparison, observe } from '../../packages/bandit/src/comparison.ts';
import { HARM_GRID, PROMOTE_GRID } from '../../packages/bandit/src/default-grids.ts';
import { rejects } from '../../packages/bandit/src/promotion-rule.ts';
import { oracleSamples } from '../../packages/bandit/src/samples-needed.ts';
import { clopperPearson, type RateBounds } from './clopper-pearson.ts';
import { CHALLENGER, CHAMPION, createMatrix, drawMatrix } from './matrix.ts';
import { runWholeTest } from './whole-test.ts';
import { effectWorld, type World } from './worlds.ts';

const BASE = 0.7;
/** Outcomes for which the challenger is better, of a test of so many. */
const NEW_FOR = 5_000;
const TEST = 50_000;
const NOVELTY: World = {
  ...effectWorld(BASE, BASE),
  name: '+5 pp for 5,000 outcomes, then −2 pp',
  challenger: (outcome) => BASE + (outcome < NEW_FOR ? 0.05 : -0.02),
};
/** Of the new champion, once it is live. */
const LIVE_SHARE = 0.9;
const LIVE = effectWorld(BASE, BASE - 0.02, () => LIVE_SHARE);
/** guard .05 over the five guardrails of a policy. */
const GUARD_ALPHA = 0.01;

/** Outcomes within which a holdback is to revert: three times what a test needs that knows both rates. */
export const HOLDBACK_OUTCOMES: number = Math.ceil(3 * oracleSamples(BASE, BASE - 0.02, LIVE_SHARE, GUARD_ALPHA));

interface Runs {
  readonly runs: number;
  readonly seed: number;
}

/** @param leastOutcomes the cycle that a test lasts at least */
export function noveltyPromotions(leastOutcomes: number, { runs, seed }: Runs): RateBounds {
  const matrix = createMatrix(TEST);
  let promoted = 0;
  for (let run = 0; run < runs; run += 1) {
    drawMatrix(matrix, NOVELTY, seed, run);
    const { verdict } = runWholeTest(matrix, NOVELTY, {
      alpha: 0.01,
      guard: 0.05,
      leastOutcomes,
      missing: 'zero',
      margin: 0,
    });
    if (verdict === 'promote') promoted += 1;
  }
  return clopperPearson(promoted, runs);
}

export interface Reverted {
  readonly rate: RateBounds;
  /** Mean outcomes until the old champion served again, of the runs that reverted. */
  readonly outcomes: number;
}

/** The harm test alone: what goes on during a holdback. */
export function holdbackReversals({ runs, seed }: Runs): Reverted {
  const matrix = createMatrix(HOLDBACK_OUTCOMES);
  let reverted = 0;
  let outcomes = 0;
  for (let run = 0; run < runs; run += 1) {
    drawMatrix(matrix, LIVE, seed, run);
    const comparison = createComparison({
      promote: PROMOTE_GRID,
      harm: HARM_GRID,
      segments: 1,
      margin: 0,
      tolerance: 0,
    });
    for (let outcome = 0; outcome < HOLDBACK_OUTCOMES; outcome += 1) {
      const challenger = (matrix.draws[outcome] as number) < LIVE_SHARE * 4_294_967_296;
      const reward = ((matrix.rewards[outcome] as number) & (challenger ? CHALLENGER : CHAMPION)) === 0 ? 0 : 1;
      observe(comparison, 0, challenger, reward, LIVE_SHARE);
      if (!rejects(comparison.harm.peak, GUARD_ALPHA)) continue;
      reverted += 1;
      outcomes += outcome + 1;
      break;
    }
  }
  return { rate: clopperPearson(reverted, runs), outcomes: outcomes / reverted };
}
