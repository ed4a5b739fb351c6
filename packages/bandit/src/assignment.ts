/**
 * Which arm serves a unit: a hash puts the unit into one of 10^6 buckets, ranges give each bucket to an arm.
 *
 *   bucket = floor(uint32be(SHA-256(salt + "|" + unit)) · 10^6 / 2^32)
 *
 * The product is below 2^52, so doubles, and the integers of any other language, give the same bucket: test/golden holds vectors with a Python
 * and a Go program that check them.
 */
import { BanditError } from './errors.ts';
import { WHOLE } from './weights.ts';

/** SHA-256 (FIPS 180-4): 32 bytes for any bytes. Injected, so that the package runs where there is no `node:crypto`. */
export type Sha256 = (bytes: Uint8Array) => Uint8Array;

/** Buckets from `start` to before `end` belong to the arm. */
export interface BucketRange {
  readonly arm: string;
  readonly start: number;
  readonly end: number;
}

const encoder = new TextEncoder();

/**
 * @param salt of the test; without "|", so that no two pairs of salt and unit hash the same text
 * @param unit whom the treatment must stay with, e.g. an account id; hashed as UTF-8
 * @returns whole number in [0, 10^6)
 * @throws {BanditError} BAD_SETTING, BAD_OBSERVATION
 */
export function bucketOf(salt: string, unit: string, sha256: Sha256): number {
  if (salt === '' || salt.includes('|'))
    throw new BanditError('BAD_SETTING', `salt is "${salt}"; it must not be empty nor contain "|"; take the test id`);
  if (unit === '' || !unit.isWellFormed())
    throw new BanditError('BAD_OBSERVATION', `unit is "${unit}"; it must be well-formed text, not empty; send its id`);
  const digest = sha256(encoder.encode(`${salt}|${unit}`));
  const word = new DataView(digest.buffer, digest.byteOffset).getUint32(0);
  return Math.floor((word * WHOLE) / 4_294_967_296);
}

/** @param ranges as of `rangesFor`, ascending without gaps. O(log ranges). */
export function armOf(ranges: readonly BucketRange[], bucket: number): string {
  let low = 0;
  let high = ranges.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ranges[middle] as BucketRange).end <= bucket) low = middle + 1;
    else high = middle;
  }
  const range = ranges[low];
  if (range === undefined || !(bucket >= range.start && bucket < range.end))
    throw new BanditError('BAD_OBSERVATION', `bucket is ${bucket}; the ranges do not hold it; take it from bucketOf`);
  return range.arm;
}

/** Buckets that change their arm between two splits. O(ranges). */
export function bucketsMoved(before: readonly BucketRange[], after: readonly BucketRange[]): number {
  let moved = 0;
  let index = 0;
  for (const { arm, start, end } of before)
    for (; index < after.length; index += 1) {
      const other = after[index] as BucketRange;
      const shared = Math.min(end, other.end) - Math.max(start, other.start);
      if (shared > 0 && arm !== other.arm) moved += shared;
      if (other.end > end) break;
    }
  return moved;
}
