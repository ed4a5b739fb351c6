import { AnomalyError } from '../anomaly-error.ts';
import { DISTINCT_WINDOW } from '../sequential/distinct-rate.ts';
import type { Columns, QualityEvent } from './event.ts';
import { PATTERNS } from './patterns.ts';
import { type Resolution, resolutionOf } from './resolution.ts';

/** Shares of the quantiles that a numeric profile keeps; the tails are twenty-fold apart on either side. */
export const QUANTILE_SHARES = [0.0005, 0.01, 0.2, 0.5, 0.8, 0.99, 0.9995] as const;
/** Points of the distribution function that a numeric profile keeps at most. */
export const GRID = 100;
/** Values that a categorical profile keeps, the most frequent first. */
export const MAX_KEPT_VALUES = 256;

export interface NumericProfile {
  readonly name: string;
  /** Events that it was taken from, where those are not the profile's. */
  readonly rows?: number;
  /** Values that are not NaN. */
  readonly present: number;
  readonly infinite: number;
  /** Finite values that are whole. */
  readonly integers: number;
  readonly distinct: number;
  /** Of the finite values; 0 when there is none. */
  readonly min: number;
  readonly max: number;
  /** At `QUANTILE_SHARES`, of the finite values: the smallest value that at least that share does not exceed. */
  readonly quantiles: readonly number[];
  /** Distribution function at up to `GRID` values, ascending: share of the finite values that do not exceed `value`. */
  readonly grid: readonly { readonly value: number; readonly share: number }[];
  /** Step of which all values are multiples; absent = there is none. */
  readonly resolution?: Resolution;
  /** Present values that equal the present value before them, and the longest run of equal ones. */
  readonly repeats: number;
  readonly longestRun: number;
  /** Farthest that quantiles moved over two windows of the reference; see `WindowQuantiles`. Absent = the order of values is not known. */
  readonly move?: number;
  /** Share of the reference's windows that do not look like the whole of it, as of a column that changes over the day. */
  readonly strayShare?: number;
}

export interface CategoricalProfile {
  readonly name: string;
  /** Events that it was taken from, where those are not the profile's. */
  readonly rows?: number;
  readonly present: number;
  readonly distinct: number;
  /** The most frequent values, at most `MAX_KEPT_VALUES`. */
  readonly values: readonly { readonly value: string; readonly count: number }[];
  /** In UTF-16 code units; 0 when no value is present. */
  readonly minLength: number;
  readonly maxLength: number;
  /** Narrowest of `PATTERNS` that every present value fits. */
  readonly pattern: string | null;
  /** Mean distinct values among each `DISTINCT_WINDOW` present ones, and how many such windows there were. */
  readonly windowDistinct: number;
  readonly windows: number;
}

/** What a reference looked like, as plain JSON. */
export interface Profile {
  readonly rows: number;
  readonly numeric: readonly NumericProfile[];
  readonly categorical: readonly CategoricalProfile[];
  readonly outputs: readonly NumericProfile[];
  /** Model versions that answered, ascending. */
  readonly versions: readonly string[];
}

/** Profile of a clean reference. @throws {AnomalyError} EMPTY_PROFILE without events, BAD_ROW for arrays of another length. O(columns · n log n). */
export function profileOf(columns: Columns, events: readonly QualityEvent[]): Profile {
  if (events.length === 0)
    throw new AnomalyError('EMPTY_PROFILE', 'the reference has no event; take it from a period with data');
  const outputs = columns.outputs ?? [];
  for (const event of events) {
    checkLength('numeric', event.numeric.length, columns.numeric.length);
    checkLength('categorical', event.categorical.length, columns.categorical.length);
    if (outputs.length > 0) checkLength('outputs', event.outputs?.length ?? 0, outputs.length);
  }
  const versions = new Set<string>();
  for (const { version } of events) if (version !== undefined) versions.add(version);
  return {
    rows: events.length,
    numeric: columns.numeric.map((name, i) => numericProfile(name, events, (event) => event.numeric[i] as number)),
    categorical: columns.categorical.map((name, i) => categoricalProfile(name, events, i)),
    outputs: outputs.map((name, i) => numericProfile(name, events, (event) => event.outputs?.[i] as number)),
    versions: [...versions].sort(),
  };
}

