import type { ColumnLaw } from './column-laws.ts';
import { MIN_VALUES } from './column-windows.ts';
import { gridDistance } from './grid-distance.ts';
import { UNIT_CHANGES, type UnitChange } from './units.ts';

/** Windows in succession that an explanation does not fit before it is over: a quiet hour may look like either. */
const OVER_AFTER = 8;

/** Why columns have left their reference, as far as that is known. 4 bytes a column. */
export class Explanations {
  /** By column: 0 none, 1 shift, 2 + i the i-th change of unit. */
  readonly open: Uint8Array;
  /** Which neighbour's values a column holds while `open` is 1: 1 = of the one before, −1 = of the one after. */
  readonly shiftSteps: Int8Array;
  /** Change of unit that fitted in the last window, as in `open`. */
  readonly fitted: Uint8Array;
  /** Windows in succession that the explanation in `open` did not fit. */
  readonly unfit: Uint8Array;

  constructor(columns: number) {
    this.open = new Uint8Array(columns);
    this.shiftSteps = new Int8Array(columns);
    this.fitted = new Uint8Array(columns);
    this.unfit = new Uint8Array(columns);
  }

  /** The change of unit that is open. */
  unitOf(column: number): UnitChange | undefined {
    return UNIT_CHANGES[(this.open[column] as number) - 2];
  }

  /** A window that leaves open whether the explanation of its column still holds: several in succession end it. */
  keepOrEnd(column: number, { grid }: ColumnLaw, window: Float64Array): void {
    // Nothing to judge by: neither for it nor against it.
    if (this.open[column] === 0 || window.length < MIN_VALUES) return;
    const held = this.unitOf(column);
    const distance = ({ factor, offset }: Pick<UnitChange, 'factor' | 'offset'>): number =>
      gridDistance(grid, window, window.length, factor, offset);
    const isNearer = held !== undefined && distance(held) < distance({ factor: 1, offset: 0 });
    this.unfit[column] = isNearer ? 0 : (this.unfit[column] as number) + 1;
    if ((this.unfit[column] as number) < OVER_AFTER) return;
    this.unfit[column] = 0;
    this.open[column] = 0;
  }
}
