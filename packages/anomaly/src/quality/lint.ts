import { AnomalyError } from '../anomaly-error.ts';
import { PATTERNS, patternNamed } from './patterns.ts';
import { RULES_VERSION, type Rules } from './rules.ts';

/** One thing that is wrong with a rule set. */
export interface RuleFault {
  /** Where, as `numeric[3].min`. */
  readonly field: string;
  readonly value: unknown;
  /** What it must be, and how to get there. */
  readonly rule: string;
}

type Json = Readonly<Record<string, unknown>>;
const KEYS = 'version referenceRows numeric categorical outputs probabilities versions maxLatenessMs maxAheadMs'.split(
  ' ',
);
const REASONS = ['tail', 'non-negative', 'non-positive', 'unit-interval', 'constant', 'user'];

/** Rules from edited JSON. @throws {AnomalyError} BAD_RULES naming every fault with field, value and rule. */
export function parseRules(text: string): Rules {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch (error) {
    throw new AnomalyError('BAD_RULES', `rules are not JSON: ${(error as Error).message}`);
  }
  const faults = lintRules(found);
  if (faults.length > 0)
    throw new AnomalyError(
      'BAD_RULES',
      faults.map(({ field, value, rule }) => `${field} is ${JSON.stringify(value) ?? 'absent'}; ${rule}`).join('\n'),
    );
  return found as Rules;
}

/** Every fault of a value that should be `Rules`; empty when there is none. O(rules). */
export function lintRules(found: unknown): RuleFault[] {
  const lint = new Linter();
  const rules = lint.object('rules', found);
  if (rules === undefined) return lint.faults;
  lint.known('rules', rules, KEYS);
  if (rules['version'] !== RULES_VERSION)
    lint.fault('version', rules['version'], `this release reads version ${RULES_VERSION}: infer the rules anew`);
  lint.bound('referenceRows', rules['referenceRows'], 0);
  const names = new Set<string>();
  const outputs = new Set<string>();
  lint.list('numeric', rules['numeric'], (at, each) => numericFaults(lint, at, each, names));
  lint.list('outputs', rules['outputs'], (at, each) => {
    numericFaults(lint, at, each, names);
    if (typeof each['name'] === 'string') outputs.add(each['name']);
  });
  lint.list('categorical', rules['categorical'], (at, each) => categoricalFaults(lint, at, each, names));
  lint.list('probabilities', rules['probabilities'], (at, each) => probabilityFaults(lint, at, each, outputs));
  if (rules['versions'] !== null) lint.texts('versions', rules['versions']);
  for (const key of ['maxLatenessMs', 'maxAheadMs']) if (rules[key] !== null) lint.bound(key, rules[key], 0);
  return lint.faults;
}

function numericFaults(lint: Linter, at: string, rule: Json, names: Set<string>): void {
  lint.known(at, rule, ['name', 'presence', 'integer', 'min', 'minReason', 'max', 'maxReason', 'allowInfinite']);
  lint.name(at, rule, names);
  presenceFaults(lint, at, rule);
  lint.flag(`${at}.integer`, rule['integer']);
  lint.flag(`${at}.allowInfinite`, rule['allowInfinite']);
  for (const key of ['min', 'max']) if (rule[key] !== null) lint.bound(`${at}.${key}`, rule[key], -Infinity);
  for (const key of ['minReason', 'maxReason'])
    if (!REASONS.includes(rule[key] as string))
      lint.fault(`${at}.${key}`, rule[key], `it must be one of ${REASONS.join(', ')}; use "user" for a bound of yours`);
  orderFaults(lint, at, rule, 'min', 'max');
}

function categoricalFaults(lint: Linter, at: string, rule: Json, names: Set<string>): void {
  lint.known(at, rule, ['name', 'presence', 'values', 'minLength', 'maxLength', 'pattern']);
  lint.name(at, rule, names);
  presenceFaults(lint, at, rule);
  if (rule['values'] !== null) lint.texts(`${at}.values`, rule['values']);
  for (const key of ['minLength', 'maxLength']) if (rule[key] !== null) lint.bound(`${at}.${key}`, rule[key], 0);
  orderFaults(lint, at, rule, 'minLength', 'maxLength');
  const pattern = rule['pattern'];
  if (pattern !== null && (typeof pattern !== 'string' || patternNamed(pattern) === undefined))
    lint.fault(`${at}.pattern`, pattern, `it must be null or one of ${PATTERNS.map(([name]) => name).join(', ')}`);
}

