import { patternNamed } from './patterns.ts';
import type { CategoricalRule, NumericRule, Rules } from './rules.ts';

type Schema = Readonly<Record<string, unknown>>;

/**
 * Rules on single values as JSON Schema 2020-12 for an event as JSON: `numeric` and `outputs` arrays of number or null (JSON has no NaN:
 * null = missing), `categorical` an array of string or null. What JSON Schema cannot say (times against a clock, sums, infinities, which
 * JSON cannot carry) is left to the table.
 */
export function jsonSchemaOf(rules: Rules): Schema {
  const properties: Record<string, Schema> = {
    numeric: tuple(rules.numeric.map(numericSchema)),
    categorical: tuple(rules.categorical.map(categoricalSchema)),
  };
  if (rules.outputs.length > 0) properties['outputs'] = tuple(rules.outputs.map(numericSchema));
  if (rules.versions !== null) properties['version'] = { enum: rules.versions };
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    properties,
    required: ['numeric', 'categorical'],
  };
}

function tuple(prefixItems: readonly Schema[]): Schema {
  if (prefixItems.length === 0) return { type: 'array', maxItems: 0 };
  return { type: 'array', prefixItems, items: false, minItems: prefixItems.length };
}

function numericSchema(rule: NumericRule): Schema {
  const schema: Record<string, unknown> = { title: rule.name };
  const type = rule.integer ? 'integer' : 'number';
  schema['type'] = rule.presence.required ? type : [type, 'null'];
  if (rule.min !== null) schema['minimum'] = rule.min;
  if (rule.max !== null) schema['maximum'] = rule.max;
  return schema;
}

function categoricalSchema(rule: CategoricalRule): Schema {
  const schema: Record<string, unknown> = { title: rule.name };
  schema['type'] = rule.presence.required ? 'string' : ['string', 'null'];
  if (rule.values !== null) schema['enum'] = rule.presence.required ? rule.values : [...rule.values, null];
  if (rule.minLength !== null) schema['minLength'] = rule.minLength;
  if (rule.maxLength !== null) schema['maxLength'] = rule.maxLength;
  const pattern = rule.pattern === null ? undefined : patternNamed(rule.pattern);
  if (pattern !== undefined) schema['pattern'] = portable(pattern);
  return schema;
}

/** JSON Schema patterns have no flags: letters match both cases by a class. */
function portable(pattern: RegExp): string {
  if (!pattern.flags.includes('i')) return pattern.source;
  return pattern.source
    .replaceAll('a-f', 'a-fA-F')
    .replace('e[+-]', '[eE][+-]')
    .replace('true|false', '[Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee]');
}
