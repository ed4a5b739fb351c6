import type { NumericProfile } from '../quality/profile.ts';
import type { Resolution } from '../quality/resolution.ts';
import { MIN_VALUES, WINDOW } from './column-windows.ts';
import { distanceLimit, type Grid, gridDistance, gridFrom } from './grid-distance.ts';
import type { UnitChange } from './units.ts';

/** A column of which more windows stray from the reference is compared with its own last values instead. */
export const MAX_STRAYS = 0.05;

/** What the reference tells of one column. */
export interface ColumnLaw {
  readonly name: string;
  readonly grid: Grid;
  /** Farthest that quantiles moved over two windows of the reference; NaN = not asked for, Infinity = not known. */
  readonly move: number;
  /** Between which nearly all of the reference lies. */
  readonly low: number;
  readonly high: number;
  readonly min: number;
  readonly max: number;
  /** Whether the column's windows stray from the reference by themselves. */
  readonly strays: boolean;
  /** Whether the reference has whole numbers alone. */
  readonly isWhole: boolean;
  readonly resolution: Resolution | undefined;
  /** Level at which a window has left the reference. */
  readonly level: number;
}

/** @param eventsPerFalseAlarm of all columns together */
export function columnLaws(profiles: readonly NumericProfile[], eventsPerFalseAlarm: number): readonly ColumnLaw[] {
  const level = WINDOW / eventsPerFalseAlarm / Math.max(1, profiles.length);
  return profiles.map((profile) => {
    const { name, move = Number.NaN, quantiles, min, max, strayShare = 0, present, infinite, integers } = profile;
    const finite = present - infinite;
    return {
      name,
      grid: gridFrom(profile),
      move,
      low: quantiles[0] ?? min,
      high: quantiles.at(-1) ?? max,
      min,
      max,
      strays: strayShare > MAX_STRAYS,
      isWhole: finite >= MIN_VALUES && integers === finite,
      resolution: finite >= MIN_VALUES ? profile.resolution : undefined,
      level,
    };
  });
}

/** Whether a window, ascending, is of another law than the reference. */
export function hasLeft({ grid, level }: ColumnLaw, window: Float64Array): boolean {
  if (window.length < MIN_VALUES || grid.size < MIN_VALUES) return false;
  return gridDistance(grid, window, window.length, 1, 0) > distanceLimit(window.length, grid.size, level);
}

/** Distance of a window to the reference after a change of unit; Infinity when it does not pass as its law at `level`. */
export function fitOf(grid: Grid, window: Float64Array, { factor, offset }: UnitChange, level: number): number {
  const distance = gridDistance(grid, window, window.length, factor, offset);
  return distance <= distanceLimit(window.length, grid.size, level) ? distance : Infinity;
}

/** Whether so large a share of the window lies beyond nearly all of the reference: what a column does by itself stays within. */
export function isBeyond({ low, high }: ColumnLaw, window: Float64Array, share: number): boolean {
  const at = (part: number): number => window[Math.floor(part * (window.length - 1))] as number;
  return window.length >= MIN_VALUES && (at(share) < low || at(1 - share) > high);
}
