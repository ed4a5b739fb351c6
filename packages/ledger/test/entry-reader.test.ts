/** The scan that the schema leads answers as the general one does, or not at all. */
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { expect, test } from 'vitest';
import { decodeUtf8, utf8 } from '../src/bytes.ts';
import type { Entry } from '../src/entry.ts';
import { readPlainEntry } from '../src/entry-reader.ts';
import { checkEntry } from '../src/entry-schema.ts';
import { parseCanonical } from '../src/jcs.ts';
import { Author, type Change, digest } from './author.ts';
import { OLD_KEY, ORIGIN } from './scene.ts';

const sig = `${'A'.repeat(86)}==`;
const CHANGES: readonly Change[] = [
  {},
  {
    decision: {
      weights: { a: 0, b: 1_000_000 },
      evidence: { eValue: '1e300', n: -5 },
      from: 'a',
      to: 'b',
      reasons: [],
    },
  },
  { actor: { principal: 'ada', role: 'risk' }, approval: { of: digest('x'), keyId: 'k+12345678', sig } },
  {
    refs: { digest: 'sha256:1', traceparent: '00-1' },
    decision: { testId: 'test-1', reasons: ['a', 'b'], evidence: {} },
  },
  { time: -1, decision: { reasons: ['over → the line'] } },
  { decision: { evidence: { quote: 'a "word"' } } },
];

const written = CHANGES.map((change) => new Author(ORIGIN, OLD_KEY).write('m', 'weights-set', change));

function generally(bytes: Uint8Array): Entry | undefined {
  try {
    return checkEntry(parseCanonical(bytes));
  } catch {
    return undefined;
  }
}

/** As JSON, so that the order of keys counts; undefined when the reader does not answer. */
const shown = (entry: Entry | undefined): string | undefined =>
  entry === undefined ? undefined : JSON.stringify(entry);

test('plain entries are read as the general scan reads them, keys in the same order; others are left to it', () => {
  const general = written.map((bytes) => shown(generally(bytes)));
  expect(written.map((bytes) => shown(readPlainEntry(bytes)))).toEqual([...general.slice(0, 4), undefined, undefined]);
});

test('of bytes with a change anywhere it says what the general scan says, or nothing', () => {
  const random = xoroshiro128plus(5);
  const pick = (most: number): number => uniformInt(random, 0, most);
  const PIECES = ['"', ',', '}', '{', ':', '0', '-', '9', 'a', '\\', ' ', '"v":1', ',"to":"x"', '"__proto__":1,', 'é'];
  const others: string[] = [];
  let answered = 0;
  for (let round = 0; round < 60_000; round += 1) {
    const text = decodeUtf8(written[pick(written.length - 1)] as Uint8Array);
    const at = pick(text.length);
    const piece = pick(1) === 0 ? (PIECES[pick(PIECES.length - 1)] as string) : text.slice(pick(text.length), at + 12);
    const changed = utf8(text.slice(0, at) + piece + text.slice(at + pick(Math.min(3, text.length - at))));
    const entry = readPlainEntry(changed);
    if (entry === undefined) continue;
    answered += 1;
    if (shown(entry) !== shown(generally(changed))) others.push(decodeUtf8(changed));
  }
  expect(others).toEqual([]);
  expect(answered).toBeGreaterThan(2_000);
});

test.each([
  ['a second key of a map', '"evidence":{"a":1,"a":2}'],
  ['keys out of order', '"evidence":{"b":1,"a":2}'],
  ['a leading zero', '"evidence":{"a":01}'],
  ['a negative zero', '"evidence":{"a":-0}'],
  ['a fraction', '"evidence":{"a":1.5}'],
  ['a weight above the whole', '"weights":{"a":1000001}'],
])('it does not answer for %s', (_, member) => {
  const [plain = ''] = written.slice(1, 2).map(decodeUtf8);
  const changed = plain.replace(member.startsWith('"w') ? /"weights":\{[^}]*\}/ : /"evidence":\{[^}]*\}/, member);
  expect(changed).not.toBe(plain);
  expect(readPlainEntry(utf8(changed))).toBeUndefined();
  expect(generally(utf8(changed))).toBeUndefined();
});
