/** One value: from the text of the environment, back to it, and its rule in words. */

import type { ListSetting, Setting } from './settings.ts';
import { isUrlOf, withoutPassword } from './url.ts';

const INTEGER = /^[+-]?\d{1,16}$/;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** Undefined when the text breaks the setting's rule. */
export function parseSetting(setting: Setting, text: string): unknown {
  switch (setting.type) {
    case 'integer':
      return parseInteger(setting, text);
    case 'number': {
      const value = NUMBER.test(text.trim()) ? Number(text) : Number.NaN;
      const { exclusiveMinimum = -Infinity, exclusiveMaximum = Infinity } = setting;
      return inRange(setting, value) && value > exclusiveMinimum && value < exclusiveMaximum ? value : undefined;
    }
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : undefined;
    case 'string':
      return matches(setting.pattern, text) ? text : undefined;
    case 'url':
      return isUrlOf(text, setting.schemes) ? text : undefined;
    case 'choice':
      return setting.choices.includes(text) ? text : undefined;
    case 'list':
      return parseList(setting, text);
  }
}

/** What a value must be, after "it must be". */
export function ruleOf(setting: Setting): string {
  switch (setting.type) {
    case 'integer':
      return `a whole number${rangeOf(setting)}`;
    case 'number': {
      const { exclusiveMinimum, exclusiveMaximum } = setting;
      const above = exclusiveMinimum === undefined ? '' : ` above ${exclusiveMinimum}`;
      const below = exclusiveMaximum === undefined ? '' : ` below ${exclusiveMaximum}`;
      return `a number${rangeOf(setting)}${above}${below}`;
    }
    case 'boolean':
      return 'true or false';
    case 'string':
      return setting.rule ?? (setting.pattern === undefined ? 'text' : `text that matches ${setting.pattern}`);
    case 'url':
      return `a URL that begins with ${setting.schemes.map((scheme) => `${scheme}://`).join(' or ')}`;
    case 'choice':
      return setting.choices.join(' or ');
    case 'list': {
      const { items, minItems = 0, maxItems } = setting;
      const count = maxItems === undefined ? (minItems > 0 ? `${minItems} or more` : '') : `${minItems} to ${maxItems}`;
      return `${count === '' ? 'values' : `${count} values`} with a comma between, each ${ruleOf({ ...items, reason: '' })}`;
    }
  }
}

/** As it would stand in the environment. */
export function textOf(value: unknown): string {
  return Array.isArray(value) ? value.map(textOf).join(',') : String(value);
}

/** What may be printed of a wrong value. */
export function shownOf(setting: Setting, text: string): string {
  if (setting.secret === true) return '(secret)';
  return JSON.stringify(setting.type === 'url' ? withoutPassword(text) : text);
}

function parseInteger(
  range: { readonly minimum?: number; readonly maximum?: number },
  text: string,
): number | undefined {
  const value = INTEGER.test(text.trim()) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(value) && inRange(range, value) ? value : undefined;
}

function parseList({ items, minItems = 0, maxItems = Infinity }: ListSetting, text: string): unknown {
  const values = text
    .split(',')
    .map((each) => each.trim())
    .map((each) =>
      items.type === 'integer'
        ? parseInteger(items, each)
        : each !== '' && matches(items.pattern, each)
          ? each
          : undefined,
    );
  return values.includes(undefined) || values.length < minItems || values.length > maxItems ? undefined : values;
}

function inRange(
  { minimum = -Infinity, maximum = Infinity }: { minimum?: number; maximum?: number },
  value: number,
): boolean {
  return Number.isFinite(value) && value >= minimum && value <= maximum;
}

function rangeOf({ minimum, maximum }: { readonly minimum?: number; readonly maximum?: number }): string {
  if (minimum !== undefined && maximum !== undefined) return ` from ${minimum} to ${maximum}`;
  if (minimum !== undefined) return ` of ${minimum} or more`;
  return maximum === undefined ? '' : ` of ${maximum} or less`;
}

function matches(pattern: string | undefined, text: string): boolean {
  return pattern === undefined || new RegExp(`^(?:${pattern})$`, 'u').test(text);
}
