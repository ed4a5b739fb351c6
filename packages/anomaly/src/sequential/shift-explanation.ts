import { type ColumnLaw, fitOf, isBeyond } from './column-laws.ts';
import { WINDOW } from './column-windows.ts';
import type { Explanations } from './explanations.ts';
import type { Fault } from './fault.ts';
import type { Shift } from './neighbour-copies.ts';
import { FIT_LEVEL, JUMP, KEEP_LEVEL, LEFT_OVER, unitOfJump } from './unit-explanation.ts';
import type { UnitChange } from './units.ts';
import type { WindowQuantiles } from './window-quantiles.ts';

/** A shift must explain this many neighbouring columns. */
const MIN_SHIFTED = 2;
/** Part of a move that its explanation may leave, of several columns that are explained alike. */
const LEFT_OVER_TOGETHER = 0.5;
const SAME: UnitChange = { name: 'the same', factor: 1, offset: 0 };

/** Every column at the end of a window. */
export interface JudgedWindows {
  readonly laws: readonly ColumnLaw[];
  /** Values by column, ascending. */
  readonly sorted: readonly Float64Array[];
  /** Whether a column has left its reference. */
  readonly left: readonly boolean[];
  readonly known: Explanations;
  readonly quantiles: WindowQuantiles;
  /** Events so far. */
  readonly events: number;
}

/** Runs of columns that hold the values of the column `step` before them. */
export function shiftsBy(step: 1 | -1, judged: JudgedWindows): readonly Shift[] {
  const { sorted } = judged;
  const shifts: Shift[] = [];
  for (let from = 0; from < sorted.length; from += 1) {
    let to = from;
    while (to < sorted.length && isShifted(to, step, judged)) to += 1;
    if (isRunOfShifts(from, to, step, judged)) {
      shifts.push({ from, to, step });
      from = to;
    } else from = Math.max(from, to - 1);
  }
  return shifts;
}

/** Takes the shift up as what explains its columns. The fault that begins, if any. */
export function openShift(shift: Shift, { known, laws, events }: JudgedWindows): Fault | undefined {
  const { from, to, step } = shift;
  const open = known.open.subarray(from, to);
  // Columns that were shifted one way and then the other are back in their places.
  if (open.some((each, at) => each === 1 && known.shiftSteps[from + at] === -step)) {
    open.fill(0);
    return undefined;
  }
  const isNew = !open.includes(1);
  open.fill(1);
  known.unfit.fill(0, from, to);
  known.shiftSteps.fill(step, from, to);
  return isNew ? shiftFault(shift, laws, events) : undefined;
}

function isShifted(column: number, step: number, { sorted, left, laws, known, quantiles }: JudgedWindows): boolean {
  const neighbour = laws[column - step];
  if (neighbour === undefined) return false;
  const { move: usual } = laws[column] as ColumnLaw;
  if (usual === Infinity || neighbour.move === Infinity || (known.open[column] as number) > 1) return false;
  if (Number.isNaN(usual)) {
    const level = known.open[column] === 1 ? KEEP_LEVEL : FIT_LEVEL;
    return left[column] === true && fitOf(neighbour.grid, sorted[column] as Float64Array, SAME, level) < Infinity;
  }
  const own = quantiles.move(column);
  const isNearer = own > usual / JUMP && quantiles.move(column, column - step) <= LEFT_OVER_TOGETHER * own;
  // While nothing moves it stays shifted, for as long as it is away from its own law.
  return isNearer || (known.open[column] === 1 && known.shiftSteps[column] === step && left[column] === true);
}

/** Two columns or more, of which one has left the reference; or one alone that no change of unit explains. */
function isRunOfShifts(from: number, to: number, step: number, judged: JudgedWindows): boolean {
  const { sorted, left, laws, known, quantiles } = judged;
  if (to === from) return false;
  const law = laws[from] as ColumnLaw;
  if (Number.isNaN(law.move)) return to - from >= MIN_SHIFTED;
  // What loses or gains a separator shifts everything from there on.
  const end = lastShiftable(laws) + (step > 0 ? 1 : 0);
  if (to !== end || !left.slice(from, to).includes(true)) return false;
  if (to - from >= MIN_SHIFTED || known.open[from] === 1) return true;
  const own = quantiles.move(from);
  return (
    isBeyond(law, sorted[from] as Float64Array, 0.1) &&
    quantiles.move(from, from - step) <= LEFT_OVER * own &&
    unitOfJump(from, law.move, quantiles)[0] < 0
  );
}

/** Columns after it have values of which nothing is known by time, such as outputs: they are not in the row that is shifted. */
export function lastShiftable(laws: readonly ColumnLaw[]): number {
  return laws.findLastIndex(({ move }) => move !== Infinity);
}

function shiftFault({ from, to, step, events = WINDOW }: Shift, laws: readonly ColumnLaw[], now: number): Fault {
  const names = laws.slice(from, to).map(({ name }) => name);
  return {
    fault: 'shifted-columns',
    field: names[0] as string,
    since: now - Math.max(events, 1) + 1,
    factor: step,
    share: 1,
    detail: `${names.join(', ')} hold the values of the column ${step > 0 ? 'before' : 'after'} each`,
  };
}
