/** P5: what a worse challenger costs, and that a policy which spares it is no slower to a promotion. */
import { createComparison, observe } from '../../packages/bandit/src/comparison.ts';
import { HARM_GRID, PROMOTE_GRID } from '../../packages/bandit/src/default-grids.ts';
import { rejects } from '../../packages/bandit/src/promotion-rule.ts';
import { CHALLENGER, CHAMPION, createMatrix, drawMatrix, type Matrix } from './matrix.ts';
import { splitOf } from './trial.ts';
import { effectWorld, type World } from './worlds.ts';

const PROMOTE_ALPHA = 0.01;
const HARM_ALPHA = 0.05;

export interface Ends {
  readonly world: string;
  readonly promoted: number;
  readonly rolledBack: number;
  /** Means over all runs; a run without an end counts whole. */
  readonly outcomes: number;
  readonly exposure: number;
}

/** Tests that end at a promotion or at proven harm, whichever is first. */
export function endsOf(
  champion: number,
  challenger: number,
  propensity: World['propensity'],
  { runs, outcomes, seed }: { readonly runs: number; readonly outcomes: number; readonly seed: number },
): Ends {
  const world = effectWorld(champion, challenger, propensity);
  const matrix = createMatrix(outcomes);
  const sums = { promoted: 0, rolledBack: 0, outcomes: 0, exposure: 0 };
  for (let run = 0; run < runs; run += 1) {
    drawMatrix(matrix, world, seed, run);
    const end = runToEnd(matrix, world);
    if (end.verdict === 'promote') sums.promoted += 1;
    if (end.verdict === 'rollback') sums.rolledBack += 1;
    sums.outcomes += end.outcomes;
    sums.exposure += end.exposure;
  }
  return {
    world: world.name,
    promoted: sums.promoted / runs,
    rolledBack: sums.rolledBack / runs,
    outcomes: sums.outcomes / runs,
    exposure: sums.exposure / runs,
  };
}

function runToEnd({ outcomes, draws, rewards }: Matrix, world: World) {
  const split = splitOf(world, outcomes);
  const settings = { promote: PROMOTE_GRID, harm: HARM_GRID, segments: 1, margin: 0, tolerance: 0 };
  const comparison = createComparison(settings);
  let exposure = 0;
  for (let outcome = 0; outcome < outcomes; outcome += 1) {
    const propensity = split.propensityAt(outcome);
    const challenger = (draws[outcome] as number) < propensity * 4_294_967_296;
    const reward = ((rewards[outcome] as number) & (challenger ? CHALLENGER : CHAMPION)) === 0 ? 0 : 1;
    if (challenger) exposure += 1;
    observe(comparison, 0, challenger, reward, propensity);
    split.matured(challenger, reward);
    if (rejects(comparison.harm.peak, HARM_ALPHA)) return { verdict: 'rollback', outcomes: outcome + 1, exposure };
    if (rejects(comparison.promote.peak, PROMOTE_ALPHA)) return { verdict: 'promote', outcomes: outcome + 1, exposure };
  }
  return { verdict: 'hold', outcomes, exposure };
}
