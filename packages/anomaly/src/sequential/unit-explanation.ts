import { unitOfCoarser } from './coarser-units.ts';
import { type ColumnLaw, fitOf, isBeyond } from './column-laws.ts';
import { WINDOW } from './column-windows.ts';
import type { Explanations } from './explanations.ts';
import type { Fault } from './fault.ts';
import { UNIT_CHANGES, type UnitChange } from './units.ts';
import { unitOfWholes } from './whole-units.ts';
import type { WindowQuantiles } from './window-quantiles.ts';

/** An explanation fits when the window passes as its law at this level; one that holds already stays at the second. */
export const FIT_LEVEL = 0.05;
export const KEEP_LEVEL = 1e-4;
/** The same for an explanation that has to fit in two windows in succession. */
const CONFIRMED_LEVEL = 0.005;
/** Distinct grid points below which a law is too coarse to name a factor. */
const MIN_GRID = 5;
/** A column has jumped when its quantiles moved by so many times the farthest of the reference. */
export const JUMP = 2;
/** Part of a move that its explanation may leave. */
export const LEFT_OVER = 0.25;
/** A jump is a single step to this part; what gets there by small steps is no change of unit. */
const STEP = 0.5;
/** Share of a window that lies beyond the reference after a change of unit which only the column's own values tell. */
const BEYOND = 0.25;

/** Of one column at the end of a window. */
export interface JudgedWindow {
  readonly column: number;
  readonly law: ColumnLaw;
  /** Ascending. */
  readonly window: Float64Array;
  /** Whether it has left the reference. */
  readonly isLeft: boolean;
  /** Events so far. */
  readonly events: number;
}

/** Explains a column by a change of unit. The fault that begins, if any. */
export function explainUnit(judged: JudgedWindow, known: Explanations, quantiles: WindowQuantiles): Fault | undefined {
  const { column, law, window, isLeft } = judged;
  const [told, detail] = unitOfSteps(law, window);
  if (told >= 0) {
    known.unfit[column] = 0;
    if (known.open[column] === 2 + told) return undefined;
    return openUnit(judged, known, told, 1, detail);
  }
  if (isLeft) return unitOfWindow(judged, known, quantiles);
  known.fitted[column] = 0;
  known.keepOrEnd(column, law, window);
  return undefined;
}

/** What the steps between a column's values tell of its unit by themselves: its index, −1 = nothing, and how. */
function unitOfSteps(law: ColumnLaw, window: Float64Array): readonly [change: number, detail: string] {
  const { isWhole, resolution, min, max } = law;
  const wholes = isWhole ? unitOfWholes(window) : -1;
  if (wholes >= 0)
    return [wholes, `values are whole numbers times ${formulaOf(wholes)}; the reference has whole numbers`];
  if (resolution === undefined || !isBeyond(law, window, BEYOND)) return [-1, ''];
  const coarser = unitOfCoarser(window, resolution, min, max);
  if (coarser < 0) return [-1, ''];
  const step = Number(resolution.step.toPrecision(4));
  return [
    coarser,
    `values are multiples of ${step} times ${formulaOf(coarser)}; the reference has multiples of ${step}`,
  ];
}

function unitOfWindow(judged: JudgedWindow, known: Explanations, quantiles: WindowQuantiles): Fault | undefined {
  const { column, law, window } = judged;
  const { grid, move: usual } = law;
  if (grid.values.length < MIN_GRID || usual === Infinity) return undefined;
  const isTimed = !Number.isNaN(usual);
  const isLocal = isTimed && law.strays;
  const held = known.unitOf(column);
  if (held !== undefined && fitOf(grid, window, held, KEEP_LEVEL) < Infinity) {
    known.unfit[column] = 0;
    return undefined;
  }
  if (isLocal && known.open[column] !== 0) {
    known.keepOrEnd(column, law, window);
    return undefined;
  }
  if (isLocal && !(hasJumped(column, usual, quantiles) && isBeyond(law, window, BEYOND))) return undefined;
  const [best, distance] = isLocal
    ? unitOfJump(column, usual, quantiles)
    : unitOfLaw(law, window, isTimed ? CONFIRMED_LEVEL : FIT_LEVEL);
  const isConfirmed = isLocal || !isTimed || known.fitted[column] === 2 + best;
  known.fitted[column] = 2 + best;
  if (!isConfirmed || best < 0 || known.open[column] === 2 + best) return undefined;
  const detail = isLocal
    ? `values are the earlier ones times ${formulaOf(best)}; under it quantiles move by ${distance.toPrecision(3)}, in the reference by ${usual.toPrecision(3)} at the most`
    : `values are the reference's times ${formulaOf(best)}; distance ${distance.toFixed(3)} under it`;
  return openUnit(judged, known, best, isTimed ? 2 : 1, detail);
}

/** Whether the column's quantiles have just moved farther than they do by themselves, and in one step. */
function hasJumped(column: number, usual: number, quantiles: WindowQuantiles): boolean {
  const move = quantiles.move(column);
  return move > JUMP * usual && quantiles.step(column) > STEP * move;
}

/** Change of unit that explains a jump best, −1 = none does, and what it leaves of the jump. */
export function unitOfJump(column: number, usual: number, quantiles: WindowQuantiles): [best: number, move: number] {
  const most = Math.min(usual, LEFT_OVER * quantiles.move(column));
  let best = -1;
  let least = Infinity;
  for (const [index, { factor, offset }] of UNIT_CHANGES.entries()) {
    const move = quantiles.move(column, column, factor, offset);
    if (!(move <= most && move < least)) continue;
    least = move;
    best = index;
  }
  return [best, least];
}

/** Change of unit under which the window is nearest to the reference, −1 = none fits, and the distance. */
function unitOfLaw({ grid }: ColumnLaw, window: Float64Array, level: number): [best: number, distance: number] {
  let best = -1;
  let distance = Infinity;
  for (const [index, change] of UNIT_CHANGES.entries()) {
    const found = fitOf(grid, window, change, level);
    if (found >= distance) continue;
    distance = found;
    best = index;
  }
  return [best, distance];
}

/** @param windows at whose first event it began */
function openUnit(
  { column, law: { name: field }, events }: JudgedWindow,
  { open }: Explanations,
  change: number,
  windows: number,
  detail: string,
): Fault {
  open[column] = 2 + change;
  const { factor } = UNIT_CHANGES[change] as UnitChange;
  return { fault: 'unit-change', field, since: events - windows * WINDOW + 1, factor, share: 1, detail };
}

/** With its name. */
function formulaOf(change: number): string {
  const { name, factor, offset } = UNIT_CHANGES[change] as UnitChange;
  const formula = offset === 0 ? `${factor}` : `${factor} and ${offset < 0 ? '' : '+'}${offset}`;
  return `${formula} (${name})`;
}