function presenceFaults(lint: Linter, at: string, rule: Json): void {
  const presence = lint.object(`${at}.presence`, rule['presence']);
  if (presence === undefined) return;
  lint.known(`${at}.presence`, presence, ['observed', 'atLeast', 'required']);
  for (const key of ['observed', 'atLeast']) {
    const share = presence[key];
    if (typeof share !== 'number' || !(share >= 0 && share <= 1))
      lint.fault(`${at}.presence.${key}`, share, 'it must be a share from 0 to 1');
  }
  lint.flag(`${at}.presence.required`, presence['required']);
}

function probabilityFaults(lint: Linter, at: string, rule: Json, outputs: ReadonlySet<string>): void {
  lint.known(at, rule, ['outputs', 'tolerance', 'label']);
  lint.texts(`${at}.outputs`, rule['outputs']);
  lint.bound(`${at}.tolerance`, rule['tolerance'], 0);
  const named = Array.isArray(rule['outputs']) ? (rule['outputs'] as unknown[]) : [];
  for (const name of rule['label'] === null ? named : [...named, rule['label']])
    if (typeof name !== 'string' || !outputs.has(name))
      lint.fault(at, name, `it must name one of the outputs: ${[...outputs].join(', ') || 'there are none'}`);
}

function orderFaults(lint: Linter, at: string, rule: Json, low: string, high: string): void {
  const [from, to] = [rule[low], rule[high]];
  if (typeof from === 'number' && typeof to === 'number' && from > to)
    lint.fault(`${at}.${low}`, from, `it must not be above ${high}, ${to}: exchange the two or set one to null`);
}

/** Gathers faults; a check that passes leaves none. */
class Linter {
  readonly faults: RuleFault[] = [];

  fault(field: string, value: unknown, rule: string): void {
    this.faults.push({ field, value, rule });
  }

  object(field: string, value: unknown): Json | undefined {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json;
    this.fault(field, value, 'it must be an object');
    return undefined;
  }

  /** A key that no rule knows is a typing error that would otherwise go unnoticed. */
  known(at: string, value: Json, keys: readonly string[]): void {
    for (const key of Object.keys(value))
      if (!keys.includes(key)) this.fault(`${at}.${key}`, value[key], `no such key; known are ${keys.join(', ')}`);
  }

  list(field: string, value: unknown, each: (at: string, element: Json) => void): void {
    if (!Array.isArray(value)) return this.fault(field, value, 'it must be an array; use [] for none');
    for (const [i, element] of (value as unknown[]).entries()) {
      const found = this.object(`${field}[${i}]`, element);
      if (found !== undefined) each(`${field}[${i}]`, found);
    }
  }

  name(at: string, rule: Json, names: Set<string>): void {
    const name = rule['name'];
    if (typeof name !== 'string' || name === '') this.fault(`${at}.name`, name, 'it must be the name of a column');
    else if (names.has(name)) this.fault(`${at}.name`, name, 'it stands twice; a column has one rule');
    else names.add(name);
  }

  bound(field: string, value: unknown, low: number): void {
    if (typeof value !== 'number' || !Number.isFinite(value) || value < low)
      this.fault(
        field,
        value,
        low === -Infinity
          ? 'it must be a finite number, or null for none'
          : `it must be a finite number of at least ${low}`,
      );
  }

  flag(field: string, value: unknown): void {
    if (typeof value !== 'boolean') this.fault(field, value, 'it must be true or false');
  }

  texts(field: string, value: unknown): void {
    if (!Array.isArray(value) || value.length === 0 || value.some((each) => typeof each !== 'string'))
      this.fault(field, value, 'it must be a list of at least one string, or null for any');
    else if (new Set(value).size !== value.length) this.fault(field, value, 'an entry stands twice; keep one');
  }
}
