/** Rules on numbers as flat tables. */
import { CODES } from './codes.ts';
import type { NumericRule } from './rules.ts';

const REQUIRED = 1;
const FINITE = 2;
const INTEGER = 4;

export interface NumericTable {
  readonly mins: Float64Array;
  readonly maxes: Float64Array;
  readonly flags: Uint8Array;
  /** Columns of whole numbers. */
  readonly integers: Uint16Array;
}

export function numericTable(rules: readonly NumericRule[]): NumericTable {
  const mins = Float64Array.from(rules, ({ min }) => min ?? -Number.MAX_VALUE);
  const maxes = Float64Array.from(rules, ({ max }) => max ?? Number.MAX_VALUE);
  const flags = new Uint8Array(rules.length);
  for (const [i, rule] of rules.entries())
    flags[i] =
      (rule.presence.required ? REQUIRED : 0) | (rule.integer ? INTEGER : 0) | (rule.allowInfinite ? 0 : FINITE);
  const integers = Uint16Array.from(rules.keys().filter((i) => rules[i]?.integer));
  return { mins, maxes, flags, integers };
}

/** Every value keeps its bounds. */
export const ALL_WITHIN = -1;

/**
 * The column before which every value keeps its bounds, or `ALL_WITHIN`. Four columns at a time: one branch for what hardly ever happens,
 * which halves the cost. A column is no verdict: a missing value may be allowed.
 */
export function firstOutside({ mins, maxes, integers }: NumericTable, values: ArrayLike<number>): number {
  const columns = mins.length;
  let i = 0;
  for (; i + 3 < columns; i += 4) {
    const a = values[i] as number;
    const b = values[i + 1] as number;
    const c = values[i + 2] as number;
    const d = values[i + 3] as number;
    if (
      a >= (mins[i] as number) &&
      a <= (maxes[i] as number) &&
      b >= (mins[i + 1] as number) &&
      b <= (maxes[i + 1] as number) &&
      c >= (mins[i + 2] as number) &&
      c <= (maxes[i + 2] as number) &&
      d >= (mins[i + 3] as number) &&
      d <= (maxes[i + 3] as number) &&
      typeof a === 'number' &&
      typeof b === 'number' &&
      typeof c === 'number' &&
      typeof d === 'number'
    )
      continue;
    return i;
  }
  for (; i < columns; i += 1) if (!isIn(values[i] as number, mins, maxes, i)) return i;
  for (let k = 0; k < integers.length; k += 1) {
    const value = values[integers[k] as number] as number;
    if (Math.floor(value) !== value) return columns;
  }
  return ALL_WITHIN;
}

/** A text that reads as a number within the bounds is none. */
function isIn(value: number, mins: Float64Array, maxes: Float64Array, i: number): boolean {
  return value >= (mins[i] as number) && value <= (maxes[i] as number) && typeof value === 'number';
}

/** Two passes: bounds of the columns from `first` on, which is all that most need, then whole numbers of those within their bounds. */
export function checkNumeric(
  table: NumericTable,
  values: ArrayLike<number>,
  violations: Uint32Array,
  from: number,
  first: number,
): number {
  const { mins, maxes, flags, integers } = table;
  const columns = flags.length;
  let count = 0;
  for (let i = first; i < columns; i += 1) {
    const value = values[i] as number;
    const low = mins[i] as number;
    const high = maxes[i] as number;
    if (value >= low && value <= high && typeof value === 'number') continue;
    const bits = numericBits(value, low, high, flags[i] as number, i < values.length);
    if (bits === 0) continue;
    violations[from + i] = bits;
    count += 1;
  }
  for (let k = 0; k < integers.length; k += 1) {
    const i = integers[k] as number;
    const value = values[i] as number;
    if (Math.floor(value) === value || violations[from + i] !== 0 || Number.isNaN(value)) continue;
    violations[from + i] = CODES.NOT_INTEGER;
    count += 1;
  }
  return count;
}

function numericBits(value: unknown, min: number, max: number, flag: number, there: boolean): number {
  if (!there) return CODES.SCHEMA_MISSING_FIELD;
  if (typeof value !== 'number') return CODES.TYPE;
  if (Number.isNaN(value)) return flag & REQUIRED ? CODES.MISSING : 0;
  if (!Number.isFinite(value)) return flag & FINITE ? CODES.INF : 0;
  return (
    (value < min ? CODES.BELOW_MIN : 0) |
    (value > max ? CODES.ABOVE_MAX : 0) |
    (flag & INTEGER && !Number.isInteger(value) ? CODES.NOT_INTEGER : 0)
  );
}
