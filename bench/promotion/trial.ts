/** One rule on one drawn matrix, until it promotes or the matrix ends. */
import { cappedThompson } from '../../packages/bandit/src/policies/capped-thompson.ts';
import { DEFAULT_BOUNDS, DEFAULT_PACE, nextLook, paced, WHOLE } from '../../packages/bandit/src/weights.ts';
import { CHALLENGER, CHAMPION, type Matrix } from './matrix.ts';
import type { RunningRule } from './rules.ts';
import type { World } from './worlds.ts';

export interface Trial {
  /** Outcomes until the promotion; undefined without one. */
  readonly sample: number | undefined;
}

/** Who decides the propensity of the next prediction, from matured outcomes alone. */
export interface Split {
  propensityAt(outcome: number): number;
  matured(challenger: boolean, reward: number): void;
}

export function splitOf(world: World, outcomes: number): Split {
  const { propensity } = world;
  if (propensity !== 'capped-thompson')
    return { propensityAt: (outcome) => propensity(outcome / outcomes), matured: () => {} };
  const champion = { outcomes: 0, rewards: 0 };
  const rival = { outcomes: 0, rewards: 0 };
  let weights: readonly number[] = [WHOLE / 2, WHOLE / 2];
  let seen = 0;
  let look = nextLook(0, DEFAULT_PACE);
  return {
    propensityAt: () => (weights[1] as number) / WHOLE,
    matured(challenger, reward) {
      const arm = challenger ? rival : champion;
      arm.outcomes += 1;
      arm.rewards += reward;
      seen += 1;
      if (seen < look) return;
      look = nextLook(seen, DEFAULT_PACE);
      weights = paced(weights, cappedThompson([champion, rival], DEFAULT_BOUNDS), DEFAULT_PACE);
    },
  };
}

/** Missing outcomes count as failures, as a policy with `missing: zero` scores them. */
export function runTrial(matrix: Matrix, world: World, rule: RunningRule): Trial {
  const { outcomes, draws, rewards, arrivals, segments } = matrix;
  const split = splitOf(world, outcomes);
  const restartEvery = world.restartEvery ?? Number.POSITIVE_INFINITY;
  for (let outcome = 0; outcome < outcomes; outcome += 1) {
    const propensity = split.propensityAt(outcome);
    const challenger = (draws[outcome] as number) < propensity * 4_294_967_296;
    const cell = challenger ? CHALLENGER : CHAMPION;
    const reward = ((rewards[outcome] as number) & (arrivals[outcome] as number) & cell) === 0 ? 0 : 1;
    if (rule.observe(segments[outcome] as number, challenger, reward, propensity)) return { sample: outcome + 1 };
    split.matured(challenger, reward);
    if ((outcome + 1) % restartEvery === 0) rule.restart?.();
  }
  return { sample: undefined };
}
