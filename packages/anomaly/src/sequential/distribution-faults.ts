import type { NumericProfile } from '../quality/profile.ts';
import type { StateReader } from '../state/state-reader.ts';
import type { StateWriter } from '../state/state-writer.ts';
import type { Fault } from './fault.ts';
import { distanceLimit, type Grid, gridDistance, gridFrom } from './grid-distance.ts';
import { NeighbourCopies, type Shift } from './neighbour-copies.ts';
import { UNIT_CHANGES, type UnitChange } from './units.ts';
import { unitOfWholes } from './whole-units.ts';
import { WindowQuantiles } from './window-quantiles.ts';

/** Events of a window. */
export const WINDOW = 256;
/** Present values below which a column of a window is not judged. */
export const MIN_VALUES = 100;
/** An explanation fits when the window passes as its law at this level; one that holds already stays at the second. */
const FIT_LEVEL = 0.05;
const KEEP_LEVEL = 1e-4;
/** The same for an explanation that has to fit in two windows in succession. */
const CONFIRMED_LEVEL = 0.005;
/** Distinct grid points below which a law is too coarse to name a factor. */
const MIN_GRID = 5;
/** A column has jumped when its quantiles moved by so many times the farthest of the reference. */
const JUMP = 2;
/** Part of a move that its explanation may leave: of one column, and of several that are explained alike. */
const LEFT_OVER = 0.25;
const LEFT_OVER_TOGETHER = 0.5;
/** A jump is a single step to this part; what gets there by small steps is no change of unit. */
const STEP = 0.5;
/** A column of which more windows stray from the reference is compared with its own last values instead. */
export const MAX_STRAYS = 0.05;
/** Windows in succession that an explanation does not fit before it is over: a quiet hour may look like either. */
const OVER_AFTER = 8;
/** A shift must explain this many neighbouring columns. */
const MIN_SHIFTED = 2;

