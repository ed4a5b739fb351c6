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
  ['lz4', inflateLz4],
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
  if (!bytes.subarray(0, XERIAL.length).equals(XERIAL)) return inflateBlock(bytes, MAX_INFLATED_BYTES);
  const parts: Buffer[] = [];
  let left = MAX_INFLATED_BYTES;
  for (let at = 16; at < bytes.length; ) {
    const size = bytes.readInt32BE(at);
    const part = inflateBlock(bytes.subarray(at + 4, at + 4 + size), left);
    parts.push(part);
    left -= part.length;
    at += 4 + size;
  }
  return Buffer.concat(parts);
}

/** A block begins with the size that it inflates to, as a varint. The decompressor takes no limit, so it is asked before. */
function inflateBlock(block: Buffer, limit: number): Buffer {
  let size = 0;
  for (let at = 0; at < 5; at += 1) {
    const byte = block.readUInt8(at);
    size += (byte & 0x7f) * 2 ** (7 * at);
    if (byte < 0x80) break;
  }
  mustFit(size, limit);
  return snappyDecompress(block);
}

/**
 * A frame says how large its blocks may be, and each block how long it is: together no less than what comes out.
 *
 *   magic u32 · flags u8 · block size u8 · [content size u64] · [dictionary u32] · checksum u8 · blocks
 *   block = length u32, little-endian, its highest bit set when not compressed, 0 at the end · data · [checksum u32]
 */
function inflateLz4(bytes: Buffer): Buffer {
  const flags = bytes.readUInt8(4);
  const blockBytes = 4 ** ((bytes.readUInt8(5) >> 4) & 7) * 256;
  const has = (bit: number): boolean => (flags & bit) !== 0;
  let most = 0;
  for (let at = 7 + (has(0x08) ? 8 : 0) + (has(0x01) ? 4 : 0); at + 4 <= bytes.length; ) {
    const length = bytes.readUInt32LE(at) & 0x7fffffff;
    if (length === 0) break;
    most += blockBytes;
    mustFit(most, MAX_INFLATED_BYTES + blockBytes);
    at += 4 + length + (has(0x10) ? 4 : 0);
  }
  return lz4Decompress(bytes);
}

function mustFit(size: number, limit: number): void {
  if (size > limit) throw new RangeError(`it would take more than ${MAX_INFLATED_BYTES} bytes`);
}
