/** Challenger traffic in steps, each held until the challenger has had a number of outcomes on it. */
import { BanditError } from '../errors.ts';
import { type WeightBounds, weightsOf } from '../weights.ts';

export interface Ladder {
  /** Shares of the challenger, ascending, in (0, 1). */
  readonly steps: readonly number[];
  readonly outcomesPerStep: number;
}

export const DEFAULT_LADDER: Ladder = { steps: [0.05, 0.1, 0.25, 0.5], outcomesPerStep: 500 };

/**
 * One challenger beside the champion.
 * @param challengerOutcomes matured outcomes of the challenger so far
 * @throws {BanditError} BAD_SETTING, BAD_WEIGHTS
 */
export function ladder({ steps, outcomesPerStep }: Ladder, challengerOutcomes: number, bounds: WeightBounds): number[] {
  const wrong = steps.findIndex((step, index) => !(step > (steps[index - 1] ?? 0) && step < 1));
  if (steps.length === 0 || wrong >= 0)
    throw new BanditError(
      'BAD_SETTING',
      `steps[${wrong}] of ${steps.length} is ${steps[wrong]}; steps must ascend inside (0, 1); sort them`,
    );
  if (!(outcomesPerStep >= 1))
    throw new BanditError(
      'BAD_SETTING',
      `outcomesPerStep is ${outcomesPerStep}; it must be at least 1; 500 is the default`,
    );
  const step = Math.min(steps.length - 1, Math.floor(challengerOutcomes / outcomesPerStep));
  const share = steps[step] as number;
  return weightsOf([1 - share, share], bounds);
}