/**
 * Explains why a numeric column has left its reference: in another unit, or holding its neighbour's values. Every 256 events each
 * column's values are compared with the reference; a column that has left it, at a level that gives one false alarm per
 * `eventsPerFalseAlarm` events over all columns together (for independent events), is compared again under every known change of unit
 * and under the laws of its neighbours. What no explanation fits is drift, which is not this test's to report.
 * A few minutes of a day may not resemble the whole reference. Where it tells how far a column's quantiles move by themselves, a column
 * whose windows often stray from it has changed its unit when it also jumped: its quantiles moved twice as far as they ever did in the
 * reference, in one step, and under the explanation by no more than they do. Other columns must fit the explanation in two windows in
 * succession. Whole numbers that are whole in another unit only have changed it without more ado. Columns are shifted when each is nearer to
 * the last values of its neighbour than to its own, or when the first of them is a copy of its neighbour (`NeighbourCopies`).
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
  /** Which neighbour's values a column holds while `#open` is 1: 1 = of the one before, −1 = of the one after. */
  readonly #shiftSteps: Int8Array;
  /** Farthest move of the reference; NaN = not asked for, Infinity = not known. */
  readonly #moves: Float64Array;
  /** Between which nearly all of the reference lies. */
  readonly #ranges: readonly (readonly [low: number, high: number])[];
  /** Whether the column's windows stray from the reference by themselves. */
  readonly #strays: readonly boolean[];
  /** Whether the reference has whole numbers alone. */
  readonly #isWhole: readonly boolean[];
  /** Change of unit that fitted in the last window, as in `#open`. */
  readonly #fitted: Uint8Array;
  /** Windows in succession that the explanation in `#open` did not fit. */
  readonly #unfit: Uint8Array;
  /** Last present value, and the largest difference of two in succession within the window. */
  readonly #last: Float64Array;
  readonly #steps: Float64Array;
  readonly #quantiles: WindowQuantiles;
  readonly #copies: NeighbourCopies;
  /** Least and largest of the reference. */
  readonly #bounds: readonly (readonly [min: number, max: number])[];
  #events = 0;

  constructor(profiles: readonly NumericProfile[], eventsPerFalseAlarm: number) {
    this.#names = profiles.map(({ name }) => name);
    this.#grids = profiles.map(gridFrom);
    this.#level = WINDOW / eventsPerFalseAlarm / Math.max(1, profiles.length);
    this.#values = new Float64Array(profiles.length * WINDOW);
    this.#counts = new Uint16Array(profiles.length);
    this.#open = new Uint8Array(profiles.length);
    this.#shiftSteps = new Int8Array(profiles.length);
    this.#moves = Float64Array.from(profiles, ({ move }) => move ?? Number.NaN);
    this.#ranges = profiles.map(({ quantiles, min, max }) => [quantiles[0] ?? min, quantiles.at(-1) ?? max]);
    this.#strays = profiles.map(({ strayShare = 0 }) => strayShare > MAX_STRAYS);
    this.#isWhole = profiles.map(
      ({ present, infinite, integers }) => present - infinite >= MIN_VALUES && integers === present - infinite,
    );
    this.#fitted = new Uint8Array(profiles.length);
    this.#unfit = new Uint8Array(profiles.length);
    this.#last = new Float64Array(profiles.length).fill(Number.NaN);
    this.#steps = new Float64Array(profiles.length);
    this.#quantiles = new WindowQuantiles(profiles.length);
    this.#copies = new NeighbourCopies(profiles.length);
    this.#bounds = profiles.map(({ min, max }) => [min, max]);
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
      const step = Math.abs(value - (this.#last[column] as number));
      if (step > (this.#steps[column] as number)) this.#steps[column] = step;
      this.#last[column] = value;
    }
    this.#copies.add(row);
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
    this.#quantiles.next();
    for (const [column, window] of sorted.entries())
      if (window.length >= MIN_VALUES) this.#quantiles.set(column, window, this.#steps[column] as number);
    this.#steps.fill(0);
    const left = sorted.map((window, column) => this.#hasLeft(window, column));
    const faults: Fault[] = [];
    const shifted = new Set<number>();
    const end = this.#lastShiftable() + 1;
    const copied = this.#copies.judge({ sorted, grids: this.#grids, bounds: this.#bounds, end });
    if (copied !== undefined) this.#takeShift(copied, shifted, faults);
    else for (const step of [1, -1] as const) this.#findShifts(sorted, left, step, shifted, faults);
    for (let column = 0; column < columns; column += 1) {
      if (shifted.has(column) || this.#findBroken(sorted[column] as Float64Array, column, faults)) continue;
      if (left[column] === true) this.#findUnit(sorted[column] as Float64Array, column, faults);
      else {
        this.#fitted[column] = 0;
        this.#keepOrEnd(sorted[column] as Float64Array, column);
      }
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

  /** An explanation ends after several windows in succession without it. */
  #keepOrEnd(window: Float64Array, column: number): void {
    if (this.#open[column] === 0) return;
    // Nothing to judge by: neither for it nor against it.
    if (window.length < MIN_VALUES) return;
    const held = UNIT_CHANGES[(this.#open[column] as number) - 2];
    const grid = this.#grids[column] as Grid;
    const isNearer =
      held !== undefined &&
      gridDistance(grid, window, window.length, held.factor, held.offset) <
        gridDistance(grid, window, window.length, 1, 0);
    this.#unfit[column] = isNearer ? 0 : (this.#unfit[column] as number) + 1;
    if ((this.#unfit[column] as number) < OVER_AFTER) return;
    this.#unfit[column] = 0;
    this.#open[column] = 0;
  }

  /** Whether the column's quantiles have just moved farther than they do by themselves, and in one step. */
  #hasJumped(column: number): boolean {
    const move = this.#quantiles.move(column);
    return move > JUMP * (this.#moves[column] as number) && this.#quantiles.step(column) > STEP * move;
  }

  /** Whether so large a share of the window lies beyond nearly all of the reference: what a column does by itself stays within. */
  #isBeyond(window: Float64Array, column: number, share: number): boolean {
    const [low, high] = this.#ranges[column] as readonly [number, number];
    const at = (part: number): number => window[Math.floor(part * (window.length - 1))] as number;
    return at(share) < low || at(1 - share) > high;
  }

  /** Change of unit that explains a jump best, −1 = none does, and what it leaves of the jump. */
  #unitOfJump(column: number): [best: number, move: number] {
    const most = Math.min(this.#moves[column] as number, LEFT_OVER * this.#quantiles.move(column));
    let best = -1;
    let least = Infinity;
    for (const [index, { factor, offset }] of UNIT_CHANGES.entries()) {
      const move = this.#quantiles.move(column, column, factor, offset);
      if (!(move <= most && move < least)) continue;
      least = move;
      best = index;
    }
    return [best, least];
  }

  /** Change of unit under which the window is nearest to the reference, −1 = none fits, and the distance. */
  #unitOfLaw(window: Float64Array, grid: Grid, level: number): [best: number, distance: number] {
    let best = -1;
    let distance = Infinity;
    for (const [index, change] of UNIT_CHANGES.entries()) {
      const found = this.#fit(window, grid, change, level);
      if (found >= distance) continue;
      distance = found;
      best = index;
    }
    return [best, distance];
  }

  #findUnit(window: Float64Array, column: number, faults: Fault[]): void {
    const grid = this.#grids[column] as Grid;
    if (grid.values.length < MIN_GRID) return;
    const usual = this.#moves[column] as number;
    if (usual === Infinity) return;
    const isLocal = !Number.isNaN(usual) && (this.#strays[column] as boolean);
    const held = UNIT_CHANGES[(this.#open[column] as number) - 2];
    if (held !== undefined && this.#fit(window, grid, held, KEEP_LEVEL) < Infinity) {
      this.#unfit[column] = 0;
      return;
    }
    if (isLocal && this.#open[column] !== 0) {
      this.#keepOrEnd(window, column);
      return;
    }
    if (isLocal && !(this.#hasJumped(column) && this.#isBeyond(window, column, 0.25))) return;
    const [best, distance] = isLocal
      ? this.#unitOfJump(column)
      : this.#unitOfLaw(window, grid, Number.isNaN(usual) ? FIT_LEVEL : CONFIRMED_LEVEL);
    const isConfirmed = isLocal || Number.isNaN(usual) || this.#fitted[column] === 2 + best;
    this.#fitted[column] = 2 + best;
    if (!isConfirmed) return;
    if (best < 0 || this.#open[column] === 2 + best) return;
    this.#open[column] = 2 + best;
    const { name } = UNIT_CHANGES[best] as UnitChange;
    const formula = formulaOf(UNIT_CHANGES[best] as UnitChange);
    const detail = isLocal
      ? `values are the earlier ones times ${formula} (${name}); under it quantiles move by ${distance.toPrecision(3)}, in the reference by ${usual.toPrecision(3)} at the most`
      : `values are the reference's times ${formula} (${name}); distance ${distance.toFixed(3)} under it`;
    faults.push(this.#unitFault(column, best, Number.isNaN(usual) ? 1 : 2, detail));
  }

  /** Whether a column of whole numbers has values that are whole in another unit only, which tells the change by itself. */
  #findBroken(window: Float64Array, column: number, faults: Fault[]): boolean {
    const found = this.#isWhole[column] === true ? unitOfWholes(window) : -1;
    if (found < 0) return false;
    this.#unfit[column] = 0;
    if (this.#open[column] === 2 + found) return true;
    this.#open[column] = 2 + found;
    const change = UNIT_CHANGES[found] as UnitChange;
    const detail = `values are whole numbers times ${formulaOf(change)} (${change.name}); the reference has whole numbers`;
    faults.push(this.#unitFault(column, found, 1, detail));
    return true;
  }

  /** @param windows at whose first event it began */
  #unitFault(column: number, change: number, windows: number, detail: string): Fault {
    const { factor } = UNIT_CHANGES[change] as UnitChange;
    const since = this.#events - windows * WINDOW + 1;
    return { fault: 'unit-change', field: this.#names[column] as string, since, factor, share: 1, detail };
  }

  /** Runs of columns that hold the values of the column `step` before them. */
  #findShifts(sorted: Float64Array[], left: boolean[], step: 1 | -1, shifted: Set<number>, faults: Fault[]): void {
    for (let from = 0; from < sorted.length; from += 1) {
      let to = from;
      while (to < sorted.length && this.#isShifted(sorted[to] as Float64Array, to, step, left)) to += 1;
      if (!this.#isRunOfShifts(sorted[from] as Float64Array, from, to, step, left)) {
        from = Math.max(from, to - 1);
        continue;
      }
      this.#takeShift({ from, to, step }, shifted, faults);
      from = to;
    }
  }

  #takeShift(shift: Shift, shifted: Set<number>, faults: Fault[]): void {
    const { from, to, step } = shift;
    const open = this.#open.subarray(from, to);
    // Columns that were shifted one way and then the other are back in their places.
    if (open.some((each, at) => each === 1 && this.#shiftSteps[from + at] === -step)) open.fill(0);
    else {
      const isNew = !open.includes(1);
      open.fill(1);
      this.#unfit.fill(0, from, to);
      this.#shiftSteps.fill(step, from, to);
      if (isNew) faults.push(this.#shiftFault(shift));
    }
    for (let column = from; column < to; column += 1) shifted.add(column);
  }

  #isShifted(window: Float64Array, column: number, step: number, left: boolean[]): boolean {
    const neighbour = this.#grids[column - step];
    if (neighbour === undefined) return false;
    const [usual, neighbours] = [this.#moves[column] as number, this.#moves[column - step] as number];
    if (usual === Infinity || neighbours === Infinity || (this.#open[column] as number) > 1) return false;
    if (Number.isNaN(usual)) {
      const level = this.#open[column] === 1 ? KEEP_LEVEL : FIT_LEVEL;
      return left[column] === true && this.#fit(window, neighbour, SAME, level) < Infinity;
    }
    const own = this.#quantiles.move(column);
    const isNearer = own > usual / JUMP && this.#quantiles.move(column, column - step) <= LEFT_OVER_TOGETHER * own;
    // While nothing moves it stays shifted, for as long as it is away from its own law.
    return isNearer || (this.#open[column] === 1 && this.#shiftSteps[column] === step && left[column] === true);
  }

  /** Two columns or more, of which one has left the reference; or one alone that no change of unit explains. */
  #isRunOfShifts(sorted: Float64Array, from: number, to: number, step: number, left: boolean[]): boolean {
    if (to === from) return false;
    if (Number.isNaN(this.#moves[from])) return to - from >= MIN_SHIFTED;
    // What loses or gains a separator shifts everything from there on.
    const end = this.#lastShiftable() + (step > 0 ? 1 : 0);
    if (to !== end || !left.slice(from, to).includes(true)) return false;
    if (to - from >= MIN_SHIFTED || this.#open[from] === 1) return true;
    const own = this.#quantiles.move(from);
    return (
      this.#isBeyond(sorted, from, 0.1) &&
      this.#quantiles.move(from, from - step) <= LEFT_OVER * own &&
      this.#unitOfJump(from)[0] < 0
    );
  }

  /** Columns after it have values of which nothing is known by time, such as outputs: they are not in the row that is shifted. */
  #lastShiftable(): number {
    return this.#moves.findLastIndex((move) => move !== Infinity);
  }

  #shiftFault({ from, to, step, events = WINDOW }: Shift): Fault {
    const names = this.#names.slice(from, to);
    return {
      fault: 'shifted-columns',
      field: names[0] as string,
      since: this.#events - Math.max(events, 1) + 1,
      factor: step,
      share: 1,
      detail: `${names.join(', ')} hold the values of the column ${step > 0 ? 'before' : 'after'} each`,
    };
  }

  write(writer: StateWriter): void {
    writer.f64(this.#events);
    writer.numbers(this.#counts);
    writer.numbers(this.#open);
    writer.numbers(this.#fitted);
    writer.numbers(this.#unfit);
    writer.numbers(new Uint8Array(this.#shiftSteps.buffer));
    writer.numbers(this.#last);
    writer.numbers(this.#steps);
    this.#quantiles.write(writer);
    this.#copies.write(writer);
    for (const [column, count] of this.#counts.entries())
      writer.numbers(this.#values.subarray(column * WINDOW, column * WINDOW + count));
  }

  read(reader: StateReader): void {
    this.#events = reader.f64();
    reader.numbers(this.#counts);
    reader.numbers(this.#open);
    reader.numbers(this.#fitted);
    // Version 1 of the states that hold this ended a change of unit with its first such window.
    if (reader.version > 1) reader.numbers(this.#unfit);
    reader.numbers(new Uint8Array(this.#shiftSteps.buffer));
    reader.numbers(this.#last);
    reader.numbers(this.#steps);
    this.#quantiles.read(reader);
    // Versions 1 and 2 counted no copies: their first window has no pairs of before.
    if (reader.version > 2) this.#copies.read(reader);
    for (const [column, count] of this.#counts.entries()) {
      if (count >= WINDOW)
        throw reader.refusal(`holds ${count} values of ${this.#names[column]}; a window has ${WINDOW}`);
      reader.numbers(this.#values.subarray(column * WINDOW, column * WINDOW + count));
    }
  }
}

const NONE: readonly Fault[] = [];
const SAME: UnitChange = { name: 'the same', factor: 1, offset: 0 };

function formulaOf({ factor, offset }: UnitChange): string {
  return offset === 0 ? `${factor}` : `${factor} and ${offset < 0 ? '' : '+'}${offset}`;
}
