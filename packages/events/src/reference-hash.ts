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
