import type { StateReader } from '../state/state-reader.ts';
import type { StateWriter } from '../state/state-writer.ts';
import { type Grid, gridDistance } from './grid-distance.ts';

/** Pairs of present values below which two columns of a window are not compared, and how many distinct ones there must be. */
const MIN_PAIRS = 100;
const MIN_DISTINCT = 8;
/** Share of the pairs that must be equal. */
const MOST = 0.98;
/** Columns whose references are nearer to each other may have been equal there. */
const MIN_APART = 0.1;
/** Share of a window that must lie within the neighbour's reference when it is to hold the neighbour's values. */
const WITHIN = 0.98;

/** Columns from `from` to before `to` hold the values of the column `step` before each: 1 = to the right, −1 = to the left. */
export interface Shift {
  readonly from: number;
  readonly to: number;
  readonly step: 1 | -1;
  /** Events for which it has held; absent = not known. */
  readonly events?: number;
}

/** Window and reference of each column. */
export interface ShiftedWindows {
  /** Present values, ascending. */
  readonly sorted: readonly Float64Array[];
  readonly grids: readonly Grid[];
  /** Least and largest value of the reference. */
  readonly bounds: readonly (readonly [min: number, max: number])[];
  /** Columns from this one on cannot be shifted: outputs follow the features. */
  readonly end: number;
}

/**
 * Shifts by what they leave behind: where columns move by one, the column that they start from and its neighbour are equal in every event.
 * Two columns of which the references differ are not equal by chance. This needs no earlier values, so it finds a shift at an hour at which
 * columns change by themselves, and knows with which event it began. O(1) per value; 12 bytes a column.
 */
export class NeighbourCopies {
  /** Pairs of the window that are present, and equal, by the later column of the two. */
  readonly #pairs: Uint16Array;
  readonly #equal: Uint16Array;
  /** Events since the last pair that was not equal. */
  readonly #runs: Float64Array;

  constructor(columns: number) {
    this.#pairs = new Uint16Array(columns);
    this.#equal = new Uint16Array(columns);
    this.#runs = new Float64Array(columns);
  }

  add(row: ArrayLike<number>): void {
    for (let column = 1; column < this.#pairs.length; column += 1) {
      const before = row[column - 1] as number;
      const value = row[column] as number;
      this.#runs[column] = (this.#runs[column] as number) + 1;
      if (Number.isNaN(before) || Number.isNaN(value)) continue;
      this.#pairs[column] = (this.#pairs[column] as number) + 1;
      if (before === value) this.#equal[column] = (this.#equal[column] as number) + 1;
      else this.#runs[column] = 0;
    }
  }

  /** The shift of the window, which ends. */
  judge(windows: ShiftedWindows): Shift | undefined {
    const found = this.#shift(windows);
    this.#pairs.fill(0);
    this.#equal.fill(0);
    return found;
  }

  #shift(windows: ShiftedWindows): Shift | undefined {
    for (let column = 1; column < windows.end; column += 1) {
      if (!this.#isCopy(column, windows)) continue;
      const shifts = [
        { from: column, to: windows.end, step: 1 },
        { from: 0, to: column, step: -1 },
      ] as const;
      const [best] = shifts
        .map((shift) => ({ shift, gain: gainOf(shift, windows) }))
        .filter(({ gain }) => gain > -Infinity)
        .sort((a, b) => b.gain - a.gain);
      if (best !== undefined) return { ...best.shift, events: this.#runs[column] as number };
    }
    return undefined;
  }

  #isCopy(column: number, { sorted, grids }: ShiftedWindows): boolean {
    const pairs = this.#pairs[column] as number;
    if (pairs < MIN_PAIRS || (this.#equal[column] as number) < MOST * pairs) return false;
    if (new Set(sorted[column]).size < MIN_DISTINCT) return false;
    const { values, shares } = grids[column] as Grid;
    const before = grids[column - 1] as Grid;
    return values.some((value, at) => Math.abs((shares[at] as number) - shareBelow(before, value)) > MIN_APART);
  }

  write(writer: StateWriter): void {
    writer.numbers(this.#pairs);
    writer.numbers(this.#equal);
    writer.numbers(this.#runs);
  }

  read(reader: StateReader): void {
    reader.numbers(this.#pairs);
    reader.numbers(this.#equal);
    reader.numbers(this.#runs);
  }
}

/** How much nearer the columns are to their neighbours' references than to their own, on average; −Infinity when one cannot be of its neighbour. */
function gainOf({ from, to, step }: Shift, { sorted, grids, bounds }: ShiftedWindows): number {
  let gain = 0;
  for (let column = from; column < to; column += 1) {
    const window = sorted[column] as Float64Array;
    if (window.length < MIN_PAIRS) continue;
    const [min, max] = bounds[column - step] as readonly [number, number];
    let within = 0;
    for (const value of window) if (value >= min && value <= max) within += 1;
    if (within < WITHIN * window.length) return -Infinity;
    const distance = (grid: Grid): number => gridDistance(grid, window, window.length, 1, 0);
    gain += distance(grids[column] as Grid) - distance(grids[column - step] as Grid);
  }
  return gain / (to - from);
}

function shareBelow({ values, shares }: Grid, value: number): number {
  const at = values.findLastIndex((each) => each <= value);
  return at < 0 ? 0 : (shares[at] as number);
}
