import fc from 'fast-check';
import { expect, test } from 'vitest';
import { utf8 } from '../src/bytes.ts';
import { canonicalize, checkCanonical, JcsError, type Json, parseCanonical } from '../src/jcs.ts';

const ruleOf = (run: () => unknown): string | undefined => {
  try {
    run();
  } catch (error) {
    if (error instanceof JcsError) return error.rule;
    throw error;
  }
  return undefined;
};

test.each([
  ['{"a":9007199254740992}', 'number'],
  ['{"a":-9007199254740993}', 'number'],
  ['{"a":-0}', 'number'],
  ['{"a":01}', 'number'],
  ['{"a":1.0}', 'number'],
  ['{"a":1e3}', 'number'],
  ['{"a":-}', 'number'],
  ['{"a":NaN}', 'number'],
  ['{"a":Infinity}', 'number'],
  ['{"a":1,"a":1}', 'duplicate-key'],
  ['{"b":1,"a":1}', 'key-order'],
  ['{"é":1}', 'key-not-ascii'],
  ['{"a":"\\ud800"}', 'lone-surrogate'],
  ['{"a":"\\udc00"}', 'lone-surrogate'],
  ['{"a":"\\ud83d\\ude00"}', 'escape'],
  ['{"a":"\\u0041"}', 'escape'],
  ['{"a":"\\u000A"}', 'escape'],
  ['{"a":"\\/"}', 'syntax'],
  ['{"a":"\n"}', 'syntax'],
  ['{"a":"', 'syntax'],
  ['{"a":1} ', 'whitespace'],
  ['{"a": 1}', 'whitespace'],
  ['{ "a":1}', 'whitespace'],
  ['{"a":1}{}', 'trailing-bytes'],
  ['{"a":1,}', 'syntax'],
  ['[1,]', 'syntax'],
  ['\ufeff{}', 'syntax'],
  ['', 'syntax'],
  ['['.repeat(33) + ']'.repeat(33), 'depth'],
])('%j is refused: %s', (text, rule) => {
  expect(ruleOf(() => parseCanonical(utf8(text)))).toBe(rule);
});

test('bytes that are not UTF-8, encoded surrogates among them, are refused by name', () => {
  for (const bytes of [
    [0x22, 0xff, 0x22],
    [0x22, 0xed, 0xa0, 0x80, 0x22],
    [0x22, 0xc0, 0x80, 0x22],
  ])
    expect(ruleOf(() => parseCanonical(Uint8Array.from(bytes)))).toBe('utf-8');
});

test('values without a canonical text are refused by name', () => {
  for (const number of [2 ** 53, -(2 ** 53), -0, Number.NaN, Number.POSITIVE_INFINITY, 0.5])
    expect(ruleOf(() => canonicalize([number]))).toBe('number');
  expect(ruleOf(() => canonicalize('\ud800'))).toBe('lone-surrogate');
  expect(ruleOf(() => canonicalize({ é: 1 }))).toBe('key-not-ascii');
});

// RFC 8785 section 3.2.2 and the test files it names (arrays, structures, unicode), as far as they lie in the profile.
test.each<readonly [string, string]>([
  ['[ 56, { "d": true, "10": null, "1": [ ] } ]', '[56,{"1":[],"10":null,"d":true}]'],
  [
    '{ "1": {"f": {"f": "hi","F": 5} ,"\\n": 56}, "10": { }, "": "empty", "a": { }, "111": [ {"e": "yes","E": "no" } ], "A": { } }',
    '{"":"empty","1":{"\\n":56,"f":{"F":5,"f":"hi"}},"10":{},"111":[{"E":"no","e":"yes"}],"A":{},"a":{}}',
  ],
  ['{ "Unnormalized Unicode":"A\u030a" }', '{"Unnormalized Unicode":"A\u030a"}'],
  [
    '{ "string": "\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/", "literals": [null, true, false] }',
    '{"literals":[null,true,false],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
  ],
])('%s has the canonical form of RFC 8785', (source, canonical) => {
  expect(canonicalize(JSON.parse(source) as Json)).toBe(canonical);
  expect(parseCanonical(utf8(canonical))).toEqual(JSON.parse(source));
});

const ascii = fc.string({ unit: 'binary-ascii', maxLength: 6 });
const value = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 5 },
    fc.constantFrom(null, true, false),
    fc.maxSafeInteger(),
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.array(tie('json'), { maxLength: 4 }),
    fc.dictionary(ascii, tie('json'), { maxKeys: 5 }),
  ),
})).json;

test('every value of the profile has one text, and it is read back', () => {
  fc.assert(
    fc.property(value, (json) => {
      const text = canonicalize(json);
      expect(parseCanonical(utf8(text))).toEqual(JSON.parse(text));
    }),
    { seed: 8785, numRuns: 2_000 },
  );
});

test('a text is accepted if and only if it is the canonical text of what it says', () => {
  const letters = '{}[]:,"\\ 0123456789.eE-abu\n\ud83d\u00e9'.split('');
  fc.assert(
    fc.property(value, fc.nat(), fc.constantFrom(...letters), fc.constantFrom(0, 1), (json, at, letter, removed) => {
      const text = canonicalize(json);
      const place = at % (text.length + 1);
      const changed = text.slice(0, place) + letter + text.slice(place + removed);
      let isCanonical: boolean;
      try {
        isCanonical = canonicalize(JSON.parse(changed) as Json) === changed;
      } catch {
        isCanonical = false;
      }
      expect({ changed, isAccepted: ruleOf(() => checkCanonical(changed)) === undefined }).toEqual({
        changed,
        isAccepted: isCanonical,
      });
    }),
    { seed: 8785, numRuns: 20_000 },
  );
});
