/** The hashes against their definition, spelt out in bytes. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { categoricalReferenceHash, referenceHash } from '../src/reference-hash.ts';

const double = (value: number): number[] => {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return [...new Uint8Array(view.buffer)];
};
const sha256 = (bytes: readonly number[]): string => createHash('sha256').update(Uint8Array.from(bytes)).digest('hex');
const utf8 = (text: string): number[] => [...new TextEncoder().encode(text)];

test('a numeric reference: counts of values and missing, then each value and its count', () => {
  const bytes = [2, 4, 0, 1, 2.5, 3].flatMap(double);
  expect(referenceHash([-0, 2.5], [1, 3], 4)).toBe(sha256(bytes));
});

test('a categorical reference: its name, counts, then each category with its length and count', () => {
  const bytes = [
    ...utf8('weir/reference/categories/v1\n'),
    ...[2, 4].flatMap(double),
    ...double(0),
    ...double(7),
    ...double(2),
    ...utf8('ü'),
    ...double(3),
  ];
  expect(categoricalReferenceHash(['', 'ü'], [7, 3], 4)).toBe(sha256(bytes));
});

const content = fc.record({
  categories: fc.uniqueArray(fc.string({ maxLength: 4 }), { maxLength: 4 }),
  missing: fc.nat(3),
});

test('another content gives another hash', () => {
  const hashOf = ({ categories, missing }: { categories: string[]; missing: number }): string =>
    categoricalReferenceHash(
      categories,
      categories.map((_, index) => index + 1),
      missing,
    );
  fc.assert(
    fc.property(content, content, (a, b) => {
      expect(hashOf(a) === hashOf(b)).toBe(JSON.stringify(a) === JSON.stringify(b));
    }),
  );
});

test('no categorical reference has the hash of a numeric one', () => {
  expect(categoricalReferenceHash([], [], 0)).not.toBe(referenceHash([], [], 0));
});