function checkLength(field: string, found: number, wanted: number): void {
  if (found !== wanted)
    throw new AnomalyError(
      'BAD_ROW',
      `${field} of a reference event has ${found} values; the columns name ${wanted}: take one feature set at a time`,
    );
}

function numericProfile(
  name: string,
  events: readonly QualityEvent[],
  valueOf: (event: QualityEvent) => number,
): NumericProfile {
  const values = new Float64Array(events.length);
  let present = 0;
  let finite = 0;
  let integers = 0;
  let [before, repeats, run, longestRun] = [Number.NaN, 0, 0, 0];
  for (const event of events) {
    const value = valueOf(event);
    if (Number.isNaN(value)) continue;
    present += 1;
    if (value === before) repeats += 1;
    run = value === before ? run + 1 : 1;
    longestRun = Math.max(longestRun, run);
    before = value;
    if (!Number.isFinite(value)) continue;
    values[finite] = value;
    finite += 1;
    if (Number.isInteger(value)) integers += 1;
  }
  const sorted = values.subarray(0, finite).sort();
  return { name, present, infinite: present - finite, integers, ...lawOf(sorted), repeats, longestRun };
}

/** What does not depend on the order of the values: @param sorted finite, ascending. */
export function lawOf(
  sorted: Float64Array,
): Pick<NumericProfile, 'distinct' | 'min' | 'max' | 'quantiles' | 'grid' | 'resolution'> {
  const finite = sorted.length;
  let distinct = 0;
  for (let i = 0; i < finite; i += 1) if (i === 0 || sorted[i] !== sorted[i - 1]) distinct += 1;
  const resolution = resolutionOf(sorted);
  return {
    distinct,
    min: sorted[0] ?? 0,
    max: sorted[finite - 1] ?? 0,
    quantiles: QUANTILE_SHARES.map((share) => sorted[Math.max(0, Math.ceil(share * finite) - 1)] ?? 0),
    grid: gridOf(sorted),
    ...(resolution === undefined ? {} : { resolution }),
  };
}

/** The distribution function of ascending values at evenly spread ranks, each at the last of its ties. */
function gridOf(sorted: Float64Array): NumericProfile['grid'] {
  const grid: { value: number; share: number }[] = [];
  const n = sorted.length;
  for (let point = 1; point <= GRID; point += 1) {
    let rank = Math.max(1, Math.round((point * n) / GRID));
    while (rank < n && sorted[rank] === sorted[rank - 1]) rank += 1;
    const value = sorted[rank - 1];
    if (value !== undefined && grid.at(-1)?.value !== value) grid.push({ value, share: rank / n });
  }
  return grid;
}

/** Mean distinct values of whole windows; of all values where there is no whole window. */
function distinctOf(values: readonly string[]): { windowDistinct: number; windows: number } {
  const windows = Math.max(1, Math.floor(values.length / DISTINCT_WINDOW));
  let sum = 0;
  for (let window = 0; window < windows; window += 1)
    sum += new Set(values.slice(window * DISTINCT_WINDOW, (window + 1) * DISTINCT_WINDOW)).size;
  return { windowDistinct: sum / windows, windows };
}

function categoricalProfile(name: string, events: readonly QualityEvent[], column: number): CategoricalProfile {
  const counts = new Map<string, number>();
  const all: string[] = [];
  for (const event of events) {
    const value = event.categorical[column] ?? null;
    if (value === null) continue;
    all.push(value);
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  const present = all.length;
  let [minLength, maxLength] = [Infinity, 0];
  for (const value of counts.keys()) {
    minLength = Math.min(minLength, value.length);
    maxLength = Math.max(maxLength, value.length);
  }
  const fits = ([, pattern]: readonly [string, RegExp]): boolean => counts.keys().every((value) => pattern.test(value));
  return {
    name,
    present,
    distinct: counts.size,
    values: [...counts]
      .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
      .slice(0, MAX_KEPT_VALUES)
      .map(([value, count]) => ({ value, count })),
    minLength: present === 0 ? 0 : minLength,
    maxLength,
    pattern: present === 0 ? null : (PATTERNS.find(fits)?.[0] ?? null),
    ...distinctOf(all),
  };
}
