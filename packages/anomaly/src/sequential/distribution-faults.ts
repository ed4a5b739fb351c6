import type { NumericProfile } from '../quality/profile.ts';
import type { StateReader } from '../state/state-reader.ts';
import type { StateWriter } from '../state/state-writer.ts';
import type { Fault } from './fault.ts';
import { distanceLimit, type Grid, gridDistance, gridFrom } from './grid-distance.ts';
import { UNIT_CHANGES, type UnitChange } from './units.ts';

/** Events of a window. */
export const WINDOW = 256;
/** Present values below which a column of a window is not judged. */
const MIN_VALUES = 100;
/** An explanation fits when the window passes as its law at this level; one that holds already stays at the second. */
const FIT_LEVEL = 0.05;
const KEEP_LEVEL = 1e-4;
/** Distinct grid points below which a law is too coarse to name a factor. */
const MIN_GRID = 5;
/** A shift must explain this many neighbouring columns. */
const MIN_SHIFTED = 2;

/**
 * Explains why a numeric column has left its reference: in another unit, or holding its neighbour's values. Every 256 events each
 * column's values are compared with the reference; a column that has left it, at a level that gives one false alarm per
 * `eventsPerFalseAlarm` events over all columns together (for independent events), is compared again under every known change of unit
 * and under the laws of its neighbours. What no explanation fits is drift, which is not this test's to report.
 * O(1) amortised per value while nothing has changed; memory 256 values per column.
 */
export class DistributionFaults {
  readonly #names: readonly string[];
  readonly #grids: readonly Grid[];
  readonly #level: number;
  /** Column by column, the window's present values; NaN is not kept. */
  readonly #values: Float64Array;
  readonly #counts: Uint16Array;
  /** Explanation that holds per column: 0 none, 1 shift, 2 + i the i-th change of unit. */
  readonly #open: Uint8Array;
  #events = 0;

  constructor(profiles: readonly NumericProfile[], eventsPerFalseAlarm: number) {
    this.#names = profiles.map(({ name }) => name);
    this.#grids = profiles.map(gridFrom);
    this.#level = WINDOW / eventsPerFalseAlarm / Math.max(1, profiles.length);
    this.#values = new Float64Array(profiles.length * WINDOW);
    this.#counts = new Uint16Array(profiles.length);
    this.#open = new Uint8Array(profiles.length);
  }

  /** One event; the faults that begin with the window it ends, usually none. */
  add(row: ArrayLike<number>): readonly Fault[] {
    this.#events += 1;
    for (let column = 0; column < this.#names.length; column += 1) {
      const value = row[column] as number;
      if (Number.isNaN(value)) continue;
      const count = this.#counts[column] as number;
      this.#values[column * WINDOW + count] = value;
      this.#counts[column] = count + 1;
    }
    return this.#events % WINDOW === 0 ? this.#judge() : NONE;
  }

  /** Whether an explanation still holds, as of the last whole window. */
  isOpen(fault: 'unit-change' | 'shifted-columns', field: string): boolean {
    const open = this.#open[this.#names.indexOf(field)] ?? 0;
    return fault === 'unit-change' ? open > 1 : open === 1;
  }

