import { AnomalyError } from '../anomaly-error.ts';
import { CODES } from './codes.ts';
import type { QualityEvent } from './event.ts';
import { ALL_WITHIN, checkNumeric, firstOutside, type NumericTable, numericTable } from './numeric-table.ts';
import { patternNamed } from './patterns.ts';
import type { RecentIds } from './recent-ids.ts';
import type { CategoricalRule, NumericRule, ProbabilityRule, Rules } from './rules.ts';

/**
 * Rules compiled to flat tables; `check` finds all violations of an event without allocating.
 *
 * A numeric column is a minimum, a maximum and a byte of flags. An event of which all numbers lie inside their bounds, as most do, costs two
 * comparisons a column; only another one is looked at again. A categorical column is a set, two lengths and a pattern.
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
    const first = firstOutside(this.#numeric, event.numeric);
    let count = first === ALL_WITHIN ? 0 : checkNumeric(this.#numeric, event.numeric, this.violations, 0, first);
    const outputsFrom = this.#numeric.flags.length;
    if (event.outputs !== undefined && this.#outputs.flags.length > 0)
      count += checkNumeric(this.#outputs, event.outputs, this.violations, outputsFrom, 0);
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
      // Whatever is not text is in no set.
      if (entry.known.has(value as string)) continue;
      const bits = textBits(entry, value, i < values.length);
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

interface CategoricalEntry {
  readonly required: boolean;
  /** Values that keep every rule, which settles most events. */
  readonly known: ReadonlySet<string>;
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

function categoricalEntry(rule: CategoricalRule): CategoricalEntry {
  const pattern = rule.pattern === null ? null : patternNamed(rule.pattern);
  if (pattern === undefined)
    throw new AnomalyError('BAD_RULES', `pattern of ${rule.name} is ${rule.pattern}; run parseRules on edited rules`);
  const entry = {
    required: rule.presence.required,
    values: rule.values === null ? null : new Set(rule.values),
    minLength: rule.minLength ?? 0,
    maxLength: rule.maxLength ?? Infinity,
    pattern,
  };
  return { ...entry, known: new Set(rule.values?.filter((value) => textBits(entry, value, true) === 0)) };
}

function textBits(entry: Omit<CategoricalEntry, 'known'>, value: unknown, isThere: boolean): number {
  if (value === null) return entry.required ? CODES.MISSING : 0;
  if (typeof value !== 'string') return isThere ? CODES.TYPE : CODES.SCHEMA_MISSING_FIELD;
  return (
    (entry.values?.has(value) === false ? CODES.UNSEEN_CATEGORY : 0) |
    (value.length < entry.minLength || value.length > entry.maxLength ? CODES.BAD_LENGTH : 0) |
    (entry.pattern?.test(value) === false ? CODES.BAD_PATTERN : 0)
  );
}

function probabilityEntry(rule: ProbabilityRule, outputs: readonly NumericRule[]): ProbabilityEntry {
  const indexOf = (name: string): number => outputs.findIndex((each) => each.name === name);
  return {
    outputs: Uint16Array.from(rule.outputs, indexOf),
    tolerance: rule.tolerance,
    label: rule.label === null ? -1 : indexOf(rule.label),
  };
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
