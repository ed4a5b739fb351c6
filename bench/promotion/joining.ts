/** P7: outcomes that come late or never. */
import { clopperPearson, type RateBounds } from './clopper-pearson.ts';
import { createMatrix, drawMatrix } from './matrix.ts';
import { runWholeTest, type TestOptions } from './whole-test.ts';
import { type Arrival, effectWorld, type World } from './worlds.ts';

const OPTIONS: TestOptions = { alpha: 0.01, guard: 0.05, leastOutcomes: 14_000, missing: 'exclude', margin: 0.005 };

/** No effect: every promotion is wrong. Delays are exponential, the champion's mean four times the challenger's. */
function arriving(name: string, champion: Arrival, challenger: Arrival): World {
  return { ...effectWorld(0.7, 0.7), name, arrival: { champion, challenger } };
}

const within = (meanDelays: number): number => 1 - Math.exp(-meanDelays);
const thinned = (kept: number, success: number): Arrival => ({ success: kept * success, failure: kept });

export const LATE_AND_LOST: World = arriving(
  '4x delay scored at W = 10 means, 20 % lost in both arms',
  thinned(0.8, within(10)),
  thinned(0.8, within(40)),
);

/** A challenger whose failures are lost looks better than it is. */
export const LOSS_BY_ARM: World = arriving(
  '20 % lost in both arms, a further 30 % of the challenger’s failures',
  thinned(0.8, 1),
  { success: 0.8, failure: 0.56 },
);

export const NAIVE: World = arriving(
  'scored at one mean delay, missing as failures, no join guard',
  { success: within(1), failure: 1 },
  { success: within(4), failure: 1 },
);

export interface JoiningResult {
  readonly promoted: RateBounds;
  readonly stoppedByJoin: RateBounds;
}

export function joinedTests(
  world: World,
  { runs, outcomes, seed }: { readonly runs: number; readonly outcomes: number; readonly seed: number },
): JoiningResult {
  const matrix = createMatrix(outcomes);
  let promoted = 0;
  let stopped = 0;
  for (let run = 0; run < runs; run += 1) {
    drawMatrix(matrix, world, seed, run);
    const { verdict, breached } = runWholeTest(matrix, world, OPTIONS);
    if (verdict === 'promote') promoted += 1;
    if (verdict === 'rollback' && breached.includes('join rate')) stopped += 1;
  }
  return { promoted: clopperPearson(promoted, runs), stoppedByJoin: clopperPearson(stopped, runs) };
}
