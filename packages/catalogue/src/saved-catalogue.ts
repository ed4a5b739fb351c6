/**
 * A catalogue as bytes and back: byte 0 is the version of the form, then the length of a JSON head as 4 bytes big-endian, the head, and the
 * arrays of the references one after another, little-endian: counts (32 bits), then values (64 bits).
 */
import type { FeatureSetEntry, ModelCatalogue, ReferenceEntry, VersionEntry } from './model-catalogue.ts';

export const CATALOGUE_VERSION = 1;
const HEAD_AT = 5;

interface Head {
  readonly model: string;
  readonly versions: readonly VersionEntry[];
  readonly featureSets: readonly FeatureSetEntry[];
  /** Without their arrays. */
  readonly references: readonly SavedReference[];
}

type SavedReference = Omit<ReferenceEntry, 'counts' | 'values' | 'categories'> & {
  /** Counts. */
  readonly distinct: number;
  /** Null for numeric references, whose values lie behind their counts. */
  readonly categories: readonly string[] | null;
};

/** The same catalogue gives the same bytes. O(content). */
export function saveCatalogue(catalogue: ModelCatalogue): Uint8Array {
  const { model, versions, featureSets, references } = catalogue;
  const arrays: Buffer[] = [];
  const saved = [...references.values()].map((entry): SavedReference => {
    const { counts, ...rest } = entry;
    arrays.push(bytesOf(counts));
    if (rest.type === 'categorical') return { ...rest, distinct: counts.length };
    const { values, ...head } = rest;
    arrays.push(bytesOf(values));
    return { ...head, distinct: counts.length, categories: null };
  });
  const head: Head = {
    model,
    versions: [...versions.values()],
    featureSets: [...featureSets.values()],
    references: saved,
  };
  const json = Buffer.from(JSON.stringify(head));
  const front = Buffer.alloc(HEAD_AT);
  front[0] = CATALOGUE_VERSION;
  front.writeUInt32BE(json.length, 1);
  return Buffer.concat([front, json, ...arrays]);
}

/** @throws {RangeError} when the bytes are of another version, naming it, or cut short */
export function loadCatalogue(bytes: Uint8Array): ModelCatalogue {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.length < HEAD_AT) throw cutShort(buffer.length);
  if (buffer[0] !== CATALOGUE_VERSION)
    throw new RangeError(
      `the saved catalogue has version ${buffer[0]}, this build reads version ${CATALOGUE_VERSION}; run the build that wrote it, or a later one`,
    );
  const end = HEAD_AT + buffer.readUInt32BE(1);
  if (end > buffer.length) throw cutShort(buffer.length);
  const head = JSON.parse(buffer.toString('utf8', HEAD_AT, end)) as Head;
  let at = end;
  const take = (length: number): ArrayBuffer => {
    if (at + length > buffer.length) throw cutShort(buffer.length);
    // A copy: the arrays need their own alignment, and must not keep the buffer that they came in.
    const part = new Uint8Array(buffer.subarray(at, at + length));
    at += length;
    return part.buffer;
  };
  const references = head.references.map(({ distinct, categories, ...rest }): ReferenceEntry => {
    const counts = new Uint32Array(take(4 * distinct));
    return categories === null
      ? { ...rest, type: 'numeric', counts, values: new Float64Array(take(8 * distinct)) }
      : { ...rest, type: 'categorical', counts, categories };
  });
  if (at !== buffer.length)
    throw new RangeError(
      `${buffer.length - at} bytes follow the saved catalogue; it was not written by Weir, or is damaged`,
    );
  return {
    model: head.model,
    versions: new Map(head.versions.map((entry) => [entry.version, entry])),
    featureSets: new Map(head.featureSets.map((entry) => [entry.id, entry])),
    references: new Map(references.map((entry) => [entry.column, entry])),
  };
}

function bytesOf(array: Uint32Array | Float64Array): Buffer {
  return Buffer.from(array.buffer, array.byteOffset, array.byteLength);
}

function cutShort(length: number): RangeError {
  return new RangeError(`the saved catalogue is cut short at ${length} bytes; restore another checkpoint`);
}
