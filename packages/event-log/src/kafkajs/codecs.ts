/** Decompression of record batches: any producer may have chosen any codec, and one that we cannot read would stop a consumer for good. */
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { lz4Decompress, snappyDecompress } from '@platformatic/wasm-utils';
import { LogError } from '../errors.ts';

/** Inflated size of one batch that is still believed: a batch of a megabyte must not become gigabytes. */
const MAX_INFLATED_BYTES = 256 * 1_048_576;

/** By the codec number in a batch's attributes. */
const CODECS: readonly (readonly [name: string, inflate: (bytes: Buffer) => Buffer])[] = [
  ['none', (bytes) => bytes],
  ['gzip', (bytes) => gunzipSync(bytes, { maxOutputLength: MAX_INFLATED_BYTES })],
  ['snappy', inflateSnappy],
  ['lz4', (bytes) => lz4Decompress(bytes)],
  ['zstd', (bytes) => zstdDecompressSync(bytes, { maxOutputLength: MAX_INFLATED_BYTES })],
];

/** @throws {LogError} FATAL naming the codec: the batch is damaged, or compressed in a way that Kafka does not define. */
export function inflate(codec: number, bytes: Buffer, where: string): Buffer {
  const known = CODECS[codec];
  if (known === undefined) throw new LogError('FATAL', `${where}: compression codec ${codec} is not one of Kafka's`);
  try {
    return known[1](bytes);
  } catch (error) {
    throw new LogError('FATAL', `${where}: the batch does not inflate as ${known[0]}: ${String(error)}`, {
      cause: error,
    });
  }
}

/** The header that the Java client writes around snappy blocks: magic, version, compatible version. */
const XERIAL = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);

/** Either one raw snappy block, or xerial's frame: a header of 16 bytes, then blocks with their length in front. */
function inflateSnappy(bytes: Buffer): Buffer {
  if (!bytes.subarray(0, XERIAL.length).equals(XERIAL)) return snappyDecompress(bytes);
  const parts: Buffer[] = [];
  for (let at = 16; at < bytes.length; ) {
    const size = bytes.readInt32BE(at);
    parts.push(snappyDecompress(bytes.subarray(at + 4, at + 4 + size)));
    at += 4 + size;
  }
  return Buffer.concat(parts);
}
