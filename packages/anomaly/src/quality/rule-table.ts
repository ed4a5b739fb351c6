import { AnomalyError } from '../anomaly-error.ts';
import { CODES } from './codes.ts';
import type { QualityEvent } from './event.ts';
import { patternNamed } from './patterns.ts';
import type { RecentIds } from './recent-ids.ts';
import type { CategoricalRule, NumericRule, ProbabilityRule, Rules } from './rules.ts';

const REQUIRED = 1;
const FINITE = 2;
const INTEGER = 4;

/**
 * Rules compiled to flat tables; `check` finds all violations of an event without allocating.
 *
 * A numeric column is one row {min, max} of `bounds` and a byte of flags; a value inside its bounds costs two comparisons, and only one
 * outside is looked at again. A categorical column is a set, two lengths and a pattern.
 * Fields are numbered: numeric, then outputs, then categorical, then one for the event as a whole.
 */
export class RuleTable {
  readonly rules: Rules;
  /** Code bits per field of the last event that was checked. */
  readonly violations: Uint32Array;
  /** Name of each field; the last is `event`. */
  readonly fields: readonly string[];
  readonly #numeric: NumericTable;
  readonly #outputs: NumericTable;
  readonly #categorical: readonly CategoricalEntry[];
  readonly #probabilities: readonly ProbabilityEntry[];
  readonly #versions: ReadonlySet<string> | null;
  readonly #recentIds: RecentIds | undefined;
  readonly #latest: number;
  readonly #ahead: number;
  #clean = true;

  /** @param rules as `inferRules` or `parseRules` gave them; @param recentIds absent = ids may come again. */
  constructor(rules: Rules, recentIds?: RecentIds) {
    this.rules = rules;
    this.#recentIds = recentIds;
    this.#numeric = numericTable(rules.numeric);
    this.#outputs = numericTable(rules.outputs);
    this.#categorical = rules.categorical.map(categoricalEntry);
    this.#probabilities = rules.probabilities.map((rule) => probabilityEntry(rule, rules.outputs));
    this.#versions = rules.versions === null ? null : new Set(rules.versions);
    this.#latest = rules.maxLatenessMs ?? Infinity;
    this.#ahead = rules.maxAheadMs ?? Infinity;
    this.fields = [...[...rules.numeric, ...rules.outputs, ...rules.categorical].map(({ name }) => name), 'event'];
    this.violations = new Uint32Array(this.fields.length);
  }

