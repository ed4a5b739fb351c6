import type { CategoricalRule, NumericRule, Rules } from '@weir/anomaly/quality/rules';

/** One line a column, with every bound and why it is there. */
export function rulesText({ referenceRows, numeric, categorical, outputs, versions }: Rules): string {
  const lines = [
    `from ${referenceRows} reference rows`,
    ...[...numeric, ...outputs].map(numericLine),
    ...categorical.map(categoricalLine),
  ];
  if (versions !== null) lines.push(`versions: ${versions.join(', ')}`);
  return lines.map((line) => `${line}\n`).join('');
}

function presence({ presence: { observed, atLeast, required } }: NumericRule | CategoricalRule): string {
  return required ? 'required' : `present in ${percent(observed)} (at least ${percent(atLeast)})`;
}

function numericLine(rule: NumericRule): string {
  const low = rule.min === null ? 'any' : `${rule.min} (${rule.minReason})`;
  const high = rule.max === null ? 'any' : `${rule.max} (${rule.maxReason})`;
  return `${rule.name}: ${rule.integer ? 'whole numbers' : 'numbers'} from ${low} to ${high}, ${presence(rule)}`;
}

function categoricalLine(rule: CategoricalRule): string {
  if (rule.values !== null) return `${rule.name}: one of ${rule.values.join(', ')}, ${presence(rule)}`;
  const form = rule.pattern === null ? '' : ` of the form ${rule.pattern}`;
  const length = rule.minLength === null ? '' : ` of ${rule.minLength} to ${rule.maxLength ?? '∞'} characters`;
  return `${rule.name}: text${form}${length}, ${presence(rule)}`;
}

function percent(share: number): string {
  return `${Number((100 * share).toPrecision(4))} %`;
}
