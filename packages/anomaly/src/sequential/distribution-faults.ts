import type { NumericProfile } from '../quality/profile.ts';
import type { StateReader } from '../state/state-reader.ts';
import type { StateWriter } from '../state/state-writer.ts';
import { type ColumnLaw, columnLaws, hasLeft } from './column-laws.ts';
import { ColumnWindows, WINDOW } from './column-windows.ts';
import { Explanations } from './explanations.ts';
import type { Fault } from './fault.ts';
import { NeighbourCopies, type Shift } from './neighbour-copies.ts';
import { type JudgedWindows, lastShiftable, openShift, shiftsBy } from './shift-explanation.ts';
import { explainUnit } from './unit-explanation.ts';

/**
 * Explains why a numeric column has left its reference: in another unit, or holding its neighbour's values. Every 256 events each
 * column's values are compared with the reference; a column that has left it, at a level that gives one false alarm per
 * `eventsPerFalseAlarm` events over all columns together (for independent events), is compared again under every known change of unit
 * and under the laws of its neighbours. What no explanation fits is drift, which is not this test's to report.
 * A few minutes of a day may not resemble the whole reference. Where it tells how far a column's quantiles move by themselves, a column
 * whose windows often stray from it has changed its unit when it also jumped: its quantiles moved twice as far as they ever did in the
 * reference, in one step, and under the explanation by no more than they do. Other columns must fit the explanation in two windows in
 * succession. Steps tell a change without more ado: whole numbers that are whole in another unit only, and values beyond the reference that
 * are as coarse as a whole factor makes them. Columns are shifted when each is nearer to the last values of its neighbour than to its own, or
 * when the first of them is a copy of its neighbour (`NeighbourCopies`).
 * O(1) amortised per value while nothing has changed; memory 256 values per column.
 */
export class DistributionFaults {
  readonly #laws: readonly ColumnLaw[];
  readonly #windows: ColumnWindows;
  readonly #known: Explanations;
  readonly #copies: NeighbourCopies;
  #events = 0;

  constructor(profiles: readonly NumericProfile[], eventsPerFalseAlarm: number) {
    this.#laws = columnLaws(profiles, eventsPerFalseAlarm);
    this.#windows = new ColumnWindows(profiles.length);
    this.#known = new Explanations(profiles.length);
    this.#copies = new NeighbourCopies(profiles.length);
  }

  /** One event; the faults that begin with the window it ends, usually none. */
  add(row: ArrayLike<number>): readonly Fault[] {
    this.#events += 1;
    this.#windows.add(row);
    this.#copies.add(row);
    return this.#events % WINDOW === 0 ? this.#judge() : NONE;
  }

  /** Whether an explanation still holds, as of the last whole window. */
  isOpen(fault: 'unit-change' | 'shifted-columns', field: string): boolean {
    const open = this.#known.open[this.#laws.findIndex(({ name }) => name === field)] ?? 0;
    return fault === 'unit-change' ? open > 1 : open === 1;
  }

  #judge(): readonly Fault[] {
    const sorted = this.#windows.end();
    const judged: JudgedWindows = {
      laws: this.#laws,
      sorted,
      left: this.#laws.map((law, column) => hasLeft(law, sorted[column] as Float64Array)),
      known: this.#known,
      quantiles: this.#windows.quantiles,
      events: this.#events,
    };
    const faults: Fault[] = [];
    const shifted = new Set<number>();
    const take = (shift: Shift): void => {
      const fault = openShift(shift, judged);
      if (fault !== undefined) faults.push(fault);
      for (let column = shift.from; column < shift.to; column += 1) shifted.add(column);
    };
    const copied = this.#copies.judge({
      sorted,
      grids: this.#laws.map(({ grid }) => grid),
      bounds: this.#laws.map(({ min, max }) => [min, max]),
      end: lastShiftable(this.#laws) + 1,
    });
    if (copied !== undefined) take(copied);
    else for (const step of [1, -1] as const) for (const shift of shiftsBy(step, judged)) take(shift);
    for (const [column, law] of this.#laws.entries()) {
      if (shifted.has(column)) continue;
      const [window, isLeft] = [sorted[column] as Float64Array, judged.left[column] as boolean];
      const fault = explainUnit({ column, law, window, isLeft, events: this.#events }, this.#known, judged.quantiles);
      if (fault !== undefined) faults.push(fault);
    }
    return faults;
  }

  write(writer: StateWriter): void {
    const { counts, last, steps, quantiles, values } = this.#windows;
    const { open, fitted, unfit, shiftSteps } = this.#known;
    writer.f64(this.#events);
    for (const each of [counts, open, fitted, unfit, new Uint8Array(shiftSteps.buffer), last, steps])
      writer.numbers(each);
    quantiles.write(writer);
    this.#copies.write(writer);
    for (const [column, count] of counts.entries())
      writer.numbers(values.subarray(column * WINDOW, column * WINDOW + count));
  }

  read(reader: StateReader): void {
    const { counts, last, steps, quantiles, values } = this.#windows;
    const { open, fitted, unfit, shiftSteps } = this.#known;
    this.#events = reader.f64();
    for (const each of [counts, open, fitted]) reader.numbers(each);
    // Version 1 of the states that hold this ended a change of unit with its first such window.
    if (reader.version > 1) reader.numbers(unfit);
    for (const each of [new Uint8Array(shiftSteps.buffer), last, steps]) reader.numbers(each);
    quantiles.read(reader);
    // Versions 1 and 2 counted no copies: their first window has no pairs of before.
    if (reader.version > 2) this.#copies.read(reader);
    for (const [column, count] of counts.entries()) {
      if (count >= WINDOW)
        throw reader.refusal(`holds ${count} values of ${this.#laws[column]?.name}; a window has ${WINDOW}`);
      reader.numbers(values.subarray(column * WINDOW, column * WINDOW + count));
    }
  }
}

const NONE: readonly Fault[] = [];