  /**
   * Fills `violations`; returns how many fields have one. @param nowMs the time against which an event is late or early, ms; NaN = unknown.
   * O(columns).
   */
  check(event: QualityEvent, nowMs: number = Number.NaN): number {
    if (!this.#clean) this.violations.fill(0);
    let count = checkNumeric(this.#numeric, event.numeric, this.violations, 0);
    const outputsFrom = this.#numeric.flags.length;
    if (event.outputs !== undefined && this.#outputs.flags.length > 0)
      count += checkNumeric(this.#outputs, event.outputs, this.violations, outputsFrom);
    count += this.#checkCategorical(event.categorical, outputsFrom + this.#outputs.flags.length);
    const whole = this.#checkWhole(event, nowMs);
    if (whole !== 0) {
      this.violations[this.fields.length - 1] = whole;
      count += 1;
    }
    this.#clean = count === 0;
    return count;
  }

  #checkCategorical(values: ArrayLike<string | null>, from: number): number {
    const entries = this.#categorical;
    let count = 0;
    for (let i = 0; i < entries.length; i += 1) {
      const entry = entries[i] as CategoricalEntry;
      const value = values[i];
      let bits = 0;
      if (typeof value === 'string') {
        if (entry.values !== null) bits = entry.values.has(value) ? 0 : CODES.UNSEEN_CATEGORY;
        if (value.length < entry.minLength || value.length > entry.maxLength) bits |= CODES.BAD_LENGTH;
        if (entry.pattern !== null && !entry.pattern.test(value)) bits |= CODES.BAD_PATTERN;
      } else if (value === null) bits = entry.required ? CODES.MISSING : 0;
      else bits = value === undefined && i >= values.length ? CODES.SCHEMA_MISSING_FIELD : CODES.TYPE;
      if (bits === 0) continue;
      this.violations[from + i] = bits;
      count += 1;
    }
    return count;
  }

  #checkWhole(event: QualityEvent, nowMs: number): number {
    let bits = 0;
    const outputs = event.outputs?.length ?? 0;
    if (
      event.numeric.length > this.#numeric.flags.length ||
      event.categorical.length > this.#categorical.length ||
      (outputs > this.#outputs.flags.length && this.#outputs.flags.length > 0)
    )
      bits |= CODES.SCHEMA_NEW_FIELD;
    if (this.#versions !== null && event.version !== undefined && !this.#versions.has(event.version))
      bits |= CODES.MODEL_VERSION_UNKNOWN;
    if (event.id !== undefined && this.#recentIds?.add(event.id)) bits |= CODES.DUPLICATE_ID;
    if (event.eventTimeMs !== undefined) {
      if (nowMs - event.eventTimeMs > this.#latest) bits |= CODES.LATE;
      if (event.eventTimeMs - nowMs > this.#ahead) bits |= CODES.FUTURE_TS;
    }
    if (event.outputs !== undefined)
      for (const entry of this.#probabilities) bits |= checkProbabilities(entry, event.outputs);
    return bits;
  }
}

interface NumericTable {
  /** {min, max} per column. */
  readonly bounds: Float64Array;
  readonly flags: Uint8Array;
  /** Columns of whole numbers. */
  readonly integers: Uint16Array;
}

interface CategoricalEntry {
  readonly required: boolean;
  readonly values: ReadonlySet<string> | null;
  readonly minLength: number;
  readonly maxLength: number;
  readonly pattern: RegExp | null;
}

interface ProbabilityEntry {
  readonly outputs: Uint16Array;
  readonly tolerance: number;
  /** −1 = none. */
  readonly label: number;
}

function numericTable(rules: readonly NumericRule[]): NumericTable {
  const bounds = new Float64Array(rules.length * 2);
  const flags = new Uint8Array(rules.length);
  for (const [i, rule] of rules.entries()) {
    bounds[2 * i] = rule.min ?? -Number.MAX_VALUE;
    bounds[2 * i + 1] = rule.max ?? Number.MAX_VALUE;
    flags[i] =
      (rule.presence.required ? REQUIRED : 0) | (rule.integer ? INTEGER : 0) | (rule.allowInfinite ? 0 : FINITE);
  }
  const integers = Uint16Array.from(rules.keys().filter((i) => rules[i]?.integer));
  return { bounds, flags, integers };
}

function categoricalEntry(rule: CategoricalRule): CategoricalEntry {
  const pattern = rule.pattern === null ? null : patternNamed(rule.pattern);
  if (pattern === undefined)
    throw new AnomalyError('BAD_RULES', `pattern of ${rule.name} is ${rule.pattern}; run parseRules on edited rules`);
  return {
    required: rule.presence.required,
    values: rule.values === null ? null : new Set(rule.values),
    minLength: rule.minLength ?? 0,
    maxLength: rule.maxLength ?? Infinity,
    pattern,
  };
}

function probabilityEntry(rule: ProbabilityRule, outputs: readonly NumericRule[]): ProbabilityEntry {
  const indexOf = (name: string): number => outputs.findIndex((each) => each.name === name);
  return {
    outputs: Uint16Array.from(rule.outputs, indexOf),
    tolerance: rule.tolerance,
    label: rule.label === null ? -1 : indexOf(rule.label),
  };
}

/** Two passes: bounds of every column, which is all that most need, then whole numbers of those within their bounds. */
function checkNumeric(table: NumericTable, values: ArrayLike<number>, violations: Uint32Array, from: number): number {
  const { bounds, flags, integers } = table;
  const columns = flags.length;
  let count = 0;
  for (let i = 0; i < columns; i += 1) {
    const value = values[i] as number;
    const low = bounds[2 * i] as number;
    const high = bounds[2 * i + 1] as number;
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

function checkProbabilities(entry: ProbabilityEntry, outputs: ArrayLike<number>): number {
  let sum = 0;
  let largest = 0;
  for (let i = 0; i < entry.outputs.length; i += 1) {
    const value = outputs[entry.outputs[i] as number] as number;
    sum += value;
    if (value > (outputs[entry.outputs[largest] as number] as number)) largest = i;
  }
  let bits = Math.abs(sum - 1) <= entry.tolerance ? 0 : CODES.PROB_NOT_NORMALISED;
  if (entry.label < 0) return bits;
  const label = entry.outputs[outputs[entry.label] as number];
  // Equal largest values have no single index.
  if (label === undefined || (outputs[label] as number) < (outputs[entry.outputs[largest] as number] as number))
    bits |= CODES.ARGMAX_MISMATCH;
  return bits;
}
