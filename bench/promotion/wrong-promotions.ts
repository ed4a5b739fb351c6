/** P1: how often a challenger that is no better is promoted, deciding after every outcome, in eight worlds. */
import { clopperPearson, type RateBounds } from './clopper-pearson.ts';
import { createMatrix, drawMatrix } from './matrix.ts';
import type { Rule } from './rules.ts';
import { runTrial } from './trial.ts';
import type { World } from './worlds.ts';

/** Promotions of `runs` tests of one world, with 99 % bounds. Runs of one seed are the same for every rule. */
export function wrongPromotions(
  world: World,
  rule: Rule,
  alpha: number,
  { runs, outcomes, seed }: { readonly runs: number; readonly outcomes: number; readonly seed: number },
): RateBounds {
  const matrix = createMatrix(outcomes);
  const segments = world.segmentShare === undefined ? 1 : 2;
  let wrong = 0;
  for (let run = 0; run < runs; run += 1) {
    drawMatrix(matrix, world, seed, run);
    if (runTrial(matrix, world, rule.start(alpha, segments)).sample !== undefined) wrong += 1;
  }
  return clopperPearson(wrong, runs);
}
