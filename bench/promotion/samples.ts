/** P2: how many outcomes a better challenger needs, beside the test that knows both rates and beside peers' rules on the same outcomes. */
import { oracleSamples } from '../../packages/bandit/src/samples-needed.ts';
import { createMatrix, drawMatrix } from './matrix.ts';
import { eProcess, fixedHorizon, type Rule } from './rules.ts';
import { runTrial } from './trial.ts';
import { effectWorld } from './worlds.ts';

/** Peers are slower to compute, and no bar depends on the third digit of theirs. */
const PEER_RUNS = 500;
/** Times the oracle's samples that a test may take; a peer that looks once, later, has until its look. Undecided tests count whole. */
const HORIZON = 5;

export interface Effect {
  readonly champion: number;
  readonly challenger: number;
  /** Effect for which peers plan their tests. */
  readonly planned: number;
  /** Bar on mean samples, times the oracle's. */
  readonly bar: number;
}

export const EFFECTS: readonly Effect[] = [
  { champion: 0.7, challenger: 0.72, planned: 0.02, bar: 1.2 },
  { champion: 0.7, challenger: 0.73, planned: 0.02, bar: 1.2 },
  { champion: 0.7, challenger: 0.75, planned: 0.02, bar: 1.2 },
  { champion: 0.03, challenger: 0.036, planned: 0.006, bar: 1.25 },
];

export interface SamplesNeeded {
  readonly rule: Rule;
  /** Mean over all runs, with the half width of its 99 % interval. */
  readonly mean: number;
  readonly halfWidth: number;
  /** Share of runs decided by three and by five times the oracle's samples. */
  readonly power3: number;
  readonly power5: number;
}

export function oracleOf({ champion, challenger }: Effect, alpha: number): number {
  return oracleSamples(champion, challenger, 0.5, alpha);
}

/** One row a rule, all rules on the same matrices. */
export function samplesNeeded(
  effect: Effect,
  rules: readonly Rule[],
  alpha: number,
  { runs, seed }: { readonly runs: number; readonly seed: number },
): SamplesNeeded[] {
  const oracle = oracleOf(effect, alpha);
  const world = effectWorld(effect.champion, effect.challenger);
  const single = fixedHorizon(effect.champion, effect.planned, alpha);
  const matrix = createMatrix(Math.max(Math.round(HORIZON * oracle), single));
  const tallies = rules.map(() => ({ runs: 0, sum: 0, squares: 0, by3: 0, by5: 0 }));
  for (let run = 0; run < runs; run += 1) {
    drawMatrix(matrix, world, seed, run);
    rules.forEach((rule, index) => {
      if (rule !== eProcess && run >= PEER_RUNS) return;
      const tally = tallies[index] as (typeof tallies)[number];
      tally.runs += 1;
      const { sample } = runTrial(matrix, world, rule.start(alpha, 1));
      const taken = sample ?? matrix.outcomes;
      tally.sum += taken;
      tally.squares += taken * taken;
      if (sample !== undefined && sample <= 3 * oracle) tally.by3 += 1;
      if (sample !== undefined && sample <= HORIZON * oracle) tally.by5 += 1;
    });
  }
  return tallies.map(({ runs: taken, sum, squares, by3, by5 }, index) => {
    const mean = sum / taken;
    const halfWidth = 2.576 * Math.sqrt(Math.max(0, squares / taken - mean * mean) / taken);
    return { rule: rules[index] as Rule, mean, halfWidth, power3: by3 / taken, power5: by5 / taken };
  });
}
