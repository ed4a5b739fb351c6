import { expect, test } from 'vitest';
import { CODES, type ViolationCode } from '../../src/quality/codes.ts';
import type { QualityEvent } from '../../src/quality/event.ts';
import { inferRules } from '../../src/quality/infer.ts';
import { jsonSchemaOf } from '../../src/quality/json-schema.ts';
import { profileOf } from '../../src/quality/profile.ts';
import { RecentIds } from '../../src/quality/recent-ids.ts';
import { RuleTable } from '../../src/quality/rule-table.ts';
import type { Rules } from '../../src/quality/rules.ts';
import { sentenceOf, violationsOf } from '../../src/quality/violations.ts';
import { wilsonLower } from '../../src/quality/wilson.ts';
import { COLUMNS, cleanEvents } from './world.ts';

const inferred = inferRules(profileOf(COLUMNS, cleanEvents(1, 10_000)));
const rules: Rules = {
  ...inferred,
  probabilities: [{ outputs: ['no', 'yes'], tolerance: 1e-6, label: 'label' }],
  maxLatenessMs: 60_000,
  maxAheadMs: 1_000,
};
const table = new RuleTable(rules, new RecentIds(1_000));
table.check({ numeric: [], categorical: [], id: 'twice' });
const NOW = 1_010_000;

test("Wilson's bound has the values of the formula worked by hand", () => {
  expect(wilsonLower(10, 10, 1.96)).toBeCloseTo(10 / (10 + 1.96 ** 2), 12);
  expect(wilsonLower(50, 0)).toBe(0);
  expect(wilsonLower(100, 80, 1.96)).toBeCloseTo(0.7112, 4);
});

test('each law has the rule that it calls for, with its bound and the reason of the bound', () => {
  const numeric = Object.fromEntries(rules.numeric.map((rule) => [rule.name, rule]));
  expect(numeric['normal']).toMatchObject({ integer: false, minReason: 'tail', maxReason: 'tail' });
  expect(numeric['lognormal']).toMatchObject({ min: 0, minReason: 'non-negative', maxReason: 'tail' });
  expect(numeric['count']).toMatchObject({ integer: true, min: 0 });
  expect(numeric['share']).toMatchObject({ min: 0, max: 1, maxReason: 'unit-interval' });
  expect(numeric['constant']).toMatchObject({ min: 7, max: 7, maxReason: 'constant' });
  expect(numeric['loss']).toMatchObject({ max: 0, maxReason: 'non-positive' });
  expect(numeric['sometimes']?.presence).toMatchObject({ required: false });
  expect(numeric['sometimes']?.presence.atLeast).toBeLessThan(numeric['sometimes']?.presence.observed as number);
  const categorical = Object.fromEntries(rules.categorical.map((rule) => [rule.name, rule]));
  expect(categorical['carrier']?.values).toHaveLength(6);
  expect(categorical['device']).toMatchObject({ values: null, minLength: 8, maxLength: 8, pattern: 'hex' });
  expect(categorical['date']).toMatchObject({ pattern: 'date' });
  expect(rules.versions).toEqual(['1', '2']);
});

test('of a hundred clean sets of a thousand events at most one event in a thousand breaks a rule', () => {
  let flagged = 0;
  for (let split = 0; split < 100; split += 1)
    for (const event of cleanEvents(100 + split, 1_000)) if (table.check(event, NOW) > 0) flagged += 1;
  expect(flagged / 100_000).toBeLessThan(1e-3);
});

