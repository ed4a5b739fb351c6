/** Parquet's codecs: those that Node has, and LZ4; Snappy comes with the reader itself. */
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import type { Compressors } from 'hyparquet';
import { lz4Block, lz4Frames } from './lz4.ts';

type Inflate = (page: Uint8Array, length: number) => Uint8Array;

/** A page of nothing but missing values may have no bytes, which Node's functions refuse. */
const orEmpty =
  (inflate: Inflate): Inflate =>
  (page, length) =>
    length === 0 ? new Uint8Array(0) : inflate(page, length);

/** A page says how long it is when decompressed; more than that is refused, so that a small file cannot fill the memory. */
export const COMPRESSORS: Compressors = {
  ZSTD: orEmpty((page, length) => zstdDecompressSync(page, { maxOutputLength: length })),
  GZIP: orEmpty((page, length) => gunzipSync(page, { maxOutputLength: length })),
  BROTLI: orEmpty((page, length) => brotliDecompressSync(page, { maxOutputLength: length })),
  LZ4: lz4Frames,
  LZ4_RAW: lz4Block,
};
