import { expect, test } from 'vitest';
import { inferRules } from '../../src/quality/infer.ts';
import { lintRules, parseRules } from '../../src/quality/lint.ts';
import { profileOf } from '../../src/quality/profile.ts';
import { COLUMNS, cleanEvents } from './world.ts';

const rules = inferRules(profileOf(COLUMNS, cleanEvents(1, 1_000)));
const text = JSON.stringify(rules);

test('inferred rules pass through JSON unchanged', () => {
  expect(parseRules(text)).toEqual(rules);
});

type Edit = (draft: Record<string, Record<string, unknown>[]> & Record<string, unknown>) => void;
const first = (draft: Record<string, Record<string, unknown>[]>, list: string): Record<string, unknown> =>
  draft[list]?.[0] as Record<string, unknown>;
const EDITS: readonly (readonly [string, Edit, string])[] = [
  ['another version', (draft) => Object.assign(draft, { version: 9 }), 'version is 9; this release reads version 1'],
  [
    'bounds the wrong way round',
    (draft) => Object.assign(first(draft, 'numeric'), { min: 5, max: 3 }),
    'numeric[0].min is 5; it must not be above max, 3',
  ],
  [
    'a bound as text',
    (draft) => Object.assign(first(draft, 'numeric'), { max: '3' }),
    'numeric[0].max is "3"; it must be a finite number',
  ],
  [
    'a misspelt key',
    (draft) => Object.assign(first(draft, 'numeric'), { maximum: 3 }),
    'numeric[0].maximum is 3; no such key',
  ],
  [
    'an unknown pattern',
    (draft) => Object.assign(first(draft, 'categorical'), { pattern: 'zip' }),
    'categorical[0].pattern is "zip"; it must be null or one of boolean',
  ],
  [
    'a value twice',
    (draft) => Object.assign(first(draft, 'categorical'), { values: ['a', 'a'] }),
    'categorical[0].values is ["a","a"]; an entry stands twice',
  ],
  [
    'a column twice',
    (draft) => Object.assign(first(draft, 'categorical'), { name: 'normal' }),
    'categorical[0].name is "normal"; it stands twice',
  ],
  ['no list', (draft) => Object.assign(draft, { numeric: {} }), 'numeric is {}; it must be an array'],
  [
    'a missing key',
    (draft) => delete first(draft, 'numeric')['integer'],
    'numeric[0].integer is absent; it must be true or false',
  ],
  [
    'a share of two',
    (draft) => Object.assign(first(draft, 'numeric'), { presence: { observed: 2, atLeast: 1, required: true } }),
    'numeric[0].presence.observed is 2; it must be a share',
  ],
  [
    'an output that is none',
    (draft) => Object.assign(draft, { probabilities: [{ outputs: ['maybe'], tolerance: 0, label: null }] }),
    'probabilities[0] is "maybe"; it must name one of the outputs: no, yes, label',
  ],
];

test.each(EDITS)('%s is refused with field, value and rule', (_name, edit, message) => {
  const draft = JSON.parse(text);
  edit(draft);
  expect(() => parseRules(JSON.stringify(draft))).toThrow(message);
});

test('all faults are named at once', () => {
  const draft = JSON.parse(text);
  draft.numeric[0].min = 'low';
  draft.versions = [];
  expect(lintRules(draft).map(({ field }) => field)).toEqual(['numeric[0].min', 'versions']);
  expect(() => parseRules('{')).toThrow('rules are not JSON');
  expect(lintRules(null)).toEqual([{ field: 'rules', value: null, rule: 'it must be an object' }]);
});