type Fault = readonly [code: ViolationCode, field: string, (event: QualityEvent) => QualityEvent, now?: number];
const number = (field: string, value: unknown): ((event: QualityEvent) => QualityEvent) => {
  const index = COLUMNS.numeric.indexOf(field);
  return (event) => ({ ...event, numeric: Array.from(event.numeric).with(index, value as number) });
};
const text = (field: string, value: unknown): ((event: QualityEvent) => QualityEvent) => {
  const index = COLUMNS.categorical.indexOf(field);
  return (event) => ({ ...event, categorical: Array.from(event.categorical).with(index, value as string) });
};
const FAULTS: readonly Fault[] = [
  ['MISSING', 'normal', number('normal', Number.NaN)],
  ['MISSING', 'carrier', text('carrier', null)],
  ['TYPE', 'normal', number('normal', '50')],
  ['TYPE', 'count', number('count', true)],
  ['TYPE', 'carrier', text('carrier', 3)],
  ['INF', 'exponential', number('exponential', Infinity)],
  ['BELOW_MIN', 'normal', number('normal', -40)],
  ['BELOW_MIN', 'exponential', number('exponential', -1e-9)],
  ['ABOVE_MAX', 'share', number('share', 1.5)],
  ['ABOVE_MAX', 'constant', number('constant', 8)],
  ['NOT_INTEGER', 'count', number('count', 3.5)],
  ['UNSEEN_CATEGORY', 'carrier', text('carrier', 'ZZ')],
  ['BAD_LENGTH', 'device', text('device', 'abc')],
  ['BAD_PATTERN', 'date', text('date', '2026/01/02')],
  ['SCHEMA_MISSING_FIELD', 'maybe', (event) => ({ ...event, categorical: Array.from(event.categorical).slice(0, 3) })],
  ['SCHEMA_MISSING_FIELD', 'cauchy', (event) => ({ ...event, numeric: Array.from(event.numeric).slice(0, 9) })],
  ['SCHEMA_NEW_FIELD', 'event', (event) => ({ ...event, numeric: [...Array.from(event.numeric), 1] })],
  ['PROB_NOT_NORMALISED', 'event', (event) => ({ ...event, outputs: [0.9, 0.9, 0] })],
  ['ARGMAX_MISMATCH', 'event', (event) => ({ ...event, outputs: [0.9, 0.1, 1] })],
  ['MODEL_VERSION_UNKNOWN', 'event', (event) => ({ ...event, version: '3' })],
  ['DUPLICATE_ID', 'event', (event) => ({ ...event, id: 'twice' })],
  ['LATE', 'event', (event) => event, 1_060_001],
  ['FUTURE_TS', 'event', (event) => event, 998_999],
];

test('every code has an injected fault', () => {
  expect(new Set(FAULTS.map(([code]) => code))).toEqual(new Set(Object.keys(CODES)));
});

test.each(FAULTS.map(([code, field, breakIt, now]) => ({ code, field, breakIt, now })))(
  '$code in $field is found in each of 200 events, with field, observed value and bound',
  ({ code, field, breakIt, now }) => {
    for (const event of cleanEvents(7, 200)) {
      const broken = breakIt(event);
      expect(table.check(broken, now ?? NOW)).toBeGreaterThan(0);
      const found = violationsOf(table, broken).find((each) => each.rule === code);
      expect(found?.field).toBe(field);
      expect(found?.bound).not.toContain('undefined');
      expect(found?.observed).not.toBe('undefined');
    }
  },
);

test('all violations of an event are reported, and none is left for the next event', () => {
  const [event] = cleanEvents(3, 1) as [QualityEvent];
  const broken = text('carrier', 'ZZ')(number('count', -0.5)(number('normal', 1e9)(event)));
  expect(table.check(broken, NOW)).toBe(3);
  expect(violationsOf(table, broken).map(({ rule, field }) => `${rule} ${field}`)).toEqual([
    'ABOVE_MAX normal',
    'BELOW_MIN count',
    'NOT_INTEGER count',
    'UNSEEN_CATEGORY carrier',
  ]);
  expect(table.check(event, NOW)).toBe(0);
  expect(violationsOf(table, event)).toEqual([]);
});

test('a violation reads as one sentence with rule, field, observed value, bound and offset', () => {
  const [event] = cleanEvents(3, 1) as [QualityEvent];
  const broken = number('share', 1.5)(event);
  table.check(broken, NOW);
  expect(violationsOf(table, broken).map((each) => sentenceOf(each, '3:17'))).toEqual([
    'ABOVE_MAX: share is 1.5, the rule allows at most 1 (unit-interval) (offset 3:17)',
  ]);
});

test('the JSON Schema says the bounds', () => {
  const schema = jsonSchemaOf(rules) as { properties: { numeric: { prefixItems: unknown[]; minItems: number } } };
  expect(schema.properties.numeric.minItems).toBe(10);
  expect(schema.properties.numeric.prefixItems[4]).toEqual({ title: 'share', type: 'number', minimum: 0, maximum: 1 });
  expect(schema.properties.numeric.prefixItems[6]).toMatchObject({ title: 'sometimes', type: ['number', 'null'] });
});

test('a reference without events, or with arrays of another length, is refused', () => {
  expect(() => profileOf(COLUMNS, [])).toThrow('the reference has no event');
  expect(() => profileOf(COLUMNS, [{ numeric: [1], categorical: [] }])).toThrow(
    'numeric of a reference event has 1 values',
  );
});
