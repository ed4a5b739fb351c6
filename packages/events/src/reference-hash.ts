import { createHash } from 'node:crypto';

/** SHA-256, lower-case hex, over the counts of values and missing and all (value, count) pairs as big-endian doubles; -0 counts as +0. */
export function referenceHash(values: readonly number[], counts: readonly number[], missing: number): string {
  const bytes = Buffer.allocUnsafe(16 + values.length * 16);
  bytes.writeDoubleBE(values.length, 0);
  bytes.writeDoubleBE(missing, 8);
  for (const [index, value] of values.entries()) {
    bytes.writeDoubleBE(value + 0, 16 + index * 16);
    bytes.writeDoubleBE(counts[index] as number, 24 + index * 16);
  }
  return createHash('sha256').update(bytes).digest('hex');
}

/** In front of what is hashed. As a double it is no count, so a categorical reference never has the bytes of a numeric one. */
const CATEGORICAL = 'weir/reference/categories/v1\n';

/**
 * Of a categorical reference: SHA-256, lower-case hex, over `weir/reference/categories/v1\n`, the counts of categories and missing as
 * big-endian doubles, and for each category the length of its UTF-8 as a big-endian double, its UTF-8 and its count as a big-endian double.
 */
export function categoricalReferenceHash(
  categories: readonly string[],
  counts: readonly number[],
  missing: number,
): string {
  const hash = createHash('sha256').update(CATEGORICAL).update(doubles(categories.length, missing));
  for (const [index, category] of categories.entries()) {
    const text = Buffer.from(category);
    hash
      .update(doubles(text.length))
      .update(text)
      .update(doubles(counts[index] as number));
  }
  return hash.digest('hex');
}

function doubles(...numbers: readonly number[]): Buffer {
  const bytes = Buffer.allocUnsafe(8 * numbers.length);
  for (const [index, number] of numbers.entries()) bytes.writeDoubleBE(number, 8 * index);
  return bytes;
}
