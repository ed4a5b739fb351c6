/** Evidence on one reward of one challenger against the champion: better, worse, and worse in any one segment. */

import { betOnHigher, createEProcess, type EProcess } from './e-process.ts';
import { checkGrid, type EffectGrid, unitAt } from './effect-grid.ts';
import { BanditError } from './errors.ts';
import { checkObservation } from './observation.ts';

export interface ComparisonSettings {
  /** Sizes of effect that would promote, and sizes that would do harm. */
  readonly promote: EffectGrid;
  readonly harm: EffectGrid;
  /** How many segments; 1 when none are declared. */
  readonly segments: number;
  /** The promoting direction rejects "worse by more than this": 0 asks for better, above 0 for non-inferior. In [0, 1). */
  readonly margin: number;
  /** The harming direction rejects "worse by at most this". In [0, 1). */
  readonly tolerance: number;
}

/** What is known of one segment. */
export interface Segment {
  outcomes: number;
  rewards: number;
  /** Σ π(1−π): how much its outcomes could tell the arms apart; a quarter for each outcome at even traffic. */
  design: number;
  /** Undefined when there is only one segment, which is the whole. */
  readonly harm: EProcess | undefined;
}

export interface Comparison {
  readonly settings: ComparisonSettings;
  /** Per size the product over all segments, each with its own running mean: an effect that segments share is found as fast as without them. */
  readonly promote: EProcess;
  readonly harm: EProcess;
  readonly segments: readonly Segment[];
}

export const MAX_SEGMENTS = 1_024;

/** @throws {BanditError} BAD_GRID, BAD_SETTING */
export function createComparison(settings: ComparisonSettings): Comparison {
  checkGrid(settings.promote);
  checkGrid(settings.harm);
  const { segments, margin, tolerance } = settings;
  if (!Number.isInteger(segments) || segments < 1 || segments > MAX_SEGMENTS)
    throw new BanditError(
      'BAD_SETTING',
      `segments is ${segments}; it must be a whole number from 1 to ${MAX_SEGMENTS}; merge small segments`,
    );
  for (const [field, value] of [
    ['margin', margin],
    ['tolerance', tolerance],
  ] as const)
    if (!(value >= 0 && value < 1))
      throw new BanditError(
        'BAD_SETTING',
        `${field} is ${value}; it must be in [0, 1), as a difference of mean rewards`,
      );
  return {
    settings,
    promote: createEProcess(settings.promote),
    harm: createEProcess(settings.harm),
    segments: Array.from({ length: segments }, () => ({
      outcomes: 0,
      rewards: 0,
      design: 0,
      harm: segments === 1 ? undefined : createEProcess(settings.harm),
    })),
  };
}

/** Mean reward of a segment before its next outcome: (Σ x + ½) / (n + 1), strictly inside (0, 1). */
export function runningMean({ rewards, outcomes }: Segment): number {
  return (rewards + 0.5) / (outcomes + 1);
}

/**
 * Folds one matured outcome in. O(G) time, allocates nothing.
 * @param segment index below `settings.segments`
 * @param challenger whether the challenger answered; outcomes of third arms are left out by the caller
 * @param reward in [0, 1]
 * @param propensity probability with which the challenger was drawn, out of these two arms, as logged with the prediction; in (0, 1)
 * @throws {BanditError} BAD_OBSERVATION; the state is unchanged then
 */
export function observe(
  comparison: Comparison,
  segment: number,
  challenger: boolean,
  reward: number,
  propensity: number,
): void {
  const { settings, promote, harm, segments } = comparison;
  const within = segments[segment];
  if (within === undefined)
    throw new BanditError('BAD_OBSERVATION', `segment is ${segment}; it must be an index below ${segments.length}`);
  checkObservation(reward, propensity);
  const { margin, tolerance } = settings;
  const mean = runningMean(within);
  const failure = 1 - reward;
  const failures = 1 - mean;
  const unit = unitAt(settings.harm, mean);
  betOnHigher(promote, settings.promote, unitAt(settings.promote, mean), mean, challenger, reward, propensity, margin);
  betOnHigher(harm, settings.harm, unit, failures, challenger, failure, propensity, -tolerance);
  if (within.harm !== undefined)
    betOnHigher(within.harm, settings.harm, unit, failures, challenger, failure, propensity, -tolerance);
  within.outcomes += 1;
  within.rewards += reward;
  within.design += propensity * (1 - propensity);
}
