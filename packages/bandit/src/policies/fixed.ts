/** The same share for each challenger from the first outcome to the last, the rest for the champion. ½ for one challenger is the fast verdict. */
import { type WeightBounds, weightsOf } from '../weights.ts';

/** @param share of each challenger, in (0, 1 / challengers]; @throws {BanditError} BAD_WEIGHTS */
export function fixed(arms: number, share: number, bounds: WeightBounds): number[] {
  return weightsOf([1 - share * (arms - 1), ...Array.from({ length: arms - 1 }, () => share)], bounds);
}
