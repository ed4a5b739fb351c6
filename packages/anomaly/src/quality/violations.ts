import { CODE_NAMES, CODES, type ViolationCode } from './codes.ts';
import type { QualityEvent } from './event.ts';
import type { RuleTable } from './rule-table.ts';
import type { CategoricalRule, NumericRule, Rules } from './rules.ts';

export interface Violation {
  readonly rule: ViolationCode;
  readonly field: string;
  /** As text, at most 80 characters. */
  readonly observed: string;
  /** What the rule allows, as text. */
  readonly bound: string;
}

const LONGEST = 80;

/** All violations that `table.check(event)` has just found, in the order of the fields. Allocates: for events that are reported. */
export function violationsOf(table: RuleTable, event: QualityEvent): Violation[] {
  const found: Violation[] = [];
  for (const [index, field] of table.fields.entries()) {
    const bits = table.violations[index] as number;
    for (const rule of CODE_NAMES)
      if (bits & CODES[rule])
        found.push({
          rule,
          field,
          observed: clip(observedAt(table.rules, event, index, rule)),
          bound: boundAt(table.rules, index, rule),
        });
  }
  return found;
}

/** One sentence with rule, field, observed value, bound and place. */
export function sentenceOf({ rule, field, observed, bound }: Violation, offset: string): string {
  return `${rule}: ${field} is ${observed}, the rule allows ${bound} (offset ${offset})`;
}

function clip(text: string): string {
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST - 1)}…`;
}

function observedAt(rules: Rules, event: QualityEvent, index: number, rule: ViolationCode): string {
  if (rule === 'SCHEMA_MISSING_FIELD') return 'absent';
  const [numeric, outputs] = [rules.numeric.length, rules.outputs.length];
  if (index < numeric) return String(event.numeric[index]);
  if (index < numeric + outputs) return String(event.outputs?.[index - numeric]);
  const column = index - numeric - outputs;
  if (column < rules.categorical.length) return JSON.stringify(event.categorical[column]) ?? 'undefined';
  return wholeAt(event, rule);
}

function wholeAt(event: QualityEvent, rule: ViolationCode): string {
  if (rule === 'DUPLICATE_ID') return `id ${JSON.stringify(event.id)}`;
  if (rule === 'MODEL_VERSION_UNKNOWN') return JSON.stringify(event.version) ?? 'undefined';
  if (rule === 'LATE' || rule === 'FUTURE_TS') return `event time ${event.eventTimeMs} ms`;
  if (rule === 'SCHEMA_NEW_FIELD')
    return `${event.numeric.length} numeric, ${event.categorical.length} categorical, ${event.outputs?.length ?? 0} output values`;
  return `outputs ${Array.from(event.outputs ?? []).join(', ')}`;
}

function boundAt(rules: Rules, index: number, code: ViolationCode): string {
  const numbers: readonly NumericRule[] = [...rules.numeric, ...rules.outputs];
  const number = numbers[index];
  if (number !== undefined) return numericBound(number, code);
  const text = rules.categorical[index - numbers.length];
  return text === undefined ? wholeBound(rules, code) : categoricalBound(text, code);
}

function numericBound(rule: NumericRule, code: ViolationCode): string {
  if (code === 'BELOW_MIN') return `at least ${rule.min} (${rule.minReason})`;
  if (code === 'ABOVE_MAX') return `at most ${rule.max} (${rule.maxReason})`;
  if (code === 'NOT_INTEGER') return 'whole numbers';
  if (code === 'INF') return 'finite numbers';
  return code === 'TYPE' ? 'numbers' : 'a value: the reference always has one';
}

function categoricalBound(rule: CategoricalRule, code: ViolationCode): string {
  if (code === 'UNSEEN_CATEGORY') return clip(`one of ${(rule.values ?? []).join(', ')}`);
  if (code === 'BAD_LENGTH') return `${rule.minLength ?? 0} to ${rule.maxLength ?? 'any number of'} characters`;
  if (code === 'BAD_PATTERN') return `text of the form ${rule.pattern}`;
  return code === 'TYPE' ? 'text or null' : 'a value: the reference always has one';
}

function wholeBound(rules: Rules, code: ViolationCode): string {
  if (code === 'MODEL_VERSION_UNKNOWN') return clip(`one of ${(rules.versions ?? []).join(', ')}`);
  if (code === 'DUPLICATE_ID') return 'an id once';
  if (code === 'LATE') return `an age of at most ${rules.maxLatenessMs} ms`;
  if (code === 'FUTURE_TS') return `a lead of at most ${rules.maxAheadMs} ms`;
  if (code === 'SCHEMA_NEW_FIELD')
    return `${rules.numeric.length} numeric, ${rules.categorical.length} categorical, ${rules.outputs.length} output values`;
  if (code === 'ARGMAX_MISMATCH') return 'a label that is the index of the largest probability';
  return 'probabilities that sum to 1';
}
