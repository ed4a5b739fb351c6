/** Whether the content of a reference is what the event says it is. */
import type { ReferenceSet } from '@weir/events/generated/events';
import { categoricalReferenceHash, referenceHash } from '@weir/events/reference-hash';
import type { Rejection } from './outcome.ts';

/** Bounds memory: 8 MiB of values, which is what a record may hold. */
export const MAX_DISTINCT = 1_048_576;
const MAX_COUNT = 0xffff_ffff;

/** HASH_MISMATCH, EMPTY_REFERENCE, TOO_MANY_VALUES, MIXED_REFERENCE, BAD_COUNT, NOT_ASCENDING; undefined when it can be used. O(content). */
export function contentFault(event: ReferenceSet): Rejection | undefined {
  const of = `reference of ${event.column}`;
  return hashFault(event, of) ?? sizeFault(event, of) ?? countFault(event, of) ?? orderFault(event, of);
}

function hashFault({ values, counts, categories, missing, hash }: ReferenceSet, of: string): Rejection | undefined {
  const found =
    categories === null
      ? referenceHash(values, counts, missing)
      : categoricalReferenceHash(categories, counts, missing);
  if (found === hash) return undefined;
  return { code: 'HASH_MISMATCH', message: `${of}: hash is ${hash}, its content gives ${found}; send it unchanged` };
}

function sizeFault({ values, categories }: ReferenceSet, of: string): Rejection | undefined {
  if (categories !== null && values.length > 0)
    return {
      code: 'MIXED_REFERENCE',
      message: `${of} has ${values.length} values and ${categories.length} categories; send values for a numeric column, categories for a categorical one`,
    };
  const distinct = (categories ?? values).length;
  if (distinct === 0)
    return {
      code: 'EMPTY_REFERENCE',
      message: `${of} holds no ${categories === null ? 'finite value' : 'category'}; take it from a period with data`,
    };
  if (distinct > MAX_DISTINCT)
    return {
      code: 'TOO_MANY_VALUES',
      message: `${of} has ${distinct} distinct values, at most ${MAX_DISTINCT} can be held; sample it down or round it to the column's resolution`,
    };
  return undefined;
}

function countFault({ values, counts, categories, missing }: ReferenceSet, of: string): Rejection | undefined {
  const distinct = (categories ?? values).length;
  if (counts.length !== distinct)
    return { code: 'BAD_COUNT', message: `${of}: ${counts.length} counts for ${distinct} values; send one for each` };
  const at = counts.findIndex((count) => !(Number.isInteger(count) && count >= 1 && count <= MAX_COUNT));
  if (at >= 0)
    return {
      code: 'BAD_COUNT',
      message: `${of}: counts[${at}] is ${counts[at]}; it must be a whole number from 1 to ${MAX_COUNT}`,
    };
  if (Number.isInteger(missing) && missing >= 0) return undefined;
  return { code: 'BAD_COUNT', message: `${of}: missing is ${missing}; it must be a whole number of at least 0` };
}

function orderFault({ values, categories }: ReferenceSet, of: string): Rejection | undefined {
  if (categories === null) {
    const at = values.findIndex(
      (value, index) => !(Number.isFinite(value) && (index === 0 || value > (values[index - 1] as number))),
    );
    if (at < 0) return undefined;
    return {
      code: 'NOT_ASCENDING',
      message: `${of}: values[${at}] is ${values[at]}; values must be finite and strictly ascending`,
    };
  }
  let before: Buffer | undefined;
  for (const [at, category] of categories.entries()) {
    const bytes = Buffer.from(category);
    if (before !== undefined && Buffer.compare(before, bytes) >= 0)
      return {
        code: 'NOT_ASCENDING',
        message: `${of}: categories[${at}] is ${JSON.stringify(category)}; categories must be distinct and ascend by their UTF-8 bytes`,
      };
    before = bytes;
  }
  return undefined;
}
