/** Faults in the words that alerts use. */
import { isRule, type OpenQuality, type Quality, type QualityFault } from './quality.ts';

/** As `QualityDetail` names them; rules go by their own name. */
export const FAULT_NAMES: Readonly<Partial<Record<QualityFault, string>>> = {
  'null-rate': 'missing',
  'stuck-value': 'stuck',
  'unit-change': 'unit-change',
  'shifted-columns': 'shifted-columns',
  cardinality: 'unseen-category',
  recoding: 'recoding',
  volume: 'volume',
  absence: 'absent',
};

/** Names column and fault, with numbers in the column's unit; without a time. */
export function faultSummary(
  { fault, field, found }: Pick<OpenQuality, 'fault' | 'field' | 'found'>,
  unit: string | null,
  quality: Quality,
): string {
  const named = unit === null ? '' : ` ${unit}`;
  if (isRule(fault)) return `${field}: ${ruleText(fault, field, quality)}${named}`;
  switch (fault) {
    case 'null-rate':
      return `${field}: missing values, ${found.detail}`;
    case 'stuck-value':
      return `${field}: stuck at ${found.value ?? 'one value'}${named}`;
    case 'unit-change':
      return `${field}: unit changed${named === '' ? '' : ` (was${named})`}, ×${Number(found.factor.toPrecision(4))}`;
    case 'shifted-columns':
      return `columns shifted by one${found.factor < 0 ? ' to the left' : ''}: ${found.detail}`;
    case 'recoding':
      return `${field}: recoded, ${found.detail}`;
    case 'cardinality':
      return `${field}: other categories, ${found.detail}`;
    case 'volume':
    case 'absence':
      return found.detail;
  }
}

function ruleText(rule: string, field: string, { table: { rules } }: Quality): string {
  const number = rules.numeric.find(({ name }) => name === field);
  const text = rules.categorical.find(({ name }) => name === field);
  switch (rule) {
    case 'BELOW_MIN':
      return `values below ${number?.min ?? 'the least'}`;
    case 'ABOVE_MAX':
      return `values above ${number?.max ?? 'the largest'}`;
    case 'NOT_INTEGER':
      return 'values that are not whole';
    case 'INF':
      return 'infinite values';
    case 'BAD_LENGTH':
      return `texts not of ${text?.minLength ?? 0} to ${text?.maxLength ?? '∞'} characters`;
    default:
      return `texts that are not of the form ${text?.pattern ?? 'of the reference'}`;
  }
}
