/** The sizes of effect that a test looks for; its initial wealth is spread evenly over them. */
import { BanditError } from './errors.ts';

export interface EffectGrid {
  /**
   * What a size is a multiple of. `deviation`: √(m(1−m)), the standard deviation of a binary reward of mean m; a size then stands for the
   * number of outcomes that shows it, whatever the base rate. `relative`: m itself.
   */
  readonly unit: 'deviation' | 'relative';
  /** Challenger minus champion, above 0, ascending; at most MAX_SIZES. */
  readonly sizes: readonly number[];
}

/** An outcome costs one multiplication for each size and direction. */
export const MAX_SIZES = 32;

/** @throws {BanditError} BAD_GRID, naming the first entry that breaks a rule */
export function checkGrid({ unit, sizes }: EffectGrid): void {
  const refuse = (said: string): never => {
    throw new BanditError('BAD_GRID', said);
  };
  if (unit !== 'deviation' && unit !== 'relative')
    refuse(`grid.unit is ${String(unit)}; it must be deviation or relative; leave the grid out for the default`);
  if (sizes.length === 0 || sizes.length > MAX_SIZES)
    refuse(`grid.sizes has ${sizes.length} entries; there must be 1 to ${MAX_SIZES}; six serve most tests`);
  sizes.forEach((size, g) => {
    const before = g === 0 ? 0 : (sizes[g - 1] as number);
    if (!(size > before && Number.isFinite(size)))
      refuse(`grid.sizes[${g}] is ${size}; sizes must be above 0, finite and ascending; sort them`);
  });
}

/** Width of one unit at mean m: what a size is multiplied with to give a difference of means. */
export function unitAt(grid: EffectGrid, mean: number): number {
  return grid.unit === 'relative' ? mean : Math.sqrt(mean * (1 - mean));
}