  #judge(): readonly Fault[] {
    const columns = this.#names.length;
    const sorted = this.#names.map((_, column) => {
      const from = column * WINDOW;
      return this.#values.subarray(from, from + (this.#counts[column] as number)).sort();
    });
    const left = sorted.map((window, column) => this.#hasLeft(window, column));
    const faults: Fault[] = [];
    const shifted = new Set<number>();
    for (const step of [1, -1]) this.#findShifts(sorted, left, step, shifted, faults);
    for (let column = 0; column < columns; column += 1) {
      if (shifted.has(column)) continue;
      if (left[column] === true) this.#findUnit(sorted[column] as Float64Array, column, faults);
      else if (!this.#stillHolds(sorted[column] as Float64Array, column)) this.#open[column] = 0;
    }
    this.#counts.fill(0);
    return faults;
  }

  #hasLeft(window: Float64Array, column: number): boolean {
    const grid = this.#grids[column] as Grid;
    if (window.length < MIN_VALUES || grid.size < MIN_VALUES) return false;
    return gridDistance(grid, window, window.length, 1, 0) > distanceLimit(window.length, grid.size, this.#level);
  }

  #fit(window: Float64Array, grid: Grid, change: UnitChange, level: number): number {
    const limit = distanceLimit(window.length, grid.size, level);
    const distance = gridDistance(grid, window, window.length, change.factor, change.offset);
    return distance <= limit ? distance : Infinity;
  }

  /** Whether a window that may be of the reference's law is nearer to it under the change of unit that was found. */
  #stillHolds(window: Float64Array, column: number): boolean {
    const held = UNIT_CHANGES[(this.#open[column] as number) - 2];
    const grid = this.#grids[column] as Grid;
    if (held === undefined) return false;
    const unchanged = gridDistance(grid, window, window.length, 1, 0);
    return gridDistance(grid, window, window.length, held.factor, held.offset) < unchanged;
  }

  #findUnit(window: Float64Array, column: number, faults: Fault[]): void {
    const grid = this.#grids[column] as Grid;
    if (grid.values.length < MIN_GRID) return;
    const held = UNIT_CHANGES[(this.#open[column] as number) - 2];
    if (held !== undefined && this.#fit(window, grid, held, KEEP_LEVEL) < Infinity) return;
    let best = -1;
    let distance = Infinity;
    for (const [index, change] of UNIT_CHANGES.entries()) {
      const found = this.#fit(window, grid, change, FIT_LEVEL);
      if (found >= distance) continue;
      distance = found;
      best = index;
    }
    if (best < 0) return;
    this.#open[column] = 2 + best;
    const { name, factor, offset } = UNIT_CHANGES[best] as UnitChange;
    const formula = offset === 0 ? `${factor}` : `${factor} and ${offset < 0 ? '' : '+'}${offset}`;
    faults.push({
      fault: 'unit-change',
      field: this.#names[column] as string,
      since: this.#events - WINDOW + 1,
      factor,
      share: 1,
      detail: `values are the reference's times ${formula} (${name}); distance ${distance.toFixed(3)} under it`,
    });
  }

  /** Runs of columns that hold the values of the column `step` before them. */
  #findShifts(sorted: Float64Array[], left: boolean[], step: number, shifted: Set<number>, faults: Fault[]): void {
    const isShifted = (column: number): boolean => {
      const neighbour = this.#grids[column - step];
      if (left[column] !== true || neighbour === undefined) return false;
      const level = this.#open[column] === 1 ? KEEP_LEVEL : FIT_LEVEL;
      return this.#fit(sorted[column] as Float64Array, neighbour, SAME, level) < Infinity;
    };
    for (let from = 0; from < sorted.length; from += 1) {
      let to = from;
      while (to < sorted.length && isShifted(to)) to += 1;
      if (to - from < MIN_SHIFTED) {
        from = Math.max(from, to - 1);
        continue;
      }
      const isNew = this.#open.subarray(from, to).some((open) => open !== 1);
      for (let column = from; column < to; column += 1) shifted.add(column);
      this.#open.fill(1, from, to);
      const names = this.#names.slice(from, to);
      if (isNew)
        faults.push({
          fault: 'shifted-columns',
          field: names[0] as string,
          since: this.#events - WINDOW + 1,
          factor: step,
          share: 1,
          detail: `${names.join(', ')} hold the values of the column ${step > 0 ? 'before' : 'after'} each`,
        });
      from = to;
    }
  }

  write(writer: StateWriter): void {
    writer.f64(this.#events);
    writer.numbers(this.#counts);
    writer.numbers(this.#open);
    for (const [column, count] of this.#counts.entries())
      writer.numbers(this.#values.subarray(column * WINDOW, column * WINDOW + count));
  }

  read(reader: StateReader): void {
    this.#events = reader.f64();
    reader.numbers(this.#counts);
    reader.numbers(this.#open);
    for (const [column, count] of this.#counts.entries()) {
      if (count >= WINDOW)
        throw reader.refusal(`holds ${count} values of ${this.#names[column]}; a window has ${WINDOW}`);
      reader.numbers(this.#values.subarray(column * WINDOW, column * WINDOW + count));
    }
  }
}

const NONE: readonly Fault[] = [];
const SAME: UnitChange = { name: 'the same', factor: 1, offset: 0 };
